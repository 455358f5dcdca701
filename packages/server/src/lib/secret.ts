import { inspect } from 'node:util';

/** A value that never shows itself in logs, JSON or inspection; `reveal()` is the only way to it. */
export type Secret = { reveal(): string; toJSON(): string; toString(): string };

export const secret = (value: string): Secret => ({
  reveal: () => value,
  toJSON: () => '***',
  toString: () => '***',
  ...{ [inspect.custom]: () => '***' },
});
