import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { runJar } from './run-java.ts';

/** Runs a jar with a `java` that says, a line each, what it was given. */
async function javaIsGiven(t: TestContext, variables: Record<string, string>) {
  const home = await mkdtemp(join(tmpdir(), 'grid-java-'));
  t.after(() => rm(home, { recursive: true }));
  await writeFile(join(home, 'java'), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  const [program, ...args] = runJar('app.jar').argv;
  const env = { PATH: `${home}:/usr/bin:/bin`, HOME: home, ...variables };
  const { stdout } = await promisify(execFile)(program, args, { env, cwd: home });
  const options = join(home, '.java-options');
  return {
    arguments: stdout.trimEnd().split('\n').slice(1),
    options: (await readFile(options, 'utf8')).split('\n'),
    mode: (await stat(options)).mode & 0o777,
  };
}

test('values go by a file that nobody else can read, quoted for the launcher', async (t) => {
  const given = await javaIsGiven(t, {
    'a.b-c': 'one two',
    LINES: 'a\n"b"\\n\t\r\f',
    EMPTY: '',
    UTF8: 'é😀',
  });
  for (const line of [
    '"-Da.b-c=one two"',
    String.raw`"-DLINES=a\n\"b\"\\n\t\r\f"`,
    '"-DEMPTY="',
    '"-DUTF8=é😀"',
  ])
    assert.ok(given.options.includes(line), `${line} is missing in ${given.options.join('\n')}`);
  assert.equal(given.mode, 0o600);
  assert.ok(!given.arguments.join(' ').includes('one two'));
});

test('heap and classes follow the memory of the instance', async (t) => {
  const sizes = { 256: [128, 64], 1024: [640, 128], 14_336: [10_624, 512] };
  for (const [memory, [heap, classes]] of Object.entries(sizes)) {
    const given = await javaIsGiven(t, { CG_MEMORY_MIB: memory });
    assert.deepEqual(given.arguments, [
      `-Xmx${heap}m`,
      `-XX:MaxMetaspaceSize=${classes}m`,
      '-jar',
      'app.jar',
    ]);
  }
});

test('options and arguments are words as a shell reads them, and options of the user come last', async (t) => {
  const given = await javaIsGiven(t, {
    CG_MEMORY_MIB: '1024',
    CC_DISABLE_MAX_METASPACE: 'Yes',
    CC_EXTRA_JAVA_ARGS: '-Xmx1m  "-Da=b c"',
    CC_JAR_ARGS: `server "$NAME" *`,
    NAME: 'my file',
  });
  assert.deepEqual(given.arguments, [
    '-Xmx640m',
    '-Xmx1m',
    '-Da=b c',
    '-jar',
    'app.jar',
    'server',
    'my file',
    '*',
  ]);
});

test('a quote that is left open is said with the variable', async (t) => {
  await assert.rejects(
    javaIsGiven(t, { CC_JAR_ARGS: '"open' }),
    /CC_JAR_ARGS cannot be read as words/,
  );
});
