import { PostgresQueryCompiler, SqliteQueryCompiler } from 'kysely';
import type { KyselyPlugin, SelectType, UnknownRow } from 'kysely';
import type { Schema } from './schema.ts';

/*
 * A row is what the program works with: `Row<'runs'>` is a run. Both databases keep flags as 0 or 1, JSON as text and
 * names in snake case, and this is the one place that knows: queries are written so where their text is put together,
 * rows are read so as they come. Stores would otherwise do it by hand, by a list of aliases, a parse and an insert for
 * each table, which a new column has to be added to, and is forgotten in.
 * A column is known by its name alone, since neither database says more of an integer than that it is one; so what is
 * parsed is listed here, means the same in every table, and goes by its own name in every query. The types and
 * `architecture.test.ts` hold that.
 * Kysely's own plugin for names copies the tree of each query instead, which makes a small one half as dear again.
 */

/** Columns that are not what the database has of them. */
export const parsed: Listed = {
  addresses: 'json',
  argv: 'json',
  cancelOnPush: 'flag',
  changed: 'json',
  data: 'json',
  favourite: 'flag',
  files: 'json',
  forceHttps: 'flag',
  metered: 'flag',
  metrics: 'json',
  operator: 'flag',
  placement: 'json',
  seenRefs: 'json',
  start: 'json',
  stickySessions: 'flag',
  useCache: 'flag',
  zeroDowntime: 'flag',
};

/** All of them, and none that is something else in another table. */
type Listed = Record<Named<'flag'>, 'flag'> &
  Record<Named<'json'>, 'json'> &
  Record<Extract<Named<'flag' | 'json'>, Named<'plain'>>, never>;

/** Names of the columns, of any table, whose values are of this kind, be it beside null. */
type Named<Kind> = {
  [T in keyof Schema]: {
    [C in keyof Schema[T]]: KindOf<NonNullable<SelectType<Schema[T][C]>>> extends Kind ? C : never;
  }[keyof Schema[T]];
}[keyof Schema];
type KindOf<Value> = Value extends string | number
  ? 'plain'
  : Value extends boolean
    ? 'flag'
    : 'json';

/** `memory_mib` of `memoryMiB`. */
const columnOf = remember((name) =>
  name.replace('MiB', 'Mib').replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
);

type Known = { name: string; kind: 'flag' | 'json' | undefined };

const kinds: ReadonlyMap<string, 'flag' | 'json'> = new Map(Object.entries(parsed));

const knownOf = remember((column): Known => {
  const camel = column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const name = camel.replace(/Mib$/, 'MiB');
  return { name, kind: kinds.get(name) };
});

function remember<T>(compute: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text) ?? compute(text);
    known.set(text, found);
    return found;
  };
}

const toColumn = (value: unknown): unknown => {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
};

function toRow(columns: UnknownRow): UnknownRow {
  const row: UnknownRow = {};
  for (const column in columns) {
    const { name, kind } = knownOf(column);
    const value = columns[column];
    if (kind === 'flag' && value !== null) row[name] = value === 1;
    else row[name] = kind === 'json' && typeof value === 'string' ? JSON.parse(value) : value;
  }
  return row;
}

export class SqliteCompiler extends SqliteQueryCompiler {
  protected override sanitizeIdentifier(name: string): string {
    return super.sanitizeIdentifier(columnOf(name));
  }

  protected override addParameter(value: unknown): void {
    super.addParameter(toColumn(value));
  }
}

export class PostgresCompiler extends PostgresQueryCompiler {
  protected override sanitizeIdentifier(name: string): string {
    return super.sanitizeIdentifier(columnOf(name));
  }

  protected override addParameter(value: unknown): void {
    super.addParameter(toColumn(value));
  }
}

export const rows: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: async ({ result }) => ({ ...result, rows: result.rows.map(toRow) }),
};
