import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainFailure } from './build-failure.ts';

const explain = (
  message: string,
  more: { code?: number; lastOutput?: string; memoryMiB?: number } = {},
) =>
  explainFailure({
    message,
    code: more.code,
    dockerfile: 'deep/Dockerfile',
    lastOutput: more.lastOutput ?? '',
    memoryMiB: more.memoryMiB,
  });

const codes: [message: string, code: number][] = [
  ["The command '/bin/sh -c exit code 3' returned a non-zero code: 7", 7],
  ['executor failed running [/bin/sh -c echo exit code: 3; exit 7]: exit code: 7', 7],
  ['failed to solve: process "/bin/sh -c exit 9" did not complete successfully: exit code: 9', 9],
  ['building at STEP "RUN exit 7": while running runtime: exit status 7', 7],
];

for (const [message, code] of codes)
  test(`the exit code is read from: ${message}`, () => {
    const { reason, exitCode } = explain(message);
    assert.deepEqual({ reason, exitCode }, { reason: 'exited', exitCode: code });
  });

const mistakes: [message: string, expected: RegExp][] = [
  [
    'dockerfile parse error line 2: unknown instruction: RUNN',
    /^deep\/Dockerfile, line 2: unknown instruction: RUNN\./,
  ],
  ['failed to solve: dockerfile parse error on line 3: bad', /^deep\/Dockerfile, line 3: bad\./],
  ['failed to compute cache key: "/no pe" not found: not found', /copies no pe, which/],
  [
    'failed to solve: failed to compute cache key: failed to calculate checksum of ref a::b: "/nope": not found',
    /copies nope, which/,
  ],
  [
    'COPY failed: file not found in build context or excluded by .dockerignore: stat nope: file does not exist',
    /copies nope, which/,
  ],
  ['the --mount option requires BuildKit. Refer to …', /CC_DOCKER_BUILDX=false/],
  ['failed to parse Dockerfile: file with no instructions', /has no instructions/],
];

for (const [message, expected] of mistakes)
  test(`a mistake in the file: ${message}`, () => {
    const { reason, detail } = explain(message);
    assert.equal(reason, 'invalid_file');
    assert.match(detail, expected);
  });

test('137 is the memory limit only where there is one', () => {
  const message = "The command 'x' returned a non-zero code: 137";
  assert.equal(explain(message, { code: 137, memoryMiB: 64 }).reason, 'memory_limit');
  assert.equal(explain(message, { code: 137 }).reason, 'exited');
});

test('a full disk is one, said by the engine or by the step that failed', () => {
  assert.equal(explain('write /x: no space left on device').reason, 'disk_full');
  const lastOutput = "dd: writing '/x': No space left on device\n";
  assert.equal(explain('exit code: 1', { lastOutput }).reason, 'disk_full');
  assert.equal(explain('the engine is odd', { lastOutput }).reason, 'exited');
});
