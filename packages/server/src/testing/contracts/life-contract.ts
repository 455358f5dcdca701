import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { newId } from '../../lib/ids.ts';
import type { InstanceId } from '../../lib/ids.ts';
import { exitOf, ruleFor, run, runningOf, start, workloadOf } from '../engine.ts';
import type { Open, Rule } from '../engine.ts';
import type { Engine, InstanceSpec, Meter } from '../../workloads/engine.ts';

/** How an instance ends by itself. */
export type End = 'well' | 'with 3' | 'killed' | 'never started' | 'never';

export type Living = {
  engine: Engine & Meter;
  /** An instance that ends so; what is given is changed. */
  ending(end: End, changes?: Partial<InstanceSpec>): InstanceSpec;
  /** The same engine, as a control plane that starts anew opens it. */
  reopen(): Promise<Engine>;
};

type LifeRule = Rule<Living>;

/** What each engine must pass, whatever it runs: who starts, who ends, who is known. */
export function lifeContract(name: string, open: Open<Living>): void {
  const rule = ruleFor(name, open);
  endings(rule);
  asking(rule);
  removing(rule);
}

function endings(rule: LifeRule): void {
  rule('an exit code, a signal and a start that cannot be are told apart', async (subject, t) => {
    const ends = [
      ['well', 'exited', 0, undefined],
      ['with 3', 'exited', 3, undefined],
      ['killed', 'exited', undefined, 'SIGKILL'],
    ] as const;
    for (const [end, reason, code, signal] of ends) {
      const exit = await run(subject, subject.ending(end), t);
      assert.deepEqual([exit.reason, exit.exitCode, exit.signal], [reason, code, signal]);
    }
    const exit = await run(subject, subject.ending('never started'), t);
    assert.notEqual(exit.exitCode, 0);
  });

  rule('whoever watches is told of a start and of an end', async (subject, t) => {
    const told = new Set<InstanceId>();
    const watching = new AbortController();
    subject.engine.watch((id) => told.add(id), watching.signal);
    t.after(() => watching.abort());
    const one = subject.ending('well');
    await run(subject, one, t);
    while (!told.has(one.instanceId)) {
      t.signal.throwIfAborted();
      await nextTurn();
    }
  });
}

function asking(rule: LifeRule): void {
  rule('asked twice, an instance starts once, also when it is over', async (subject, t) => {
    const one = subject.ending('well');
    await start(subject, one, t);
    await start(subject, one, t);
    await exitOf(subject, one, t);
    const seen = await subject.engine.observe(one.instanceId, t.signal);
    await start(subject, one, t);
    assert.deepEqual(await subject.engine.observe(one.instanceId, t.signal), seen);
  });

  rule('instances that are no longer wanted are ended, the others go on', async (subject, t) => {
    const workloadId = newId('workload');
    const [kept, dropped] = [0, 1].map((number) => subject.ending('never', { workloadId, number }));
    assert.ok(kept && dropped);
    await subject.engine.ensure(workloadOf([kept, dropped], 1), t.signal);
    for (const one of [kept, dropped]) await runningOf(subject, one, t);
    await subject.engine.ensure(workloadOf([kept], 1), t.signal);
    assert.equal((await exitOf(subject, dropped, t)).reason, 'stopped');
    assert.equal((await runningOf(subject, kept, t)).status, 'running');
  });

  rule('a new control plane finds what runs, and how it ended', async (subject, t) => {
    const one = subject.ending('never');
    await start(subject, one, t);
    const { startedAt } = await runningOf(subject, one, t);
    const engine = await subject.reopen();
    const [seen] = await engine.list(t.signal);
    assert.deepEqual([seen?.instanceId, seen?.state.status], [one.instanceId, 'running']);
    await engine.ensure(workloadOf([one]), t.signal);
    assert.equal((await runningOf({ engine }, one, t)).startedAt, startedAt);
    await engine.ensure({ ...workloadOf([one], 1), instances: [] }, t.signal);
    assert.equal((await exitOf({ engine }, one, t)).reason, 'stopped');
  });
}

function removing(rule: LifeRule): void {
  rule('what is removed is forgotten, whether it runs or is over', async (subject, t) => {
    const { engine } = subject;
    const [running, over] = [subject.ending('never'), subject.ending('well')];
    await start(subject, running, t);
    await runningOf(subject, running, t);
    await run(subject, over, t);
    for (const { workloadId } of [running, over, running])
      await engine.remove(workloadId, 1, t.signal);
    for (const { instanceId } of [running, over])
      assert.equal(await engine.observe(instanceId, t.signal), undefined);
    assert.deepEqual(await engine.list(t.signal), []);
  });

  rule('what is over is measured no more', async (subject, t) => {
    const one = subject.ending('never');
    await start(subject, one, t);
    await runningOf(subject, one, t);
    while ((await subject.engine.measure(t.signal)).length === 0) t.signal.throwIfAborted();
    await subject.engine.ensure({ ...workloadOf([one], 1), instances: [] }, t.signal);
    await exitOf(subject, one, t);
    assert.deepEqual(await subject.engine.measure(t.signal), []);
  });
}
