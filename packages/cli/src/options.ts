import { Failure } from './fail.ts';
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

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90s`, `30m`, `12h`, `2d`, as seconds. */
export function parseSeconds(text: string): number {
  const [, count, unit = 's'] = /^(\d{1,8})([smhd])?$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 1);
  if (count === undefined || seconds === 0)
    throw new InvalidArgumentError('It must be a duration, such as 90s, 30m, 12h or 2d.');
  return seconds;
}

const SIZES: Readonly<Record<string, number>> = { m: 1, g: 1024, t: 1024 * 1024 };

/** `512MiB`, `64G`, `1.5TiB`, or MiB without a unit, in MiB. */
export function parseMemory(text: string): number {
  const [, count, unit = 'm'] =
    /^(\d{1,9}(?:\.\d{1,3})?)\s*(?:([mgt])(?:i?b)?)?$/i.exec(text) ?? [];
  const mib = Number(count) * (SIZES[unit.toLowerCase()] ?? 1);
  if (count === undefined || !Number.isInteger(mib))
    throw new InvalidArgumentError('It must be a size, such as 512MiB, 64GiB or 1.5TiB.');
  return mib;
}

/** Euros. */
export function parsePrice(text: string): number {
  if (!/^\d{1,6}(\.\d{1,9})?$/.test(text))
    throw new InvalidArgumentError('It must be a number of euros, such as 3.5.');
  return Number(text);
}

/** `NAME=value`, once more. */
export function collectVariable(
  text: string,
  former: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It must be NAME=value.');
  return { ...former, [name]: value };
}

/** Each value of an option that may be repeated. */
export const collect = (value: string, previous: string[]): string[] => [...previous, value];

/** Variables, as they are given on a command line. */
export const parsePairs = (pairs: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new Failure(`${JSON.stringify(pair)} is not NAME=value.`, 'misused');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
