import type { Endpoint } from '@grid/api';
import { z } from 'zod';

export { endpoints, streams } from '../http/openapi/described.ts';
export type { DescribedEndpoint as Described } from '../http/openapi/described.ts';

/** The names of the parameters in the path. */
export const parametersOf = ({ path }: Pick<Endpoint, 'path'>): string[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);

/** The address with its parameters, and the query where there is any. */
export function addressOf(
  { path }: Pick<Endpoint, 'path'>,
  params: Readonly<Record<string, string>>,
  query: object = {},
): string {
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  );
  const pairs = Object.entries(query).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  return pairs.length === 0 ? filled : `${filled}?${new URLSearchParams(pairs).toString()}`;
}

type Shape = {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  format?: string;
  minimum?: number;
  minLength?: number;
  properties?: Record<string, Shape>;
  required?: string[];
  additionalProperties?: Shape | boolean;
  items?: Shape;
  anyOf?: Shape[];
};

const shapeOf = (schema: z.ZodType): Shape =>
  z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }) as Shape;

/** The smallest value that the schema takes. */
export const sampleOf = (schema: z.ZodType): unknown => sample(shapeOf(schema));

function sample(shape: Shape): unknown {
  if (shape.anyOf?.[0] !== undefined) return sample(shape.anyOf[0]);
  if (shape.const !== undefined) return shape.const;
  if (shape.enum !== undefined) return shape.enum[0];
  switch (shape.type) {
    case 'string':
      return shape.format === 'date-time' ? '2000-01-01T00:00:00Z' : 'sample';
    case 'number':
    case 'integer':
      return shape.minimum ?? 1;
    case 'boolean':
      return true;
    case 'array':
      return [];
    case 'object': {
      const { properties = {}, required = [] } = shape;
      return Object.fromEntries(required.map((name) => [name, sample(properties[name] ?? {})]));
    }
    default:
      return undefined;
  }
}

/** Samples of the schema in each of which one field is `value`, whatever type it should have. */
export const samplesWith = (schema: z.ZodType, value: unknown): unknown[] => [
  ...variants(shapeOf(schema), value),
];

function* variants(shape: Shape, value: unknown): Generator {
  for (const one of shape.anyOf ?? []) yield* variants(one, value);
  if (shape.type === 'object') yield* objectsWith(shape, value);
  else if (shape.type === 'array')
    for (const one of variants(shape.items ?? {}, value)) yield [one];
  else if (shape.type !== undefined) yield value;
}

function* objectsWith(shape: Shape, value: unknown): Generator {
  const whole = sample(shape) as object;
  for (const [name, property] of Object.entries(shape.properties ?? {}))
    for (const one of variants(property, value)) yield { ...whole, [name]: one };
  if (typeof shape.additionalProperties !== 'object') return;
  yield { ...whole, [String(value)]: sample(shape.additionalProperties) };
  for (const one of variants(shape.additionalProperties, value)) yield { ...whole, SAMPLE: one };
}
