import type { Interpreter } from './interpreters.ts';

type Version = Interpreter['version'];

/** Whether a Python is one of those that somebody wishes for. */
export type Range = (version: Version) => boolean;

/**
 * What `requires-python` and its like mean, as PEP 440, Poetry (`^3.9`, `~3.9`, `||`) and conda (`=3.11`, `3.9|3.10`) say it;
 * undefined where it is none of them.
 */
export function readRange(text: string): Range | undefined {
  const choices = text.split(/\|\|?/).map(readAll);
  return choices.every((choice) => choice !== undefined)
    ? (version) => choices.some((fits) => fits(version))
    : undefined;
}

function readAll(text: string): Range | undefined {
  const clauses = text
    .replaceAll(/([<>=!~^])\s+/g, '$1')
    .split(/[\s,]+/)
    .filter((clause) => clause !== '')
    .map(readClause);
  return clauses.length > 0 && clauses.every((clause) => clause !== undefined)
    ? (version) => clauses.every((fits) => fits(version))
    : undefined;
}

const CLAUSE = /^(===?|=|!=|<=|>=|<|>|~=|~|\^)?v?(\d+(?:\.\d+){0,2})(\.\*|\.x|\*)?$/;

function readClause(clause: string): Range | undefined {
  if (clause === '*') return () => true;
  const [, operator = '', digits, any] = CLAUSE.exec(clause) ?? [];
  if (digits === undefined) return undefined;
  const asked = digits.split('.').map(Number);
  const [major = 0, minor] = asked;
  switch (operator) {
    case '!=':
      return (version) => compare(version, any === undefined ? padded(asked) : asked) !== 0;
    case '<=':
      return (version) => compare(version, padded(asked)) <= 0;
    case '>=':
      return (version) => compare(version, padded(asked)) >= 0;
    case '<':
      return (version) => compare(version, padded(asked)) < 0;
    case '>':
      return (version) => compare(version, padded(asked)) > 0;
    case '^':
      return (version) => version[0] === major && compare(version, padded(asked)) >= 0;
    case '~=':
      return within(asked, asked.slice(0, -1));
    case '~':
      return within(asked, minor === undefined ? [major] : [major, minor]);
    default:
      // one of them that is named to its minor version means any of that
      return (version) => compare(version, asked) === 0;
  }
}

const within =
  (least: readonly number[], fixed: readonly number[]): Range =>
  (version) =>
    compare(version, fixed) === 0 && compare(version, padded(least)) >= 0;

const padded = ([major = 0, minor = 0, patch = 0]: readonly number[]): readonly number[] => [
  major,
  minor,
  patch,
];

/** As far as the second says anything. */
function compare(version: Version, asked: readonly number[]): number {
  for (const [index, digit] of asked.entries()) {
    const difference = (version[index] ?? 0) - digit;
    if (difference !== 0) return difference;
  }
  return 0;
}
