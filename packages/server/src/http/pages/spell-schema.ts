import type { JsonSchema } from '../openapi/json-schema.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { inline } from './prose.ts';

/** A schema as people write types, with links to those that have a name; for a `pre`. */
export function spellSchema(schema: JsonSchema, depth = 0): Html {
  const { $ref, anyOf, enum: values, properties, items, additionalProperties } = schema;
  if ($ref !== undefined) return linkTo($ref.split('/').at(-1) ?? '');
  if (anyOf !== undefined) return join(anyOf.map((one) => spellSchema(one, depth)));
  if ('const' in schema) return html`${JSON.stringify(schema.const)}`;
  if (values !== undefined) return join(values.map((value) => html`${JSON.stringify(value)}`));
  if (items !== undefined) return spellArray(items, depth);
  if (properties !== undefined) return spellObject(schema, depth);
  if (typeof additionalProperties === 'object')
    return html`{ [name]: ${spellSchema(additionalProperties, depth)} }`;
  const types = [schema.type ?? 'any'].flat();
  return join(types.map((type) => html`${schema.format ?? type}`));
}

const linkTo = (name: string): Html => html`<a href="#schema-${name}">${name}</a>`;

const join = (parts: readonly Html[]): Html => ({
  html: parts.map((part) => part.html).join(' | '),
});

function spellArray(items: JsonSchema, depth: number): Html {
  const one = spellSchema(items, depth);
  return items.anyOf === undefined && items.enum === undefined ? html`${one}[]` : html`(${one})[]`;
}

function spellObject({ properties = {}, required = [] }: JsonSchema, depth: number): Html {
  const indent = '  '.repeat(depth);
  const lines = Object.entries(properties).map(([name, schema]) => {
    const field = `${indent}  ${name}${required.includes(name) ? '' : '?'}`;
    return html`${field}: ${spellSchema(schema, depth + 1)}${note(schema)}`.html;
  });
  return lines.length === 0 ? html`{}` : { html: ['{', ...lines, `${indent}}`].join('\n') };
}

/** What a type does not say, as a comment. */
function note(schema: JsonSchema): Html {
  const rules = rulesOf(schema);
  return rules === '' ? html`` : html` <i>// ${inline(rules)}</i>`;
}

/** The limits of a value, and what is said of it. */
export function rulesOf({ description, ...schema }: JsonSchema): string {
  const { minimum, maximum, minLength, maxLength } = schema;
  const rules = [
    description,
    minimum !== undefined && `at least ${minimum}`,
    maximum !== undefined && `at most ${maximum}`,
    minLength !== undefined && `at least ${minLength} characters`,
    maxLength !== undefined && `at most ${maxLength} characters`,
    schema.default !== undefined && `${JSON.stringify(schema.default)} by default`,
  ];
  return rules.filter((rule) => typeof rule === 'string').join('; ');
}
