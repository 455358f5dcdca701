import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { newId } from '../lib/ids.ts';
import { dataPaths } from '../paths.ts';
import { createBuilder } from './advance-build.ts';
import type { BuildInput, BuildProgress, StepOutcome } from './build.ts';
import { recipesWith } from '../testing/recipes.ts';
import { dockerRecipe } from './recipes/docker/docker-recipe.ts';
import { javaRecipe } from './recipes/java/java-recipe.ts';
import { pythonRecipe } from './recipes/python/python-recipe.ts';

const interpreter = { path: '/p', folder: '/bin', digest: 'p', readOnly: [] };
const installer = { uv: '/tools/uv', settings: {}, readOnly: [] };
const maven = { version: '3.9.1', program: '/mvn', digest: 'm', readOnly: [] };
const recipes = recipesWith({
  python: pythonRecipe({ interpreters: [{ ...interpreter, version: [3, 13, 0] }], installer }),
  java: javaRecipe({
    jdks: [{ feature: 17, version: '17.0.1', home: '/jdk', digest: 'j', readOnly: [] }],
    tools: { maven, gradle: maven },
  }),
  docker: dockerRecipe({ allowDockerSocket: false }),
});

/** What is root's, and no tenant's: a name and a text that nobody may be shown. */
const CANARY = 'canary-of-root';

/** Whoever sets it would keep what is removed when it is old. */
const FUTURE = new Date('2099-01-01');

type Case = {
  runtime: BuildInput['runtime'];
  environment: Record<string, string>;
  files: readonly string[];
  /** What is replaced by a link to the canary: by the commit itself, or by a step of the tenant's, and which one. */
  replaces: string;
  in?: 'before' | 'after';
  /** How the deployment ends; it goes on where it is not said. */
  says?: RegExp;
};

const python = (environment: Record<string, string>): Pick<Case, 'runtime' | 'environment'> => ({
  runtime: 'python',
  environment: { CC_MLPYTHON_RUN_MAIN: 'main.py', ...environment },
});
const java = {
  runtime: 'java',
  environment: { CC_JAR_PATH: 'out/x.jar', APP_FOLDER: 'sub' },
} as const;
const docker = { runtime: 'docker', environment: { APP_FOLDER: 'sub' } } as const;
const MAIN = 'sub/main.py';
const LEADS_OUT = /^APP_FOLDER=\S+ .*leads out of the repository/;
const leadsOut = (setting: string): RegExp =>
  new RegExp(`^${setting}.*leads out of the repository`);

const cases: Record<string, Case> = {
  'the folder of the application': {
    ...python({ APP_FOLDER: 'sub', CC_OVERRIDE_BUILDCACHE: 'kept' }),
    files: [MAIN],
    replaces: 'sub',
    says: LEADS_OUT,
  },
  'the folder of the application, with one file named': {
    ...python({ APP_FOLDER: 'sub', CC_IGNORE_FROM_BUILDCACHE: `${CANARY}.py` }),
    files: [MAIN],
    replaces: 'sub',
    says: LEADS_OUT,
  },
  'a folder above it': {
    ...python({ APP_FOLDER: 'a/sub', CC_OVERRIDE_BUILDCACHE: 'kept' }),
    files: ['a/sub/main.py'],
    replaces: 'a',
    says: LEADS_OUT,
  },
  'the folder of the start file': {
    ...python({ CC_MLPYTHON_RUN_MAIN: 'src/x.py' }),
    files: ['src/x.py'],
    replaces: 'src',
    says: leadsOut('CC_MLPYTHON_RUN_MAIN=src/x.py'),
  },
  'the start file': {
    ...python({}),
    files: ['main.py'],
    replaces: 'main.py',
    says: leadsOut('CC_MLPYTHON_RUN_MAIN=main.py'),
  },
  'a kept folder': {
    ...python({ CC_OVERRIDE_BUILDCACHE: 'kept/some:main.py' }),
    files: ['main.py', 'kept/some/x'],
    replaces: 'kept',
  },
  'a folder that something is left out of': {
    ...python({ CC_IGNORE_FROM_BUILDCACHE: `data/${CANARY}.py` }),
    files: ['main.py', 'data/x'],
    replaces: 'data',
  },
  'requirements.txt': {
    ...python({}),
    files: ['main.py', 'requirements.txt'],
    replaces: 'requirements.txt',
    in: 'before',
    says: leadsOut('requirements.txt'),
  },
  'the folder of a named requirements file': {
    ...python({ CC_PIP_REQUIREMENTS_FILE: `req/${CANARY}.py` }),
    files: ['main.py', 'req/base.txt'],
    replaces: 'req',
    in: 'before',
    says: leadsOut('CC_PIP_REQUIREMENTS_FILE=req/'),
  },
  'uv.lock': {
    ...python({}),
    files: ['main.py', 'uv.lock', 'pyproject.toml'],
    replaces: 'uv.lock',
    in: 'before',
    says: leadsOut('uv.lock'),
  },
  'the folder of a project of uv': {
    ...python({ APP_FOLDER: 'sub' }),
    files: [MAIN, 'sub/uv.lock', 'sub/pyproject.toml'],
    replaces: 'sub',
    in: 'before',
    says: LEADS_OUT,
  },
  'the folder of a pom.xml': {
    ...java,
    files: ['sub/pom.xml'],
    replaces: 'sub',
    says: LEADS_OUT,
  },
  'the folder of a jar': {
    ...java,
    environment: { CC_JAR_PATH: 'out/x.jar' },
    files: ['build.gradle'],
    replaces: 'out',
    says: leadsOut('CC_JAR_PATH=out/x.jar'),
  },
  'the folder of a Dockerfile': {
    ...docker,
    files: ['sub/Dockerfile'],
    replaces: 'sub',
    in: 'before',
    says: LEADS_OUT,
  },
  'a Dockerfile': {
    ...docker,
    files: ['sub/Dockerfile'],
    replaces: 'sub/Dockerfile',
    in: 'before',
    says: leadsOut('CC_DOCKERFILE=Dockerfile'),
  },
  'a folder on the way to a Dockerfile': {
    ...docker,
    environment: { CC_DOCKERFILE: `deploy/${CANARY}` },
    files: ['deploy/Dockerfile'],
    replaces: 'deploy',
    in: 'before',
    says: leadsOut(`CC_DOCKERFILE=deploy/${CANARY}`),
  },
};

for (const [replaced, given] of Object.entries(cases))
  for (const form of ['absolute', 'relative'] as const)
    for (const by of ['commit', given.in ?? 'after'] as const)
      test(`${given.runtime}: ${replaced} is an ${form} link to what is root's (${by}), which is left alone`, async (t) => {
        const scene = makeScene(t, given);
        const told = await scene.build(by, (tree) => {
          const at = join(tree, given.replaces);
          if (existsSync(at)) renameSync(at, `${at}.old`);
          const up = dirname(given.replaces)
            .split('/')
            .filter((name) => name !== '.');
          const relative = `${'../'.repeat(up.length + 3)}${CANARY}`;
          symlinkSync(form === 'absolute' ? scene.canary : relative, at);
        });
        assert.doesNotMatch(JSON.stringify(told), new RegExp(`Beside.*${CANARY}`));
        if (given.says !== undefined) {
          assert.ok(told.next === 'failed', JSON.stringify(told));
          assert.match(told.detail, given.says);
        } else assert.equal(told.next, 'done', JSON.stringify(told));
        assert.deepEqual(scene.seeCanary(), scene.before);
      });

function makeScene(t: TestContext, given: Case) {
  const root = mkdtempSync(join(tmpdir(), 'grid-hostile-'));
  t.after(() => rmSync(root, { recursive: true }));
  const canary = join(root, CANARY);
  for (const name of ['', '.py', '.jar', '/x.py', '/x.jar', '/main.py', '/inner/deep'].map((one) =>
    one.startsWith('/') ? one.slice(1) : `${CANARY}${one}`,
  )) {
    mkdirSync(dirname(join(canary, name)), { recursive: true });
    writeFileSync(join(canary, name), 'numpy==1 # a secret', { mode: 0o600 });
  }
  const seeCanary = () =>
    readdirSync(canary, { recursive: true, encoding: 'utf8' })
      .toSorted()
      .map((name) => {
        const { uid, mode, mtimeMs } = lstatSync(join(canary, name));
        return [name, uid, mode, mtimeMs];
      });
  return { canary, seeCanary, before: seeCanary(), build: build(root, given) };
}

/** Builds, with the tenant's own doing in the commit, or in place of a step: in the hook that is meant. */
const build =
  (root: string, given: Case) =>
  async (
    by: 'commit' | 'before' | 'after',
    hostile: (tree: string) => void,
  ): Promise<BuildProgress> => {
    const name = (given.in ?? 'after') === 'before' ? 'CC_PRE_BUILD_HOOK' : 'CC_POST_BUILD_HOOK';
    const input: BuildInput = {
      deploymentId: newId('deployment'),
      applicationId: newId('application'),
      applicationName: 'x',
      ownerId: newId('organization'),
      commitId: 'c'.repeat(40),
      kind: 'runner',
      runtime: given.runtime,
      environment: { ...given.environment, [name]: 'true' },
      useCache: true,
    };
    const paths = dataPaths(root);
    const builder = createBuilder({
      paths,
      recipes,
      async checkout({ into }) {
        for (const path of given.files) write(into, path);
        if (by === 'commit') hostile(into);
        return { modules: [], contents: false };
      },
      readCommit: async (_, wanted) => ({
        treeId: 't',
        files: new Map(
          wanted
            .filter(({ path }) => given.files.includes(path))
            .map(({ path }) => [path, { text: '' }]),
        ),
      }),
      findMadeFrom: async () => undefined,
      findDependencies: async () => undefined,
      clock: () => 0,
      say: async () => undefined,
    });
    const done: StepOutcome[] = [];
    for (;;) {
      const told = await builder.advance(input, done, new AbortController().signal);
      if (told.next !== 'run') return told;
      const { number, files } = told.step;
      if (files.environment?.access === 'writable') {
        mkdirSync(files.environment.source);
        utimesSync(files.environment.source, FUTURE, FUTURE);
      }
      const isHook = told.step.name === name;
      if (isHook && by !== 'commit') hostile(files.application.source);
      done.push({ number, succeeded: true, reason: 'exited', detail: '', exitCode: 0 });
    }
  };

function write(into: string, path: string): void {
  mkdirSync(dirname(join(into, path)), { recursive: true });
  writeFileSync(join(into, path), '');
}

test('a build that is hostile to nobody is over with its artifact', async (t) => {
  const given = { ...python({}), files: ['main.py'], replaces: '' };
  const scene = makeScene(t, given);
  const told = await scene.build('after', () => undefined);
  assert.ok(told.next === 'done');
  assert.equal(readFileSync(join(scene.canary, CANARY), 'utf8'), 'numpy==1 # a secret');
});

test('what a build made is as old as the platform says, and open to it, whatever its steps made of it', async (t) => {
  const given = { ...python({}), files: ['main.py', 'requirements.txt'], replaces: '' };
  const scene = makeScene(t, given);
  const told = await scene.build('after', (tree) => {
    chmodSync(tree, 0o500);
    utimesSync(tree, FUTURE, FUTURE);
  });
  assert.ok(told.next === 'done', JSON.stringify(told));
  const made = ['artifacts', 'environments'].flatMap((folder) => {
    const place = join(dirname(scene.canary), folder);
    return readdirSync(place).map((name) => lstatSync(join(place, name)));
  });
  assert.deepEqual(
    made.map(({ mtimeMs, mode }) => [mtimeMs, mode & 0o700]),
    [
      [0, 0o700],
      [0, 0o700],
    ],
  );
});
