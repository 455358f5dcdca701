import { resolve } from 'node:path';
import { z } from 'zod';

/** What can be set: its check and default, what an option of it takes, and the sentence of the documentation. */
export type Setting = {
  check: z.ZodType;
  takes: `<${string}>` | '[boolean]';
  means: string;
  /** What the option was called before; it goes on working. */
  formerOption?: `--${string}`;
  /** A variable that others set, where nobody set ours. */
  otherVariable?: string;
};

export type Settings = Readonly<Record<string, Setting>>;

/** What is made of settings once they are checked. */
export type ValuesOf<Table extends Settings> = {
  readonly [Name in keyof Table]: z.output<Table[Name]['check']>;
};

export const text = z.string().min(1, 'must not be empty');
export const path = text.transform((given) => resolve(given));

export const flag = z
  .union([z.boolean(), z.stringbool()], { error: 'must be true or false' })
  .default(false);

/** One of these words. */
export function oneOf<const Names extends readonly [string, ...string[]]>(names: Names) {
  const error = `must be ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
  return z.enum(names, { error });
}

/** A number in digits or as itself; an empty word, a flag or a list is none. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER) {
  const range =
    most === Number.MAX_SAFE_INTEGER ? `, ${least} or more` : ` from ${least} to ${most}`;
  const error = `must be a whole number${range}`;
  return z
    .union([z.number(), z.string().trim().regex(/^\d+$/).transform(Number)], { error })
    .pipe(z.number().int(error).min(least, error).max(most, error));
}
