import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '../../../lib/ids.ts';
import { toMeasure } from './measure-containers.ts';
import type { Stats } from './measure-containers.ts';

const instanceId = newId('instance');
const memory = (memory_stats: Stats['memory_stats']): number | undefined =>
  toMeasure(instanceId, { cpu_stats: { cpu_usage: { total_usage: 0 } }, memory_stats }).memoryBytes;

test('the file cache is left out, by its name in each version of control groups', () => {
  assert.equal(memory({ usage: 100, stats: { inactive_file: 30 } }), 70);
  assert.equal(memory({ usage: 100, stats: { total_inactive_file: 40, inactive_file: 30 } }), 60);
  assert.equal(memory({ usage: 20, stats: { inactive_file: 30 } }), 0);
  assert.equal(memory({}), undefined);
});

test('time is in milliseconds, and all networks count', () => {
  const stats: Stats = {
    cpu_stats: { cpu_usage: { total_usage: 1_234_567_890 } },
    memory_stats: {},
    networks: { eth0: { rx_bytes: 1, tx_bytes: 2 }, eth1: { rx_bytes: 10, tx_bytes: 20 } },
  };
  const { cpuMilliseconds, receivedBytes, sentBytes } = toMeasure(instanceId, stats);
  assert.deepEqual([cpuMilliseconds, receivedBytes, sentBytes], [1235, 11, 22]);
});

test('a container without a network has no traffic that could be told', () => {
  const stats = { cpu_stats: { cpu_usage: { total_usage: 0 } }, memory_stats: {} };
  assert.equal(toMeasure(instanceId, stats).sentBytes, undefined);
});
