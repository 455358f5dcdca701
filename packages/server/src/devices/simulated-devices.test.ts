import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openDevices } from './open-devices.ts';

const open = (simulated: string) =>
  openDevices({ simulated, clock: () => 0, acknowledged: async () => new Map() }).source;

test('a list names counts and models, and the same list the same devices', async (t) => {
  const found = await open('2xH100, 1×l4').list(t.signal);
  assert.deepEqual(
    found.map(({ model, memoryMiB, index, files }) => [model, memoryMiB, index, files]),
    [
      ['NVIDIA H100 80GB HBM3', 81_559, 0, []],
      ['NVIDIA H100 80GB HBM3', 81_559, 1, []],
      ['NVIDIA L4', 23_034, 2, []],
    ],
  );
  const uuids = found.map(({ uuid }) => uuid);
  assert.equal(new Set(uuids).size, 3);
  for (const uuid of uuids) assert.match(uuid, /^GPU-[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  assert.deepEqual(
    (await open('3xT4').list(t.signal)).map(({ uuid }) => uuid),
    uuids,
  );
});

test('a list that names what nobody knows is refused, with what can be written', () => {
  for (const list of ['8xH1', 'H100', '0xH100', '8xH100,', 'x', '1e9xH100'])
    assert.throws(() => open(list), /GRID_SIMULATED_GPUS: ".*" is not understood.*H100/);
});

function file(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'grid-simulated-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'gpus.json');
  return { path, write: (text: string) => writeFileSync(path, text) };
}

test('a file is read at each call: devices vanish, fall ill and are held', async (t) => {
  const { path, write } = file(t);
  const source = open(path);
  const one = { uuid: 'GPU-one', model: 'H100', memoryMiB: 81_559, numa: 1 };
  const slice = { model: 'H100 MIG 1g.10gb', memoryMiB: 9856, parentUuid: 'GPU-two' };
  write(JSON.stringify([{ ...one, holders: [12] }, slice]));
  const [first, second] = await source.list(t.signal);
  assert.deepEqual([first?.uuid, first?.numa, first?.trouble], ['GPU-one', 1, undefined]);
  assert.deepEqual([second?.uuid.slice(0, 4), second?.parentUuid], ['MIG-', 'GPU-two']);
  assert.deepEqual(await source.holders(['GPU-one'], t.signal), new Map([['GPU-one', [12]]]));
  const trouble = { reason: 'xid', detail: 'Xid 79' };
  write(JSON.stringify([{ ...one, trouble }]));
  assert.deepEqual(
    (await source.list(t.signal)).map((device) => device.trouble),
    [trouble],
  );
  write('[]');
  assert.deepEqual(await source.list(t.signal), []);
  await assert.rejects(source.holders(['GPU-one'], t.signal), /who holds GPU-one/);
});

test('devices are measured where the file says how they are, and not at all where it does not', async (t) => {
  const { path, write } = file(t);
  const source = open(path);
  const one = { uuid: 'GPU-one', model: 'H100', memoryMiB: 81_559 };
  const two = { uuid: 'GPU-two', model: 'H100', memoryMiB: 81_559 };
  write(JSON.stringify([{ ...one, utilization: 0, temperatureCelsius: 31 }, two]));
  const unsaid = { memoryUsedMiB: undefined, powerWatts: undefined };
  assert.deepEqual(await source.measure(t.signal), [
    { uuid: 'GPU-one', utilization: 0, temperatureCelsius: 31, ...unsaid },
  ]);
  const all = { utilization: 1, memoryUsedMiB: 8, powerWatts: 70.5, temperatureCelsius: 60 };
  write(JSON.stringify([one, { ...two, ...all }]));
  assert.deepEqual(await source.measure(t.signal), [{ uuid: 'GPU-two', ...all }]);
  assert.deepEqual(await open('2xL4').measure(t.signal), []);
});

test('what is wrong in a file is named by its field', async (t) => {
  const { path, write } = file(t);
  const source = open(path);
  const told = (what: string) => (error: unknown) =>
    error instanceof Error && error.message.includes(path) && error.message.includes(what);
  await assert.rejects(source.list(t.signal), told('no such file'));
  for (const [text, what] of [
    ['{', 'JSON'],
    ['{}', 'the whole'],
    ['[{"model": "H100", "memoryMiB": 0}]', '[0].memoryMiB'],
    ['[{"model": "H100", "memoryMiB": 1, "troubel": {}}]', 'troubel'],
    [
      '[{"model": "H100", "memoryMiB": 1, "trouble": {"reason": "tired", "detail": "x"}}]',
      '[0].trouble.reason',
    ],
    ['[{"model": "H100", "memoryMiB": 1, "utilization": 83}]', '[0].utilization'],
    ['[{"uuid":"a","model":"H","memoryMiB":1},{"uuid":"a","model":"H","memoryMiB":1}]', '[1].uuid'],
  ] as const) {
    write(text);
    await assert.rejects(source.list(t.signal), told(what), text);
  }
});
