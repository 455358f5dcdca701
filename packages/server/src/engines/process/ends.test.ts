import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { exitOf, prints, start, workloadOf } from '../../testing/engine.ts';
import { makeSpec } from '../../testing/instance.ts';
import { silentLog } from '../../testing/log.ts';
import { need } from '../../testing/need.ts';
import type { InstanceSpec } from '../../workloads/engine.ts';
import { createProcessEngine } from './process-engine.ts';
import type { ProcessEngine } from './process-engine.ts';

async function open(t: TestContext, isolation: 'auto' | 'none') {
  const directory = mkdtempSync(join(tmpdir(), 'grid-ends-'));
  const options = { directory, isolation, allowedNetworks: [], log: silentLog } as const;
  const engine = await createProcessEngine(options);
  t.after(async () => {
    const signal = AbortSignal.timeout(30_000);
    for (const { workloadId } of await engine.list(signal))
      await engine.remove(workloadId, 0, signal);
    await engine.destroy();
    rmSync(directory, { recursive: true, force: true });
  });
  return { engine, directory };
}

type Recorded = { pid: number; groups: string[] };

/** What is done with an instance before its supervisor is killed. */
const befores: Readonly<
  Record<string, (engine: ProcessEngine, spec: InstanceSpec, t: TestContext) => Promise<void>>
> = {
  'was killed': async () => undefined,
  async 'was killed while it gave time to end'(engine, spec, t) {
    await engine.ensure({ ...workloadOf([spec], 60), instances: [] }, t.signal);
    await prints(spec, /told/, t);
  },
};

for (const isolation of ['auto', 'none'] as const)
  for (const [what, before] of Object.entries(befores))
    test(`nothing is left of an instance whose supervisor ${what}, once it is removed (${isolation})`, async (t) => {
      const { engine, directory } = await open(t, isolation);
      if (!need(t, engine.host.cgroups, 'control groups that can be written')) return;
      const patient = `trap 'echo told' TERM; echo up; while :; do sleep 0.05; done`;
      const spec = makeSpec(directory, `setsid -f sh -c "${patient}"; exec sleep 600`);
      await start({ engine }, spec, t);
      await prints(spec, /up/, t);
      const home = join(directory, 'instances', spec.instanceId);
      const recorded = (): Recorded =>
        JSON.parse(readFileSync(join(home, 'instance.json'), 'utf8')) as Recorded;
      const { pid, groups } = recorded();
      assert.ok(groups.length > 0 && groups.every((group) => existsSync(group)));
      await before(engine, spec, t);
      process.kill(pid, 'SIGKILL');
      assert.equal((await exitOf({ engine }, spec, t)).reason, 'supervisor_lost');
      await engine.remove(spec.workloadId, 0, t.signal);
      assert.deepEqual(
        groups.filter((group) => existsSync(group)),
        [],
      );
      assert.equal(existsSync(home), false);
    });

test('an instance starts although a supervisor was killed before it wrote down that it is its own', async (t) => {
  const { engine, directory } = await open(t, 'none');
  const spec = makeSpec(directory, 'exit 0');
  mkdirSync(join(directory, 'instances', spec.instanceId));
  await start({ engine }, spec, t);
  assert.equal((await exitOf({ engine }, spec, t)).exitCode, 0);
});

test('an instance that is ended as soon as it is seen does not live through its grace', async (t) => {
  const { engine, directory } = await open(t, 'auto');
  if (!need(t, engine.host.isolated, 'isolation (grid doctor)')) return;
  const graceSeconds = 5;
  for (let round = 0; round < 20; round += 1) {
    const spec = makeSpec(directory, 'exec sleep 600');
    await start({ engine }, spec, t);
    while ((await engine.observe(spec.instanceId, t.signal)) === undefined)
      t.signal.throwIfAborted();
    const asked = Date.now();
    await engine.remove(spec.workloadId, graceSeconds, t.signal);
    assert.ok(Date.now() - asked < graceSeconds * 1000, `round ${round}: it was not told to end`);
  }
});
