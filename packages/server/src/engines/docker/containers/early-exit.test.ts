import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unavailable } from '../../../lib/unavailable.ts';
import { DockerError } from '../client.ts';
import { EarlyExit, exitOfStart } from './early-exit.ts';
import { isTransient } from '../retry-transient.ts';

test('a start that came to nothing says why, and what helps', () => {
  for (const [error, reason, detail] of [
    [new Error('broken'), 'start_failed', /^start_failed: broken$/],
    [new DockerError(500, 'odd'), 'start_failed', /^start_failed: odd$/],
    [new DockerError(500, 'write: no space left on device'), 'disk_full', /can free some/],
    [
      new DockerError(500, 'could not select device driver "nvidia" with capabilities: [[gpu]]'),
      'start_failed',
      /container toolkit \(could not select/,
    ],
    [
      new DockerError(500, 'CDI device injection failed: unresolvable CDI devices'),
      'start_failed',
      /container toolkit/,
    ],
    [new EarlyExit({ reason: 'before_failed', detail: 'hook' }), 'before_failed', /^hook$/],
  ] as const) {
    const end = exitOfStart(error, 5);
    assert.deepEqual([end.reason, end.at], [reason, 5]);
    assert.match(end.detail ?? '', detail);
  }
  assert.throws(() => exitOfStart(new Unavailable('away'), 5), Unavailable);
});

test('nothing that gives GPUs to containers is not waited for', () => {
  assert.equal(isTransient(new DockerError(500, 'could not select device driver "nvidia"')), false);
});
