import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { healthPaths, judgeHealth, pauseAfter, startTimeout } from './health.ts';
import type { CheckResult, HealthRule } from './health.ts';

const rule: HealthRule = { port: 8080, paths: ['/'], configured: false, deadline: 1000 };
const check = (status: number | undefined, listening = true): CheckResult => ({
  path: '/',
  listening,
  status,
});
const healthy = (configured: boolean, status: number): boolean =>
  judgeHealth({ ...rule, configured }, [check(status)], 0).healthy;

test('without a path any answer but a server’s error is healthy; a path of the user’s must be found', () => {
  assert.deepEqual(
    [200, 302, 404, 500].map((status) => healthy(false, status)),
    [true, true, true, false],
  );
  assert.deepEqual(
    [200, 204, 302, 404, 500].map((status) => healthy(true, status)),
    [true, true, false, false, false],
  );
});

test('every path must pass', () => {
  const paths = [check(200), { path: '/ready', listening: true, status: 503 }];
  const verdict = judgeHealth({ ...rule, configured: true }, paths, 0);
  assert.ok(!verdict.healthy && !verdict.over);
  assert.match(verdict.detail, /GET \/ready 503/);
});

test('until the deadline it may still come; after it, the reason says what to do', () => {
  const [before, after] = [999, 1000].map((now) =>
    judgeHealth(rule, [check(undefined, false)], now),
  );
  assert.ok(
    before?.healthy === false && !before.over && before.detail.includes('0.0.0.0:8080 yet'),
  );
  assert.ok(after?.healthy === false && after.over && after.detail.includes('not 127.0.0.1'));
});

test('the paths are the user’s in their order, else the root', () => {
  assert.deepEqual(healthPaths({}), { paths: ['/'], configured: false });
  const named = {
    CC_HEALTH_CHECK_PATH_10: '/c',
    CC_HEALTH_CHECK_PATH_2: '/b',
    CC_HEALTH_CHECK_PATH: '/a',
    CC_HEALTH_CHECK_PATH_X: '/d',
  };
  assert.deepEqual(healthPaths(named), { paths: ['/a', '/b', '/c'], configured: true });
});

test('a start may take five minutes, fifteen with a GPU, or what the user says within reason', () => {
  const minutes = (environment: Record<string, string>, gpus = 0): number =>
    startTimeout(environment, gpus) / 60_000;
  assert.deepEqual([minutes({}), minutes({}, 1)], [5, 15]);
  assert.equal(minutes({ CG_START_TIMEOUT: '600' }), 10);
  for (const wrong of ['0', '4', '3601', 'soon', ''])
    assert.equal(minutes({ CG_START_TIMEOUT: wrong }), 5, wrong);
});

test('a start is noticed within a tenth of its time, or 25 ms, and never later than 2 s', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 30_000 }), (elapsed) => {
      const pause = pauseAfter(elapsed);
      assert.ok(pause >= 25 && pause <= 2000 && (pause <= 25 || pause <= elapsed / 10));
    }),
  );
});

test('a path is taken as users write it', () => {
  const paths = (path: string) => healthPaths({ CC_HEALTH_CHECK_PATH: path }).paths;
  assert.deepEqual(paths('health'), ['/health']);
  assert.deepEqual(paths(' //health?a=%20b '), ['/health?a=%20b']);
  assert.deepEqual(paths('/é x\ny'), ['/%C3%A9%20x%0Ay']);
  assert.equal(healthPaths({ CC_HEALTH_CHECK_PATH: ' ' }).configured, false);
});
