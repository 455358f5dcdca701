import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { need } from '../../testing/need.ts';
import { changesOf } from './watch-changes.ts';

test('what is new, gone or of another time has changed', () => {
  const before = new Map([
    ['same', 1],
    ['gone', 1],
    ['later', 1],
  ]);
  const after = new Map([
    ['same', 1],
    ['later', 2],
    ['new', 2],
  ]);
  assert.deepEqual(changesOf(before, after).toSorted(), ['gone', 'later', 'new']);
  assert.deepEqual(changesOf(after, after), []);
});

/** Watches, changes, waits for the call back; in a user namespace where the kernel gives this many watches. */
const watchWith = (folder: string, watches: number) => {
  const program = `import { watchChanges } from '${join(import.meta.dirname, 'watch-changes.ts')}';
import { writeFileSync } from 'node:fs';
const stop = new AbortController();
const alive = setInterval(() => undefined, 1000);
watchChanges('${folder}', (name) => { console.log(name); clearInterval(alive); stop.abort(); }, stop.signal);
writeFileSync('${folder}/changed', '');`;
  const words = `echo ${watches} > /proc/sys/user/max_inotify_instances && exec "$0" --disable-warning=ExperimentalWarning --input-type=module-typescript --eval "$1"`;
  const args = ['--user', '--map-root-user', 'sh', '-c', words, process.execPath, program];
  return spawnSync('unshare', args, { encoding: 'utf8', timeout: 30_000 });
};

for (const [what, watches] of [
  ['by the kernel', 10],
  ['by looking where the kernel has no watch left', 0],
] as const)
  test(`a change is seen ${what}`, (t) => {
    if (!need(t, spawnSync('unshare', ['--user', 'true']).status === 0, 'user namespaces')) return;
    const folder = mkdtempSync(join(tmpdir(), 'grid-watch-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const { stdout, stderr } = watchWith(folder, watches);
    assert.equal(stdout, 'changed\n', stderr);
  });
