import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { hostOf, run, serverOf, until } from './platform.ts';
import type { Platform } from './platform.ts';

const SECRET = 'canary of root';
const FILES = ['precious', 'precious.py', 'main.py'];

/** Each has a hook of the tenant's put a link to what is root's in the place of what the platform looks at next. */
const attempts = {
  'the folder of the application, of which little is kept': {
    env: ['APP_FOLDER=sub', 'CC_OVERRIDE_BUILDCACHE=kept'],
    hook: 'cd .. && mv sub old && ln -s CANARY sub',
    says: /APP_FOLDER=sub .*leads out of the repository/,
  },
  'the folder of the application, without one file': {
    env: ['APP_FOLDER=sub', 'CC_IGNORE_FROM_BUILDCACHE=precious'],
    hook: 'cd .. && mv sub old && ln -s CANARY sub',
    says: /APP_FOLDER=sub .*leads out of the repository/,
  },
  'the folder of what is started': {
    env: ['CC_MLPYTHON_RUN_MAIN=sub/missing.py'],
    hook: 'mv sub old && ln -s CANARY sub',
    says: /CC_MLPYTHON_RUN_MAIN=sub\/missing.py.*leads out of the repository/,
  },
  'a folder of which something is kept': {
    env: ['CC_MLPYTHON_RUN_MAIN=sub/main.py', 'CC_OVERRIDE_BUILDCACHE=sub/main.py'],
    hook: 'mv sub old && ln -s CANARY sub',
    says: /leads out of the repository/,
  },
  'folders of its cache': {
    env: ['APP_FOLDER=sub'],
    hook: 'mkdir -p ~/.cache/a/b && ln -s CANARY ~/.cache/a/b/c && ln -s CANARY ~/.cache/d && ln -s CANARY kept; exit 3',
    says: /CC_POST_BUILD_HOOK failed/,
  },
} as const;

function isUntouched(canary: string, what: string): void {
  for (const name of FILES) {
    const path = join(canary, name);
    assert.equal(readFileSync(path, 'utf8'), SECRET, what);
    assert.deepEqual([lstatSync(path).uid, lstatSync(path).mode & 0o777], [0, 0o600], what);
  }
}

/** The same of links that a commit has: they are kept, and lead nobody but the application anywhere. */
async function meetHostileCommits(platform: Platform, canary: string): Promise<void> {
  const folder = await platform.repository({
    'main.py': 'import os\nprint(os.readlink("sub"), os.path.exists("sub/precious"))\n',
    sub: { link: canary },
    'precious.py': { link: join(canary, 'precious') },
    'deep/up': { link: `../../../../..${canary}` },
    'requirements.txt.d': { link: '/etc' },
  });
  const kept = 'CC_OVERRIDE_BUILDCACHE=main.py:sub:sub/precious:deep/up/precious:precious.py';
  const except = 'CC_IGNORE_FROM_BUILDCACHE=sub/main.py:deep/up/main.py';
  const env = ['CC_MLPYTHON_RUN_MAIN=main.py', 'CC_POST_BUILD_HOOK=true', kept, except];
  await platform.create(folder, { type: 'ml_python', env });
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 0, out);
  assert.ok(out.includes(`${canary} False`), out);
  isUntouched(canary, 'links of a commit');
}

/** Nothing of root's is shown, removed or given away, whatever a tenant's steps make of their tree. */
export async function meetHostileTrees(platform: Platform): Promise<void> {
  const canary = join(platform.home, 'canary');
  mkdirSync(canary, { mode: 0o700 });
  for (const name of FILES) writeFileSync(join(canary, name), SECRET, { mode: 0o600 });
  for (const [what, { env, hook, says }] of Object.entries(attempts)) {
    const folder = await platform.repository({ 'sub/main.py': 'print("it ran")\n' });
    const named = env.some((one) => one.startsWith('CC_MLPYTHON_RUN_MAIN'));
    const hooked = `CC_POST_BUILD_HOOK=${hook.replaceAll('CANARY', canary)}`;
    const start = named ? [] : ['CC_MLPYTHON_RUN_MAIN=main.py'];
    await platform.create(folder, { type: 'ml_python', env: [...env, ...start, hooked] });
    const { code, out } = await platform.grid(['deploy'], { folder });
    assert.equal(code, 1, `${what}: ${out}`);
    assert.match(out, says, what);
    assert.doesNotMatch(out, /precious/, what);
    isUntouched(canary, what);
  }
  await meetHostileCommits(platform, canary);
}

const USE = `import six\n${serverOf('it serves')}`;

/** Two applications of one owner, each a user of its own, run on dependencies that were installed for each. */
export async function serveTwo(platform: Platform): Promise<void> {
  for (const name of ['one', 'another']) {
    const folder = await platform.repository({ 'main.py': USE, 'requirements.txt': 'six\n' });
    const env = ['CC_MLPYTHON_RUN_MAIN=main.py'];
    const id = await platform.create(folder, { type: 'ml_python_web', env });
    const { code, out } = await platform.grid(['deploy'], { folder });
    assert.equal(code, 0, out);
    assert.match(out, /Installed|Successfully installed|Prepared/, name);
    const serves = async (): Promise<boolean> =>
      (await platform.visit(hostOf(id))).body === 'it serves';
    await until('it serves', serves);
  }
}

/** Tries each of these paths; prints what it could read or list. */
const TRY = `
import os, sys
for path in sys.stdin.buffer.read().split(b'\\0'):
    try:
        if os.path.islink(path):
            continue
        os.listdir(path) if os.path.isdir(path) else os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        print(os.fsdecode(path))
    except OSError:
        pass
`;

/** What somebody who is nobody here can read or list of the data directory, though they know every name in it. */
export async function readAsNobody({ home, data }: Platform): Promise<string[]> {
  chmodSync(home, 0o755);
  const { out } = await run('find', [data, '-print0']);
  assert.ok(out.split('\0').length > 100, 'there is something to be read');
  const nobody = spawn('python3', ['-c', TRY], { uid: 65_534, gid: 65_534, cwd: '/' });
  nobody.stdin.end(out);
  return (await text(nobody.stdout)).split('\n').filter((path) => path !== '');
}
