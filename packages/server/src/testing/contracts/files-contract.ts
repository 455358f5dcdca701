import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { run, start, textOf, withLimit } from '../engine.ts';
import type { Rule, Subject } from '../engine.ts';

/** What each engine must pass of files that an instance writes for a while. */
export function filesContract(rule: Rule): void {
  onDisk(rule);
  ofItsOwn(rule);
  withBase(rule);
}

/** Where programs write such files; without isolation these are this machine's, and programs are told of another. */
const placesOf = ({ isolated }: Subject): readonly string[] =>
  isolated ? ['/tmp', '/var/tmp'] : ['$TMPDIR'];

const FILL = 'head -c 200m /dev/zero';

function onDisk(rule: Rule): void {
  rule('temporary files are on the disk, not in memory', async (subject, t) => {
    const places = placesOf(subject);
    const lines = places.map((place) => `${FILL} > ${place}/big && stat -c %a ${place}`);
    const one = withLimit(subject.spec(lines.join(' && ')), { memoryMiB: 96 });
    const exit = await run(subject, one, t);
    assert.deepEqual([exit.reason, exit.exitCode], ['exited', 0], exit.detail);
    assert.equal(await textOf(one), places.map(() => '1777').join('\n'));
  });

  rule('temporary files count as disk', async (subject, t) => {
    const exits = placesOf(subject).map((place) => {
      const one = subject.spec(`${FILL} > ${place}/big; exec sleep 600`);
      return run(subject, withLimit(one, { diskMiB: 64 }), t);
    });
    for (const { reason, detail } of await Promise.all(exits))
      assert.equal(reason, 'disk_full', detail);
  });

  rule('shared memory is memory', async (subject, t) => {
    if (!subject.isolated) return;
    const hold = `exec python3 -c 'import time; held = b"x" * (80 << 20); time.sleep(600)'`;
    const one = subject.spec(`head -c 400m /dev/zero > /dev/shm/big; ${hold}`);
    const exit = await run(subject, withLimit(one, { memoryMiB: 96 }), t);
    assert.equal(exit.reason, 'memory_limit', `${JSON.stringify(exit)} ${await textOf(one)}`);
  });
}

function ofItsOwn(rule: Rule): void {
  rule('temporary files are the instance’s own, and gone after it', async (subject, t) => {
    const places = placesOf(subject);
    const look = places.map((place) => `ls -A ${place}; touch ${place}/here`).join('; ');
    const first = subject.spec(`${look}; exec sleep 600`);
    const { ownerId, applicationId } = first;
    await start(subject, first, t);
    for (const number of [1, 2]) {
      const one = subject.spec(look, { ownerId, applicationId, number });
      assert.equal((await run(subject, one, t)).exitCode, 0);
      assert.equal(await textOf(one), '');
    }
  });

  rule('nobody follows a link that is left among temporary files', async (subject, t) => {
    const made = subject.spec('');
    const beside = join(made.files.application.source, '..', 'beside');
    mkdirSync(beside, { recursive: true });
    writeFileSync(join(beside, 'canary'), Buffer.alloc(80 * 2 ** 20));
    const lines = placesOf(subject).map(
      (place) =>
        `ln -s ${beside} ${place}/link; ln -s ${beside}/canary ${place}/file; mkdir ${place}/deep; ln -s ../../../../../../../../../.. ${place}/deep/up; chmod 0 ${place}/deep`,
    );
    const script = `${lines.join('; ')}; sleep 1.5`;
    const one = withLimit(subject.spec(script), { diskMiB: 64 });
    assert.equal((await run(subject, one, t)).reason, 'exited');
    await subject.engine.remove(one.workloadId, 0, t.signal);
    assert.ok(existsSync(join(beside, 'canary')));
  });
}

const INSTALL = 'cd /opt/env && echo old > old && mkdir -p folder && echo gone > folder/gone';

/** As builds do: a copy is made where the engine shows none, and kept where it is not kept yet. */
const CHANGE = `[ -n "$(ls -A /opt/env)" ] || cp -R "$1/." /opt/env
cat /opt/env/old /opt/env/folder/gone
echo changed > /opt/env/old && rm -r /opt/env/folder && mkdir /opt/env/folder && echo new > /opt/env/folder/new
[ ! -d /opt/env.kept ] || cp -R /opt/env/. /opt/env.kept`;

function withBase(rule: Rule): void {
  rule('what is made of dependencies is kept, and they stay as they are', async (subject, t) => {
    const made = subject.spec(INSTALL);
    const at = (name: string): string => join(made.files.application.source, '..', '..', name);
    const [base, source] = [at('base'), at('kept')];
    const installed = { source: base, access: 'writable' } as const;
    const first = { ...made, files: { ...made.files, environment: installed } };
    assert.equal((await run(subject, first, t)).exitCode, 0, await textOf(first));
    const { ownerId, applicationId } = first;
    const next = subject.spec('', { ownerId, applicationId, number: 1 });
    const argv = ['/bin/sh', '-c', CHANGE, 'change', base] as const;
    const environment = { source, access: 'writable', base } as const;
    const files = { ...next.files, environment, readOnly: [base] };
    const second = { ...next, files, command: { name: 'change', argv } };
    const { exitCode } = await run(subject, second, t);
    assert.deepEqual([await textOf(second), exitCode], ['old\ngone', 0]);
    assert.deepEqual(read(base), { old: 'old\n', 'folder/gone': 'gone\n' });
    assert.deepEqual(read(source), { old: 'changed\n', 'folder/new': 'new\n' });
  });
}

/** The files of a folder, with what they say. */
const read = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => lstatSync(join(folder, path)).isFile())
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  );
