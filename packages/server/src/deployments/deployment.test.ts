import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runLifecycle } from '../runs/run.ts';
import { advance, deploymentLifecycle, isFinal, isSettled, pendingStatuses } from './deployment.ts';
import type { DeploymentEvent } from './deployment.ts';
import type { DeploymentStatus } from '../store/schema.ts';

const statuses = Object.keys(deploymentLifecycle) as DeploymentStatus[];

const reachable = (from: string, table: Record<string, Partial<Record<string, string>>>) => {
  const found = new Set([from]);
  for (const status of found)
    for (const next of Object.values(table[status] ?? {})) if (next !== undefined) found.add(next);
  return found;
};

test('every state can be reached from the first one, and every one leads to an end', () => {
  for (const [table, first] of [
    [deploymentLifecycle, 'queued'],
    [runLifecycle, 'waiting'],
  ] as const) {
    assert.deepEqual([...reachable(first, table)].toSorted(), Object.keys(table).toSorted());
    const isEnd = (status: string) =>
      Object.keys((table as object as Record<string, object>)[status] ?? {}).length === 0;
    for (const status of Object.keys(table))
      assert.ok([...reachable(status, table)].some(isEnd), status);
  }
});

test('whatever is not over can be cancelled and can fail, but what serves cannot', () => {
  for (const status of pendingStatuses) {
    assert.equal(advance(status, 'cancelled'), 'cancelled');
    assert.equal(advance(status, 'failed'), 'failed');
  }
  assert.equal(advance('live', 'cancelled'), undefined);
  assert.equal(advance('live', 'failed'), undefined);
});

test('what is over stays so, whatever comes late', () => {
  const events: DeploymentEvent[] = [
    'built',
    'became_live',
    'run_succeeded',
    'failed',
    'cancelled',
  ];
  for (const status of statuses.filter(isFinal))
    for (const event of events) assert.equal(advance(status, event), undefined);
});

test('what waits or works is not settled, the rest is', () => {
  assert.deepEqual(
    statuses.filter((status) => !isSettled(status)).toSorted(),
    [...pendingStatuses].toSorted(),
  );
});
