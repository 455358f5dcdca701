import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { exitOf, prints, start, textOf, withLimit } from '../../testing/engine.ts';
import { makeSpec } from '../../testing/instance.ts';
import { silentLog } from '../../testing/log.ts';
import { needRoot } from '../../testing/need.ts';
import type { InstanceSpec } from '../../workloads/engine.ts';
import { createProcessEngine } from './process-engine.ts';

/** An engine on a disk of its own, of so many MiB; without a size, on this machine's. */
async function open(t: TestContext, sizeMiB?: number) {
  const directory = mkdtempSync(join(tmpdir(), 'grid-disk-'));
  const options = ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', directory];
  if (sizeMiB !== undefined) execFileSync('mount', options);
  const engine = await createProcessEngine({
    directory,
    isolation: 'auto',
    allowedNetworks: [],
    log: silentLog,
  });
  t.after(async () => {
    const signal = AbortSignal.timeout(30_000);
    for (const { workloadId } of await engine.list(signal))
      await engine.remove(workloadId, 0, signal);
    await engine.destroy();
    if (sizeMiB !== undefined) execFileSync('umount', ['--lazy', directory]);
    rmSync(directory, { recursive: true, force: true });
  });
  return { engine, directory };
}

const write = (mebibytes: number): string => `head -c ${mebibytes}m /dev/zero > big; echo written`;
const limited = (spec: InstanceSpec): InstanceSpec =>
  withLimit(spec, { memoryMiB: 2048, diskMiB: 2048 });

test('who fills the disk of all is ended, although within its limit, and the others go on', async (t) => {
  if (!needRoot(t, 'to mount a small disk')) return;
  const { engine, directory } = await open(t, 400);
  const modest = makeSpec(directory, `${write(20)}; while :; do echo on; sleep 0.1; done`);
  await start({ engine }, limited(modest), t);
  await prints(modest, /on/, t);
  const greedy = makeSpec(directory, `${write(370)}; exec sleep 600`);
  await start({ engine }, limited(greedy), t);
  const { reason, detail } = await exitOf({ engine }, greedy, t);
  assert.equal(reason, 'disk_full');
  assert.match(detail ?? '', /this machine's disk is nearly full, and it wrote \d+ MiB of what/);
  const said = (await textOf(modest)).length;
  while ((await textOf(modest)).length === said) t.signal.throwIfAborted();
  assert.equal((await engine.observe(modest.instanceId, t.signal))?.state.status, 'running');
});

test('nothing is started while the disk is nearly full, and it is said why', async (t) => {
  if (!needRoot(t, 'to mount a small disk')) return;
  const { engine, directory } = await open(t, 400);
  const ballast = join(directory, 'ballast');
  writeFileSync(ballast, Buffer.alloc(385 * 2 ** 20));
  const refused = makeSpec(directory, 'exit 0');
  await start({ engine }, refused, t);
  const { reason, detail } = await exitOf({ engine }, refused, t);
  assert.equal(reason, 'start_failed');
  assert.match(
    detail ?? '',
    /^disk_full: this machine's disk has \d+ MiB left, and starts take 20\./,
  );
  rmSync(ballast);
  const taken = makeSpec(directory, 'exit 0');
  await start({ engine }, taken, t);
  assert.equal((await exitOf({ engine }, taken, t)).exitCode, 0);
});

/** Room that is taken at once, beside many files, and where nobody is expected to look. */
const BOMBS: Readonly<Record<string, string>> = {
  'room that nothing is written to': 'fallocate -l 300M big',
  'many small files': `python3 -c '
for number in range(4_000): open(str(number), "w").write("x")'`,
  'room behind many empty files': `python3 -c '
for number in range(3_000): open(str(number), "w").close()'; fallocate -l 300M big`,
  'a file in a folder that is closed': `mkdir a; fallocate -l 300M a/big; chmod 0 a`,
  'a file in a folder that shows names alone': `mkdir a; fallocate -l 300M a/big; chmod 400 a`,
  'a removed file that one thread has open': `exec python3 -c '
import ctypes, os, threading, time
def work():
    ctypes.CDLL(None).unshare(0x400)
    file = os.open("big", os.O_CREAT | os.O_WRONLY); os.unlink("big"); os.posix_fallocate(file, 0, 300 << 20)
    print("written", flush=True); time.sleep(20)
threading.Thread(target=work).start()'`,
  'a removed file that is mapped': `exec python3 -c '
import mmap, os, time
file = os.open("big", os.O_CREAT | os.O_RDWR); os.posix_fallocate(file, 0, 300 << 20)
keep = mmap.mmap(file, 300 << 20); os.unlink("big"); os.closerange(3, 100)
print("written", flush=True); time.sleep(20)'`,
};

for (const [what, script] of Object.entries(BOMBS))
  test(`an instance is held to its disk, whatever fills it: ${what}`, async (t) => {
    const { engine, directory } = await open(t);
    const spec = makeSpec(directory, `${script}; echo written; exec sleep 20`);
    await start({ engine }, withLimit(spec, { diskMiB: 8 }), t);
    const exit = await exitOf({ engine }, spec, t);
    assert.equal(exit.reason, 'disk_full', `${JSON.stringify(exit)} ${await textOf(spec)}`);
  });
