import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndReason } from '../lib/reason.ts';
import { STEP, describeBroken } from './describe-broken.ts';

const build = {
  name: 'Building the image of Dockerfile',
  needs: { setting: 'CC_DOCKERFILE', file: { path: 'Dockerfile', executable: false } },
  image: { builder: 'buildkit', login: undefined, arguments: [] },
} as const;

test('an image that could not be made is named by its Dockerfile, with why', () => {
  const broken = (reason: EndReason, detail: string) =>
    describeBroken(
      { build },
      { number: STEP.build, succeeded: false, reason, detail, exitCode: null },
    );
  assert.deepEqual(broken('exited', 'exit code 2'), {
    reason: 'build_failed',
    detail: 'Building the image of Dockerfile failed (exit code 2); the lines above say why.',
  });
  assert.deepEqual(broken('timeout', 'timeout'), {
    reason: 'build_timeout',
    detail: 'Building the image of Dockerfile took longer than 30 minutes and was ended.',
  });
  assert.deepEqual(broken('invalid_file', 'line 3: there is no instruction RUNN.'), {
    reason: 'invalid_file',
    detail: 'Building the image of Dockerfile failed: line 3: there is no instruction RUNN.',
  });
});
