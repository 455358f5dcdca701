import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exit } from './engine.ts';
import { sentenceOf } from './workload.ts';

const exit: Exit = {
  at: 0,
  exitCode: 3,
  signal: undefined,
  reason: 'before_failed',
  step: 'CC_PRE_RUN_HOOK',
  detail: undefined,
};

test('an end before the command names the step that failed, unless the engine says more', () => {
  assert.equal(sentenceOf(exit), 'CC_PRE_RUN_HOOK failed (exit code 3)');
  const killed = { ...exit, exitCode: undefined, signal: 'SIGKILL' };
  assert.equal(sentenceOf(killed), 'CC_PRE_RUN_HOOK failed (signal SIGKILL)');
  assert.equal(sentenceOf({ ...exit, detail: 'more' }), 'more');
  assert.equal(sentenceOf({ ...exit, reason: 'exited' }), undefined);
  assert.equal(sentenceOf({ ...exit, step: '' }), undefined);
});
