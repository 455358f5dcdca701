import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DockerError } from './client.ts';
import { isTransient, retryTransient } from './retry-transient.ts';

const busy = new DockerError(500, 'iptables failed: CHAIN_ADD failed (Device or resource busy)');

test('what fails for a moment is tried again, what lasts is not', async (t) => {
  for (const [status, message] of [
    [404, 'No such image'],
    [500, 'OCI runtime create failed: exec: "/nothing": no such file or directory'],
    [500, 'write /x: no space left on device'],
  ] as const)
    assert.equal(isTransient(new DockerError(status, message)), false, message);
  assert.equal(isTransient(busy), true);
  assert.equal(isTransient(new DockerError(403, 'Address already in use')), true);
  let tries = 0;
  const work = async (): Promise<number> => {
    tries += 1;
    if (tries < 2) throw busy;
    return tries;
  };
  assert.equal(await retryTransient(work, t.signal), 2);
});
