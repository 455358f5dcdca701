import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { Unavailable } from '../../lib/unavailable.ts';
import { lifeContract } from '../../testing/contracts/life-contract.ts';
import type { End } from '../../testing/contracts/life-contract.ts';
import { workloadOf } from '../../testing/engine.ts';
import { makeSpec } from '../../testing/instance.ts';
import type { InstanceSpec } from '../../workloads/engine.ts';
import type { Fate } from './fate.ts';
import { createSimulatedEngine } from './simulated-engine.ts';

const fates: Record<End, Fate> = {
  well: { runsFor: 0 },
  'with 3': { runsFor: 0, exit: { exitCode: 3 } },
  killed: { runsFor: 0, exit: { signal: 'SIGKILL' } },
  'never started': { runsFor: 0, exit: { reason: 'start_failed' } },
  never: {},
};

function open() {
  const directory = mkdtempSync(join(tmpdir(), 'grid-simulated-'));
  const time = { now: 1_000 };
  const known = new Map<string, Fate>();
  const engine = createSimulatedEngine({
    name: 'process',
    clock: () => time.now,
    memoryMiB: 1_024,
    fateOf: ({ instanceId }) => known.get(instanceId) ?? {},
  });
  const fated = (fate: Fate, changes?: Partial<InstanceSpec>): InstanceSpec => {
    const spec = makeSpec(directory, '', changes);
    known.set(spec.instanceId, fate);
    return spec;
  };
  return { engine, time, fated, directory };
}

lifeContract('simulated engine', async (t) => {
  const { engine, fated, directory } = open();
  t.after(() => rmSync(directory, { recursive: true }));
  return {
    engine,
    ending: (end, changes) => fated(fates[end], changes),
    reopen: async () => engine,
  };
});

test('an instance is over when its time is, and not before', async (t) => {
  const { engine, time, fated } = open();
  const one = fated({ runsFor: 500, exit: { exitCode: 1 } });
  await engine.ensure(workloadOf([one]), t.signal);
  const status = async () => (await engine.observe(one.instanceId, t.signal))?.state;
  time.now += 499;
  assert.equal((await status())?.status, 'running');
  assert.equal(engine.nextEnd(), 1_500);
  time.now += 1;
  assert.deepEqual(await status(), {
    status: 'exited',
    startedAt: 1_000,
    exit: {
      at: 1_500,
      exitCode: 1,
      signal: undefined,
      reason: 'exited',
      step: 'script',
      detail: undefined,
    },
  });
  assert.deepEqual(engine.over(), [one.instanceId]);
});

test('of an engine that is away nobody learns anything, and ends are told when it is back', async (t) => {
  const { engine, fated } = open();
  const one = fated({ runsFor: 0 });
  await engine.ensure(workloadOf([one]), t.signal);
  const told: string[] = [];
  engine.watch((id) => told.push(id), t.signal);
  engine.setAway(true);
  engine.tick();
  await assert.rejects(engine.list(t.signal), Unavailable);
  assert.deepEqual([told, engine.over()], [[], []]);
  engine.setAway(false);
  engine.tick();
  engine.tick();
  assert.deepEqual(told, [one.instanceId]);
});

test('whoever serves answers, and nobody else', async (t) => {
  const { engine, fated } = open();
  const [serving, silent] = [fated({}), fated({ serves: false })];
  for (const one of [serving, silent]) await engine.ensure(workloadOf([one]), t.signal);
  const connection = await engine.connect(serving.instanceId, 8080, t.signal);
  connection.write('GET / HTTP/1.1\r\n\r\n');
  assert.match(await text(connection), /^HTTP\/1\.1 200/);
  await assert.rejects(engine.connect(silent.instanceId, 8080, t.signal), /ECONNREFUSED/);
  engine.lose(serving.instanceId);
  await assert.rejects(engine.connect(serving.instanceId, 8080, t.signal), /ECONNREFUSED/);
});
