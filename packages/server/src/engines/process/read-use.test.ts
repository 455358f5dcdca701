import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { readUse, trafficOf } from './read-use.ts';

/** A folder with these files. */
function write(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'grid-use-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const computed = (groups: readonly string[], sampled = '/no/such/file') => {
  const { cpuMilliseconds, memoryBytes } = readUse({ groups, sampled, inNetwork: undefined });
  return [cpuMilliseconds, memoryBytes];
};

test('a group of version 2 tells time and memory, without the file cache', (t) => {
  const group = write(t, {
    'cpu.stat': 'usage_usec 2500400\nuser_usec 2000000\nsystem_usec 500400\n',
    'memory.current': '104857600\n',
    'memory.stat': 'anon 50000000\ninactive_anon 5\ninactive_file 4857600\nactive_file 7\n',
  });
  assert.deepEqual(computed([group]), [2500, 100_000_000]);
});

test('groups of version 1 tell each their part; what is below them counts', (t) => {
  const root = write(t, {
    'memory/memory.usage_in_bytes': '104857600\n',
    'memory/memory.stat': 'cache 1\ninactive_file 1\ntotal_inactive_file 4857600\n',
    'pids/pids.current': '1\n',
    'cpuacct/cpuacct.usage': '2500400000\n',
  });
  const groups = ['memory', 'pids', 'cpuacct'].map((name) => join(root, name));
  assert.deepEqual(computed(groups), [2500, 100_000_000]);
});

test('what a group does not tell is not known, and none that is gone tells anything', (t) => {
  const group = write(t, { 'memory.current': '4096\n' });
  assert.deepEqual(computed([group]), [undefined, 4096]);
  assert.deepEqual(computed([join(group, 'gone')]), [undefined, undefined]);
});

test('without groups it is what the supervisor has sampled, once it has', (t) => {
  const folder = write(t, { 'use.json': '{"cpuMilliseconds": 12, "memoryBytes": 34}' });
  assert.deepEqual(computed([], join(folder, 'use.json')), [12, 34]);
  assert.deepEqual(computed([]), [undefined, undefined]);
});

test('all interfaces count but the loopback, also where numbers touch the name', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  999999      10    0    0    0     0          0         0   999999      10    0    0    0     0       0          0
  eth0:100 2 0 0 0 0 0 0 200 2 0 0 0 0 0 0
  eth1: 10 2 0 0 0 0 0 0 20 2 0 0 0 0 0 0
`;
  assert.deepEqual(trafficOf(text), { receivedBytes: 110, sentBytes: 220 });
});
