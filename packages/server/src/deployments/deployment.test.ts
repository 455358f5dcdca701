import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathOf } from '../states/machine.ts';
import { deploymentMachine, isFinal, isSettled, pendingStatuses } from './deployment.ts';
import type { Deployment } from './deployment.ts';

const statuses = Object.keys(deploymentMachine.states) as Deployment['status'][];

test('whatever is not over can be cancelled and can fail, but what serves cannot', () => {
  for (const event of ['cancelled', 'failed'] as const)
    assert.deepEqual(pathOf(deploymentMachine, event), { from: [...pendingStatuses], to: event });
});

test('what waits or works is not settled, the rest is', () => {
  assert.deepEqual(
    statuses.filter((status) => !isSettled(status)),
    [...pendingStatuses],
  );
  assert.deepEqual(
    statuses.filter((status) => isSettled(status) && !isFinal(status)),
    ['live'],
  );
});
