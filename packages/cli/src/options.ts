import { InvalidArgumentError, Option } from 'commander';

export type Format = { format: 'human' | 'json' };

/** Tables for people, JSON for programs. */
export const formatOption = (description = 'human or json'): Option =>
  new Option('--format <format>', description).choices(['human', 'json']).default('human');

/** A number that counts something. */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** A number that names something, counted from 0. */
export function parseNumber(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('It must be a number, such as 0.');
  return Number(text);
}
