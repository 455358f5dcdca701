import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { arrows, folderOf, readSources, withoutComments } from './testing/sources.ts';

/** Folders, and files beside them, by rank: a file may import from its own rank or a lower one, never from a higher. */
const ranks = [
  ['lib'],
  ['store', 'paths.ts'],
  ['reconcile', 'events', 'logs'],
  ['states'],
  ['accounts', 'organizations', 'limits', 'billing', 'devices', 'scheduling'],
  ['workloads', 'metrics'],
  ['builds', 'applications', 'runs', 'deployments'],
  ['engines', 'git', 'ssh', 'routing', 'http', 'certificates'],
  ['config.ts', 'parse-config.ts', 'settings.ts'],
  ['roles'],
];

/** Ports are declared where they are used, and are types that all above may import. */
const ports = ['workloads/engine.ts', 'routing/route-table.ts'];

/** What is removed so is the platform's own: what tenants wrote is removed by `removeTree`. */
const MAY_REMOVE = /^(git\/repository|builds\/recipes\/python\/installer|store\/|testing\/)/;

/** Who may touch what is outside: a pattern in the text, and the only files that may hold it. */
const mayTouch: readonly [thing: string, pattern: RegExp, where: RegExp][] = [
  [
    'child processes',
    /'node:child_process'/,
    /^(engines\/(process|docker\/diagnose)\/|devices\/nvidia\/nvidia-smi|git\/run-git|routing\/router-process|builds\/recipes\/(python\/(installer|interpreters)|java\/(jdks|build-tools))|testing\/)/,
  ],
  [
    'the network',
    /'(node:(net|http|https|http2|tls|dgram|dns(\/promises)?)|undici|ssh2|ws)'|\bfetch\(/,
    /^(engines\/|git\/|ssh\/|routing\/|certificates\/|http\/|roles\/|workloads\/health-check|testing\/)/,
  ],
  [
    'files',
    /'node:fs(\/promises)?'/,
    /^(engines\/|devices\/(nvidia\/|simulated-devices)|git\/|ssh\/host-key|routing\/|certificates\/|roles\/|store\/|logs\/|builds\/(recipes\/|advance-build|compare-trees|decision|put-away|sweep-files|copy-tree|keep-cache-budget|keep-dependencies|referred)|lib\/(encryption|held-folder|remove-tree|resolve-beneath)|testing\/)/,
  ],
  ['a path below a tree', /\bjoin\(\s*(\w+\.)*(tree|staging|source|context)\b/, /^testing\//],
  ['everything below a path', /\brm(Sync)?\([^)]*recursive|\bcp(Sync)?\(/, MAY_REMOVE],
  ['the web framework', /'fastify'/, /^(http|testing)\//],
  ['the environment', /\bprocess\.env\b/, /^testing\//],
  ['the clock', /\bDate\.now\(\)|\bnew Date\(\)/, /^lib\/clock\.ts/],
  [
    'raw connections of a server',
    /\.on\(\s*'(upgrade|connect|clientError|tlsClientError|checkContinue|(secureC|c)onnection)'/,
    /^(routing\/guard-server|ssh\/server|store\/database|testing\/.+)\.ts$/,
  ],
  ['a database driver', /'(node:sqlite|pg)'/, /^(store\/|reconcile\/leader|testing\/)/],
  [
    'SQL',
    /import \{[^}]*\} from 'kysely'|\.(selectFrom|insertInto|updateTable|deleteFrom)\(/,
    /^(.+-store\.ts|store\/.+|reconcile\/leader\.ts|testing\/.+)$/,
  ],
];

const rankOf = (path: string): number =>
  ranks.findIndex((folders) => folders.includes(folderOf(path)));

const server = readSources('server');

test('every folder has its rank', () => {
  const folders = new Set(server.map(({ path }) => folderOf(path)));
  assert.deepEqual([...folders].toSorted(), [...ranks.flat(), 'testing'].toSorted());
});

test('nobody imports upward', () => {
  const upward = arrows(server).filter(
    ({ from, to }) => rankOf(from) >= 0 && rankOf(to) > rankOf(from),
  );
  assert.deepEqual(upward, []);
});

/** What, by way of others, leads back to where it starts. */
function circlesOf(edges: readonly { from: string; to: string }[]): string[] {
  const targets = Map.groupBy(edges, ({ from }) => from);
  const reaches = (from: string, seen: Set<string>): Set<string> => {
    for (const { to } of targets.get(from) ?? []) if (!seen.has(to)) reaches(to, seen.add(to));
    return seen;
  };
  return [...targets.keys()].filter((one) => reaches(one, new Set()).has(one));
}

test('no file needs, by way of others, itself', () => {
  assert.deepEqual(circlesOf(arrows(server)), []);
});

test('no folder needs, by way of others, itself', () => {
  const between = arrows(server)
    .filter(({ from }) => folderOf(from) !== 'testing')
    .map(({ from, to }) => ({ from: folderOf(from), to: folderOf(to) }))
    .filter(({ from, to }) => from !== to);
  assert.deepEqual(circlesOf(between), []);
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

test('the platform knows of engines by one table, and an engine knows no other', () => {
  const homeOf = (path: string): string => path.split('/').slice(0, 2).join('/');
  const intruders = arrows(server).filter(
    ({ from, to }) =>
      /^engines\/\w+\//.test(to) &&
      homeOf(from) !== homeOf(to) &&
      from !== 'engines/engines.ts' &&
      folderOf(from) !== 'testing',
  );
  assert.deepEqual(intruders, []);
});

test('what is for tests is used by tests alone', () => {
  const isForTests = (path: string): boolean => folderOf(path) === 'testing';
  const shipped = server.filter(({ path }) => !isForTests(path));
  assert.deepEqual(
    arrows(shipped).filter(({ to }) => isForTests(to)),
    [],
  );
});

test('what a machine lacks is named in one place, and no test is skipped by another', () => {
  const root = join(import.meta.dirname, '..', '..', '..');
  const files = globSync(['packages/*/src/**/*.ts', 'test/**/*.ts'], { cwd: root });
  const skipping = files.filter((path) => {
    const text = withoutComments(readFileSync(join(root, path), 'utf8'));
    const skips =
      /\b(t|test|suite|context)\.(skip|todo|only)\b|\b(skip|todo|only): *(true|'|!|\w+\()/;
    return text.includes("'node:test'") && skips.test(text);
  });
  assert.deepEqual(skipping, ['packages/server/src/testing/need.ts']);
});

/** Of what takes apart a text that comes in pieces, or one at what Unicode calls a separator of lines. */
const splits = /'(node:)?readline'|\.split\([^)]*\\n[^)]*\);\s+\w+ = \w+\.pop\(\)|\bsplitlines\(/;

test('streams are taken apart into lines in one place, and no line ends at what only Unicode calls an end', () => {
  const root = join(import.meta.dirname, '..', '..');
  const files = globSync('*/src/**/*.{ts,py}', { cwd: root }).filter(
    (path) => !/\.test\.ts$|\/testing\//.test(path),
  );
  const splitting = files.filter((path) =>
    splits.test(withoutComments(readFileSync(join(root, path), 'utf8'))),
  );
  // events of a server have a grammar of their own
  assert.deepEqual(splitting.toSorted(), ['api/src/client.ts', 'server/src/lib/lines.ts']);
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

/** What stands in the parentheses of each call of this name. */
const argumentsOf = (text: string, call: string): string[] =>
  text
    .split(call)
    .slice(1)
    .map((rest) => {
      let depth = 1;
      const end = rest.split('').findIndex((one) => {
        depth += one === '(' ? 1 : one === ')' ? -1 : 0;
        return depth === 0;
      });
      return rest.slice(0, end);
    });

test('states, and why and since when they are so, are written by the one door', () => {
  const written = server
    .filter(({ path }) => !/^(states\/state-store|testing\/)/.test(path))
    .flatMap(({ path, text }) =>
      argumentsOf(text, '.set(')
        .filter((given) => /[{,]\s*(status|state|health|reason|finishedAt)\s*[:,}]/.test(given))
        .map((given) => `${path}: ${given.replaceAll(/\s+/g, ' ')}`),
    );
  assert.deepEqual(written, []);
});

for (const [thing, pattern, where] of mayTouch)
  test(`only the files that may touch ${thing}`, () => {
    const intruders = server.filter(({ path, text }) => pattern.test(text) && !where.test(path));
    assert.deepEqual(
      intruders.map(({ path }) => path),
      [],
    );
  });

/** Who goes about in what tenants may have changed: a folder that is held, and a name in it. */
const amongTenants =
  /^(builds\/(compare-trees|copy-tree|keep-cache-budget|prune-tree|read-tree)|engines\/docker\/(images\/(build-context|context-archive|make-image)|containers\/(disk-use|prepare-files))|lib\/(held-folder|remove-tree|resolve-beneath))\.ts$/;
/** Calls that follow no link that stands at the name, or are given a descriptor. */
const followNothing =
  /^(constants|Dirent|Stats|FileHandle|chmod|copyFile|lchown|lstat|mkdir|open|readlink|rename|rmdir|symlink|unlink)$/;

test('among what tenants left no call follows a link', () => {
  const files = server.filter(({ path }) => amongTenants.test(path));
  assert.ok(files.length > 10, `only ${files.length} are looked at`);
  const calls = files.flatMap(({ path, text }) =>
    [...text.matchAll(/import (?:type )?\{([^}]*)\} from 'node:fs(?:\/promises)?'/g)]
      .flatMap(([, names = '']) => names.split(',').map((name) => name.trim()))
      .filter((name) => name !== '' && !followNothing.test(name))
      // of what is held already
      .filter((name) => name !== 'opendir' || path !== 'lib/held-folder.ts')
      .map((name) => `${path}: ${name}`),
  );
  assert.deepEqual(calls, []);
});

test('among what tenants left no file is opened but as itself', () => {
  const opens = server
    .filter(({ path }) => amongTenants.test(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\bopen\(([^()]*(?:\([^()]*\)[^()]*)*)\)/g)]
        .map(([, given = '']) => given)
        .filter(
          (given) => !/NOFOLLOW|NOT_WAITING|JUST_HOLD|FOLDER|'wx'|^(found|from)\.path$/.test(given),
        )
        .map((given) => `${path}: open(${given})`),
    );
  assert.deepEqual(opens, []);
});

test('supervisors walk no path of a tenant’s', () => {
  const root = join(import.meta.dirname, 'engines', 'process', 'supervisor');
  const walks = globSync('*.py', { cwd: root }).flatMap((path) =>
    [
      ...readFileSync(join(root, path), 'utf8').matchAll(
        /\bos\.(walk|lchown\(os\.path|chown\(f?')/g,
      ),
    ].map(([found]) => `${path}: ${found}`),
  );
  assert.deepEqual(walks, []);
});

test('whoever joins two streams owns the errors of both', () => {
  const bare = server
    .filter(({ path }) => folderOf(path) !== 'testing')
    // a schema of zod is piped into another, and is no stream
    .filter(({ text }) => /\.pipe\((?!z\.)/.test(text));
  assert.deepEqual(
    bare.map(({ path }) => path),
    [],
  );
});

/** Looked at: each round of the repetitions begins with what a round cannot hold otherwise. */
const harmless: readonly string[] = [
  String.raw`^(\/[\w.~!$&'()*+,;=:@%-]*)*$`,
  String.raw`^\d+(\.\d+)*$`,
  String.raw`^[a-zA-Z0-9][\w.-]*(:\d+)?(\/[a-z0-9][a-z0-9._-]*)*(:\w[\w.-]*)?(@[\w+.-]+:[0-9a-fA-F]+)?$`,
];
/** What these read comes from a driver's own program. */
const trusting = ['devices/nvidia/parse-devices.ts'];

/** Regular expressions in a source: between slashes, where a value may stand. */
const patternsIn = (text: string): string[] =>
  [
    ...text.matchAll(/[(,=:?[!&|]\s*\/((?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/[dgimsuy]*/g),
  ].map(([, pattern = '']) => pattern);

/** The two shapes that take more than one look at each character: a repetition of repetitions, and one that is tried from each place. */
function takesLong(pattern: string): boolean {
  const plain = pattern.replaceAll(/\\.|\[(?:[^\]\\]|\\.)*\]/g, 'x');
  const nested = /\([^()]*[*+][^()]*\)(?:[*+]|\{\d+,\})/.test(plain);
  return nested || /^(?:\((?:\?:)?)?[x.][*+].*[x.\w"=]/.test(plain);
}

test('no regular expression takes longer than what it looks at', () => {
  const found = [...server, ...readSources('api')].flatMap(({ path, text }) =>
    patternsIn(text).map((pattern) => ({ path, pattern })),
  );
  assert.ok(found.length > 100, `only ${found.length} were found`);
  for (const bad of [String.raw`([a-z]+)\s*=\s*"`, '(a+)+$', String.raw`\s+x`])
    assert.ok(takesLong(bad), bad);
  const long = found.filter(
    ({ path, pattern }) =>
      takesLong(pattern) && !harmless.includes(pattern) && !trusting.includes(path),
  );
  assert.deepEqual(long, []);
});

test('the contract knows neither the server nor the command line', () => {
  const outward = readSources('api').flatMap(({ path, imports }) =>
    imports.filter((one) => one.startsWith('@grid/')).map((one) => `${path} → ${one}`),
  );
  assert.deepEqual(outward, []);
});

test('a noun has one file of its name in the contract, in what serves it, and in the command line', () => {
  const nouns = readSources('api')
    .filter(({ text }) => /^export const \w+ = (endpoint|stream|socket)\(/m.test(text))
    .map(({ path }) => path);
  assert.ok(nouns.length > 15);
  const routes = server.filter(({ path }) => path.startsWith('http/routes/'));
  assert.deepEqual(
    routes.map(({ path }) => path.slice('http/routes/'.length)),
    nouns.toSorted(),
  );
  const strays = routes.flatMap(({ path, text }) =>
    [...text.matchAll(/\bserve(?:Log)?\(\s*app,\s*needs,\s*(\w+)\./g)]
      .filter(([, noun]) => path !== `http/routes/${noun}.ts`)
      .map(([, noun]) => `${path}: ${noun}`),
  );
  assert.deepEqual(strays, []);
  const commands = readSources('cli')
    .filter(({ path }) => path.startsWith('commands/'))
    .map(({ path }) => path.slice('commands/'.length));
  assert.deepEqual(
    commands.filter((path) => ![...nouns, ...withoutEndpoints].includes(path)),
    [],
  );
});

/** Commands that ask the platform for nothing of their own. */
const withoutEndpoints = ['replay.ts', 'ssh.ts'];

test('the server does not know the command line', () => {
  const outward = server.filter(({ imports }) => imports.some((one) => one.includes('@grid/cli')));
  assert.deepEqual(outward, []);
});

test('the command line enters the server by its exports, and each is entered', () => {
  const imports = readSources('cli').flatMap((source) => source.imports);
  assert.deepEqual(
    imports.filter((one) => one.includes('server/src/')),
    [],
  );
  const manifest = join(import.meta.dirname, '..', 'package.json');
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports: object };
  const entered = imports.filter((one) => one.startsWith('@grid/server/'));
  assert.deepEqual(
    Object.keys(exports).toSorted(),
    [...new Set(entered)].map((one) => one.replace('@grid/server', '.')).toSorted(),
  );
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
