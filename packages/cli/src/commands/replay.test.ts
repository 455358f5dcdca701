import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const bin = join(import.meta.dirname, '..', '..', '..', '..', 'bin', 'grid');
const folder = mkdtempSync(join(tmpdir(), 'grid-replay-'));
after(() => rmSync(folder, { recursive: true }));

const hour = 3_600_000;
const runs = [
  { createdAt: 0, duration: hour, estimate: hour, gpus: 6 },
  { createdAt: 1, duration: hour, estimate: hour, gpus: 8 },
  { createdAt: 2, duration: hour / 2, estimate: hour / 2, gpus: 2 },
  { createdAt: 3, duration: hour, gpus: 10 },
];
const file = join(folder, 'runs.jsonl');
writeFileSync(file, runs.map((run) => JSON.stringify(run)).join('\n'));

const replay = (...args: string[]): Promise<{ code: number; out: string; errors: string }> =>
  new Promise((resolve) => {
    execFile(bin, ['replay', ...args], (error, out, errors) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, errors }),
    );
  });

test('policies and lists of hosts are compared in a table', async () => {
  const { code, out } = await replay(file, '--gpus', '8xH100', '--gpus', '16xH100');
  assert.equal(code, 0);
  assert.equal(
    out,
    `GPUS     OVERTAKING  RUNS  UTILISATION  MEAN WAIT  95 % WITHIN  LONGEST WAIT
8xH100   none           3  75 %         60 min     2 h          2 h
8xH100   any            3  94 %         20 min     60 min       60 min
8xH100   backfill       3  94 %         20 min     60 min       60 min
16xH100  none           4  78 %         15 min     60 min       60 min
16xH100  any            4  78 %         15 min     60 min       60 min
16xH100  backfill       4  78 %         15 min     60 min       60 min

1 never fit on 8xH100, and are left out.
`,
  );
});

test('for programs it is JSON, in milliseconds', async () => {
  const options = ['--gpus', '8xH100', '--overtaking', 'none', '--format', 'json'];
  const { out } = await replay(file, ...options);
  const found = JSON.parse(out) as { compared: { longestWait: number; neverFit: number }[] };
  assert.deepEqual(
    found.compared.map(({ longestWait, neverFit }) => [longestWait, neverFit]),
    [[2 * hour - 2, 1]],
  );
});

test('misused, it ends with 2 and says what is wrong', async () => {
  const broken = join(folder, 'broken');
  writeFileSync(broken, '{"createdAt":1}');
  for (const [args, why] of [
    [[file], /--gpus/],
    [[file, '--gpus', 'eight'], /Name hosts by their devices/],
    [[join(folder, 'none'), '--gpus', '8xH100'], /cannot be read/],
    [[broken, '--gpus', '8xH100'], /Line 1: duration/],
  ] as const) {
    const { code, errors } = await replay(...args);
    assert.equal(code, 2, errors);
    assert.match(errors, why);
  }
});
