import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { prints, run, start, textOf } from '../../testing/engine.ts';
import { openProcessEngine } from '../../testing/process-engine.ts';

type Seen = {
  /** As each pid namespace has it, ours first. */
  numbers: readonly string[];
  environment: string;
  words: string;
};

/** Every process of this machine that can be looked at. */
const processes = (): Seen[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        return {
          numbers: /^NSpid:\s+(.+)$/m.exec(status)?.[1]?.split(/\s+/) ?? [],
          environment: readFileSync(`/proc/${pid}/environ`, 'utf8'),
          words: readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
        };
      } catch {
        return [];
      }
    });

/** What glibc obeys before a program's first line: it forgets these for programs with rights of their own. */
const obeyed =
  `LD_PRELOAD LD_AUDIT LD_LIBRARY_PATH LD_PROFILE LD_SHOW_AUXV LD_USE_LOAD_BIAS LD_ORIGIN_PATH
  LD_DYNAMIC_WEAK GCONV_PATH GETCONF_DIR GLIBC_TUNABLES HOSTALIASES LOCALDOMAIN LOCPATH MALLOC_TRACE NIS_PATH NLSPATH
  RESOLV_HOST_CONF RES_OPTIONS TMPDIR TZDIR`.split(/\s+/);

test('no program outside an instance has any of its variables', async (t) => {
  const subject = await openProcessEngine(t);
  if (subject === undefined) return;
  const marker = randomBytes(8).toString('hex');
  const folder = join(subject.directory, 'told');
  mkdirSync(folder);
  for (const path of [subject.directory, folder]) chmodSync(path, 0o777);
  const environment = {
    PATH: '/usr/bin:/bin',
    ...Object.fromEntries(obeyed.map((name) => [name, `/nowhere/${marker}`])),
    // a loader that has these writes down what it does, there
    LD_DEBUG: 'all',
    LD_DEBUG_OUTPUT: join(folder, 'loader'),
    SECRET: marker,
  };
  // the shell must be able to say that it is up, whatever the loader says of the variables
  const one = subject.spec('echo up; while :; do sleep 600; done', { environment });
  await start(subject, one, t);
  await prints(one, /^up$/m, t);
  assert.deepEqual(readdirSync(folder), []);
  const seen = processes();
  const inside = seen.filter(({ environment }) => environment.includes(marker));
  assert.ok(inside.length > 0, 'the instance itself has them');
  assert.deepEqual(
    inside.filter(({ numbers }) => numbers.length < 2 || numbers.at(-1) === '1'),
    [],
  );
  assert.deepEqual(
    seen.filter(({ words }) => words.includes(marker)),
    [],
  );
});

test('an instance has all of its variables, however many may be set, and none besides', async (t) => {
  const subject = await openProcessEngine(t);
  if (subject === undefined) return;
  const many = Array.from({ length: 1000 }, (_, n) => [`V${n}`, `"${n}" '=' \n${'é'.repeat(50)}`]);
  const environment: Record<string, string> = {
    ...Object.fromEntries(many),
    PATH: '/usr/bin:/bin',
    EMPTY: '',
  };
  const look = `import hashlib, os
had = sorted(f"{name}={value}" for name, value in os.environ.items() if name not in ("PWD", "LC_CTYPE"))
print(len(had), hashlib.sha256("\\0".join(had).encode()).hexdigest())`;
  const one = subject.spec(`exec python3 -c '${look}'`, { environment });
  await run(subject, one, t);
  const given = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const hash = createHash('sha256').update(given.toSorted().join('\0')).digest('hex');
  assert.equal(await textOf(one), `${given.length} ${hash}`);
});

const notSet: Record<string, [environment: Record<string, string>, said: RegExp]> = {
  'more than fit': [
    Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`V${n}`, 'x'])),
    /has 3000 variables, more than can be handed/,
  ],
  'one that would be an option': [{ A: 'x\0--bind\0/\0/tmp/host' }, /"?A.* cannot be set/],
  'one whose name would be': [{ 'A\0--bind\0/\0/tmp/host': 'x' }, /cannot be set/],
  'one without a name': [{ '': 'x' }, /cannot be set/],
};

for (const [what, [environment, said]] of Object.entries(notSet))
  test(`variables that cannot be handed over are refused with a sentence: ${what}`, async (t) => {
    const subject = await openProcessEngine(t);
    if (subject === undefined) return;
    const one = subject.spec('ls /tmp', { environment });
    const exit = await run(subject, one, t);
    assert.equal(exit.reason, 'start_failed');
    assert.match(exit.detail ?? '', said);
  });

/** Writes over the variables that it shows of itself. */
const LIE = `import ctypes, time
words = open("/proc/self/stat").read().rpartition(")")[2].split()
start, end = map(int, words[47:49])
ctypes.memset(start, ord("x"), end - start - 1)
print("changed", flush=True)
time.sleep(600)`;

for (const isolation of ['auto', 'none'] as const)
  test(`whoever enters has the variables that were given, not those that are shown (${isolation})`, async (t) => {
    const subject = await openProcessEngine(t, { isolation });
    if (subject === undefined) return;
    const environment = { PATH: '/usr/bin:/bin', COLOUR: 'blue' };
    const one = subject.spec(`exec python3 -c '${LIE}'`, { environment });
    await start(subject, one, t);
    await prints(one, /changed/, t);
    const command = ['/bin/sh', '-c', 'echo "colour: $COLOUR"'];
    assert.deepEqual(await subject.engine.exec(one.instanceId, command, t.signal), { exitCode: 0 });
    assert.match(await textOf(one), /^colour: blue$/m);
  });
