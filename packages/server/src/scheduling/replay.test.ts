import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR, MINUTE } from '../lib/duration.ts';
import { parsePastRuns } from './past-runs.ts';
import type { PastRun } from './past-runs.ts';
import { parseHosts, replay } from './replay.ts';
import type { Replayed } from './replay.ts';

/**
 * Number, submitted, waited, took, processors; …; requested: processors, time, memory. Three hold six of
 * eight for an hour; the fourth wants all; the fifth and the sixth want two, for half an hour and for two.
 */
const WORKLOAD = `; Version: 2.2
; Computer: none
; MaxProcs: 8
1    0 -1 3600 2 -1 -1 2 3600 -1 1 1 1 1 1 1 -1 -1
2    0 -1 3600 2 -1 -1 2 3600 -1 1 1 1 1 1 1 -1 -1
3    0 -1 3600 2 -1 -1 2 3600 -1 1 1 1 1 1 1 -1 -1
4   60 -1 3600 8 -1 -1 8 3600 -1 1 2 1 2 1 1 -1 -1
5  120 -1 1800 2 -1 -1 2 1800 -1 1 3 1 3 1 1 -1 -1
6  180 -1 7200 2 -1 -1 2 7200 -1 1 3 1 3 1 1 -1 -1
7  200 -1   -1 2 -1 -1 2 7200 -1 0 3 1 3 1 1 -1 -1
`;

const { runs } = parsePastRuns(WORKLOAD);
const hostsOf = (list: string) => parseHosts(list) ?? assert.fail(`${list} is no list`);

const minutes = ({ meanWait, p95Wait, longestWait }: Replayed): number[] =>
  [meanWait, p95Wait, longestWait].map((time) => Math.round(time / MINUTE));

test('each policy is what it is: nobody goes ahead, anybody does, or whoever delays no reservation', () => {
  const of = (overtaking: 'none' | 'any' | 'backfill') =>
    replay(runs, { hosts: hostsOf('8xH100'), overtaking });
  const [none, any, backfill] = [of('none'), of('any'), of('backfill')];
  // 4 starts after 60, and then 5 and 6 after 120
  assert.deepEqual(minutes(none), [49, 118, 118]);
  // 5 starts at once, 6 follows it, and 4 waits for that
  assert.deepEqual(minutes(any), [30, 151, 151]);
  // 5 starts at once, 4 after 60, and 6 after 120
  assert.deepEqual(minutes(backfill), [29, 117, 117]);
  const work = (3 * 2 + 8 + 1 + 4) / 8;
  assert.equal(none.utilisation, work / 4);
  assert.equal(any.runs, 6);
});

test('more devices, less waiting', () => {
  const wait = (list: string) =>
    replay(runs, { hosts: hostsOf(list), overtaking: 'backfill' }).meanWait;
  assert.ok(wait('12xH100') < wait('8xH100'));
  assert.equal(wait('8xH100,8xH100,8xH100'), 0);
});

test('a replay is the same each time', () => {
  const once = () => replay(runs, { hosts: hostsOf('4xH100,4xH100'), overtaking: 'backfill' });
  assert.deepEqual(once(), once());
});

const one: PastRun = {
  at: 5,
  duration: HOUR,
  estimate: HOUR,
  nodes: 1,
  gpus: 1,
  memoryMiB: 100,
  deviceClass: undefined,
};

test('what these hosts could never hold is counted, and holds up nobody', () => {
  const never = [
    { ...one, gpus: 9 },
    { ...one, deviceClass: 'L4' },
    { ...one, memoryMiB: 1_001 },
    { ...one, gpus: 8, nodes: 2 },
  ];
  const hosts = parseHosts('8xH100', 1_000) ?? [];
  const found = replay([...never, { ...one, deviceClass: 'H100' }, { ...one, gpus: 0 }], {
    hosts,
    overtaking: 'none',
  });
  assert.deepEqual([found.runs, found.neverFit, found.longestWait], [2, 4, 0]);
  assert.equal(found.utilisation, 1 / 8);
});

test('of nothing there is nothing to tell', () => {
  assert.deepEqual(replay([], { hosts: hostsOf('1xL4'), overtaking: 'any' }), {
    runs: 0,
    neverFit: 0,
    utilisation: 0,
    meanWait: 0,
    p95Wait: 0,
    longestWait: 0,
  });
});

test('hosts are named by their devices', () => {
  assert.deepEqual(parseHosts('8xH100, 4×L4+1 x L4', 7), [
    { memoryMiB: 7, devices: { H100: 8 } },
    { memoryMiB: 7, devices: { L4: 5 } },
  ]);
  for (const list of ['', '8', 'H100', '0xH100', '8xH100,', '8xH100+']) {
    assert.equal(parseHosts(list), undefined, list);
  }
});
