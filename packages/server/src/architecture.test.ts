import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

/** Folders by rank. A file may import from its own rank or a lower one, never from a higher. */
const ranks = [
  ['lib'],
  ['store', 'reconcile', 'events'],
  [
    'accounts',
    'organizations',
    'applications',
    'builds',
    'deployments',
    'runs',
    'workloads',
    'scheduling',
    'billing',
    'limits',
    'logs',
    'metrics',
  ],
  ['engines', 'git', 'ssh', 'routing', 'http', 'certificates'],
  ['roles'],
];

/** Ports are declared where they are used or implemented, and are types that anybody may import. */
const ports = ['engines/engine.ts', 'routing/route-table.ts'];

/** Who may touch what is outside: a pattern in the text, and the only files that may hold it. */
const mayTouch: readonly [thing: string, pattern: RegExp, where: RegExp][] = [
  [
    'child processes',
    /'node:child_process'/,
    /^(engines\/(process\/|nvidia\/nvidia-smi)|git\/run-git|routing\/router-process|builds\/recipes\/(python\/(installer|interpreters)|java\/(jdks|build-tools))|testing\/)/,
  ],
  [
    'the network',
    /'(node:(net|http|https|http2|tls|dgram|dns)|undici|ssh2|ws)'|\bfetch\(/,
    /^(engines\/|git\/|ssh\/|routing\/|certificates\/|http\/|roles\/|workloads\/health-check|testing\/)/,
  ],
  [
    'files',
    /'node:fs(\/promises)?'/,
    /^(engines\/|git\/|ssh\/host-key|routing\/|certificates\/|roles\/|store\/|logs\/|builds\/|lib\/(encryption|remove-tree)|testing\/)/,
  ],
  ['the web framework', /'fastify'/, /^(http|testing)\//],
  ['the environment', /\bprocess\.env\b/, /^testing\//],
  ['the clock', /\bDate\.now\(\)|\bnew Date\(\)/, /^lib\/clock\.ts/],
  ['a database driver', /'(node:sqlite|pg)'/, /^(store\/|reconcile\/leader|testing\/)/],
  [
    'SQL',
    /import \{[^}]*\} from 'kysely'|\.(selectFrom|insertInto|updateTable|deleteFrom)\(/,
    /^(.+-store\.ts|store\/.+|reconcile\/leader\.ts|testing\/.+)$/,
  ],
];

/** The parts of the server that the command line runs in its own process. */
const openToCommandLine =
  /^(config|parse-config|paths|roles\/[\w-]+|builds\/recipes\/(python\/interpreters|java\/(jdks|build-tools))|engines\/docker\/(can-guard|describe-engine|find-socket)|engines\/nvidia\/open-devices|scheduling\/(device|past-runs|plan-queue|replay))\.ts$/;

type Source = { path: string; text: string; imports: string[] };

const withoutComments = (text: string): string => text.replaceAll(/^\s*(\/\*|\*|\/\/).*$/gm, '');

function readSources(folder: string): Source[] {
  const root = join(import.meta.dirname, '..', '..', folder, 'src');
  return globSync('**/*.ts', { cwd: root })
    .filter((path) => !path.endsWith('.test.ts'))
    .toSorted()
    .map((path) => {
      const text = withoutComments(readFileSync(join(root, path), 'utf8'));
      const found = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)];
      return { path, text, imports: found.map(([, specifier = '']) => specifier) };
    });
}

const folderOf = (path: string): string | undefined =>
  path.includes('/') ? path.split('/')[0] : undefined;

const rankOf = (path: string): number =>
  ranks.findIndex((folders) => folders.includes(folderOf(path) ?? ''));

/** Imports inside the server, as paths from its `src`. */
const arrows = (sources: readonly Source[]): { from: string; to: string }[] =>
  sources.flatMap(({ path, imports }) =>
    imports
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => ({ from: path, to: normalize(join(dirname(path), specifier)) })),
  );

const server = readSources('server');

test('every folder has its rank', () => {
  const folders = new Set(server.map(({ path }) => folderOf(path)));
  const known = new Set<string | undefined>([...ranks.flat(), 'testing', undefined]);
  assert.deepEqual(
    [...folders].filter((folder) => !known.has(folder)),
    [],
  );
});

test('nobody imports upward', () => {
  const upward = arrows(server).filter(
    ({ from, to }) => rankOf(from) >= 0 && rankOf(to) > rankOf(from) && !ports.includes(to),
  );
  assert.deepEqual(upward, []);
});

test('no file needs, by way of others, itself', () => {
  const targets = Map.groupBy(arrows(server), ({ from }) => from);
  const reaches = (from: string, seen: Set<string>): Set<string> => {
    for (const { to } of targets.get(from) ?? []) if (!seen.has(to)) reaches(to, seen.add(to));
    return seen;
  };
  const circular = server.filter(({ path }) => reaches(path, new Set()).has(path));
  assert.deepEqual(
    circular.map(({ path }) => path),
    [],
  );
});

test('a folder is entered through its nouns and verbs, never through its store', () => {
  const intruders = arrows(server).filter(
    ({ from, to }) =>
      to.endsWith('-store.ts') && ![folderOf(to), 'testing'].includes(folderOf(from)),
  );
  assert.deepEqual(intruders, []);
});

test('builds know of runtimes by one table, and a recipe knows no other', () => {
  const inside = arrows(server).filter(
    ({ from, to }) => from.startsWith('builds/') && /^builds\/recipes\/\w+\//.test(to),
  );
  const intruders = inside.filter(
    ({ from, to }) => from !== 'builds/recipes/recipes.ts' && dirname(from) !== dirname(to),
  );
  assert.deepEqual(intruders, []);
});

test('what is for tests is used by tests alone', () => {
  const isForTests = (path: string): boolean =>
    folderOf(path) === 'testing' || path.endsWith('contract.ts');
  const shipped = server.filter(({ path }) => !isForTests(path));
  assert.deepEqual(
    arrows(shipped).filter(({ to }) => isForTests(to)),
    [],
  );
});

test('a port is nothing but types', () => {
  const code = server
    .filter(({ path }) => ports.includes(path))
    .filter(({ text }) => /^(export )?(async )?(function|const|let|class)\b/m.test(text));
  assert.deepEqual(
    code.map(({ path }) => path),
    [],
  );
});

for (const [thing, pattern, where] of mayTouch)
  test(`only the files that may touch ${thing}`, () => {
    const intruders = server.filter(({ path, text }) => pattern.test(text) && !where.test(path));
    assert.deepEqual(
      intruders.map(({ path }) => path),
      [],
    );
  });

test('the contract knows neither the server nor the command line', () => {
  const outward = readSources('api').flatMap(({ path, imports }) =>
    imports.filter((one) => one.startsWith('@grid/')).map((one) => `${path} → ${one}`),
  );
  assert.deepEqual(outward, []);
});

test('the server does not know the command line', () => {
  const outward = server.filter(({ imports }) => imports.some((one) => one.includes('@grid/cli')));
  assert.deepEqual(outward, []);
});

test('the command line enters the server where it is open to it', () => {
  const inward = readSources('cli').flatMap(({ path, imports }) =>
    imports
      .filter((one) => one.startsWith('@grid/server/'))
      .map((one) => one.slice('@grid/server/'.length))
      .filter((to) => !openToCommandLine.test(to))
      .map((to) => `${path} → ${to}`),
  );
  assert.deepEqual(inward, []);
});

test('every dependency is explained', () => {
  const root = join(import.meta.dirname, '..', '..', '..');
  const explained = readFileSync(join(root, 'docs', 'dependencies.md'), 'utf8');
  const manifests = ['package.json', ...globSync('packages/*/package.json', { cwd: root })];
  const names = manifests.flatMap((path) => {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(root, path), 'utf8'),
    ) as Record<string, object | undefined>;
    return Object.keys({ ...dependencies, ...devDependencies });
  });
  assert.deepEqual(
    names.filter((name) => !name.startsWith('@grid/') && !explained.includes(`\`${name}\``)),
    [],
  );
});
