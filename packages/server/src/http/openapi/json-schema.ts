import { z } from 'zod';
import { named } from './described.ts';

/** As far as Zod makes use of it. */
export type JsonSchema = {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  format?: string;
  pattern?: string;
  description?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  propertyNames?: JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
};

type Conversion = {
  /** What clients send, or what they are answered. */
  io: 'input' | 'output';
  /** Where named schemas are put that others refer to; without it everything is written out. */
  components?: Map<string, JsonSchema>;
};

const NONE = z.registry<{ id: string }>();

/** A schema as OpenAPI 3.1 has it; what it refers to is among the components. */
export function toJsonSchema(schema: z.ZodType, { io, components }: Conversion): JsonSchema {
  const converted = z.toJSONSchema(schema, {
    io,
    metadata: components === undefined ? NONE : named,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const description = z.globalRegistry.get(zodSchema)?.description;
      if (description !== undefined) jsonSchema.description = description;
      if (zodSchema._zod.def.type === 'date')
        Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
      leaveOut(jsonSchema as JsonSchema);
    },
  });
  const text = JSON.stringify(converted).replaceAll('"#/$defs/', '"#/components/schemas/');
  const {
    $schema: _,
    $defs = {},
    ...own
  } = JSON.parse(text) as JsonSchema & {
    $schema: string;
    $defs?: Record<string, JsonSchema>;
  };
  for (const [name, one] of Object.entries($defs)) components?.set(name, one);
  return own;
}

/** What says nothing to whoever reads it; an answer may get more fields than are known today. */
function leaveOut(schema: JsonSchema): void {
  if (schema.additionalProperties === false) delete schema.additionalProperties;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.format !== undefined) delete schema.pattern;
  delete schema.propertyNames;
}
