import assert from 'node:assert/strict';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { parsed } from './store/columns.ts';
import { folderOf, readSources } from './testing/sources.ts';

const server = readSources('server');
const stores = server.filter(({ path }) => path.endsWith('-store.ts'));

/** Whether the exported function is given a transaction, and so writes; what is given a `Reader` cannot. */
const writes = (path: string, name: string): boolean => {
  const declared = new RegExp(
    String.raw`export (async )?(function|const) ${name}\b[^{]*?\btx: Tx\b`,
  );
  const store = stores.find((one) => one.path === path);
  const parts = store?.text.split(/^(?=export )/m) ?? [];
  return parts.some((part) => part.search(declared) === 0);
};

test('others read through a store, and write by the verbs of its noun', () => {
  const taken = server.flatMap(({ path, text }) =>
    [...text.matchAll(/^import \{([^}]*)\} from '(\.[^']+-store\.ts)';/gm)].flatMap(
      ([, names = '', specifier = '']) => {
        const to = normalize(join(dirname(path), specifier));
        return names.split(',').map((name) => ({ from: path, to, name: name.trim() }));
      },
    ),
  );
  const foreign = taken.filter(
    ({ from, to, name }) => name !== '' && ![folderOf(to), 'testing'].includes(folderOf(from)),
  );
  assert.ok(foreign.length > 50, `only ${foreign.length} were found`);
  assert.deepEqual(
    foreign.filter(({ to, name }) => writes(to, name)),
    [],
  );
});

test('a store reads by what cannot write, and writes in the transaction of whoever asks', () => {
  const loose = stores.filter(({ text }) => /: Kysely<|\.transaction\(/.test(text));
  assert.deepEqual(
    loose.map(({ path }) => path),
    [],
  );
});

test('no file only passes on what is a store’s', () => {
  const passed = server.flatMap(({ path, text }) =>
    (text.match(/^export (type )?\{[^}]*\} from '[^']+-store\.ts';/gm) ?? []).map(() => path),
  );
  assert.deepEqual(passed, []);
});

test('a column that is parsed goes by its own name in every query', () => {
  const names = Object.keys(parsed).join('|');
  const renamed = new RegExp(String.raw`'(\w+\.)?(${names}) as \w+'|'[\w.]+ as (${names})'`, 'g');
  const found = server.flatMap(({ path, text }) =>
    (text.match(renamed) ?? []).map((alias) => `${path}: ${alias}`),
  );
  assert.deepEqual(found, []);
});
