import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFlavorName } from './flavor.ts';
import { planFlavors } from './plan-flavors.ts';

const GIB = 1024;
const gpus = (count: number, model = 'NVIDIA H100 80GB HBM3', parentUuid: string | null = null) =>
  Array.from({ length: count }, () => ({ model, parentUuid }));

const names = (host: Parameters<typeof planFlavors>[0]) => planFlavors(host).map((one) => one.name);

test('a machine with 8 GPUs and 2 TiB gets sizes of 1, 2, 4 and 8 with their share, and the last is nearly all of it', () => {
  const host = { memoryMiB: 2048 * GIB, cpus: 192, devices: gpus(8) };
  const planned = planFlavors(host);
  assert.deepEqual(
    planned
      .filter((one) => one.gpus > 0)
      .map((one) => [one.name, one.cpus, one.memoryMiB / GIB, one.gpus, one.deviceModel]),
    [
      ['1xH100', 24, 240, 1, 'H100'],
      ['2xH100', 48, 480, 2, 'H100'],
      ['4xH100', 96, 960, 4, 'H100'],
      ['8xH100', 192, 1920, 8, 'H100'],
    ],
  );
  assert.deepEqual(
    planned.filter((one) => one.gpus === 0).map((one) => [one.name, one.cpus, one.memoryMiB / GIB]),
    [
      ['4XL', 32, 64],
      ['5XL', 64, 128],
      ['6XL', 128, 256],
      ['7XL', 192, 512],
      ['8XL', 192, 1024],
    ],
  );
  assert.equal(planned.find(({ name }) => name === '8xH100')?.microEurosPerDay, 80_000_000);
});

test('all GPUs of a model make a size, also where they are no power of two; slices make none', () => {
  const six = { memoryMiB: 64 * GIB, cpus: 12, devices: gpus(6, 'NVIDIA L4') };
  assert.deepEqual(names(six), ['1xL4', '2xL4', '4xL4', '6xL4']);
  const cut = gpus(7, 'NVIDIA H100 80GB HBM3 MIG 1g.10gb', 'GPU-1');
  assert.deepEqual(names({ memoryMiB: 32 * GIB, cpus: 8, devices: cut }), []);
  assert.deepEqual(names({ memoryMiB: 32 * GIB, cpus: 8, devices: [] }), []);
});

test('a model is named by what tells it apart', () => {
  const nameOf = (model: string) =>
    planFlavors({ memoryMiB: GIB, cpus: 1, devices: gpus(1, model) })[0];
  for (const [model, name, words] of [
    ['NVIDIA A100-SXM4-80GB', '1xA100', 'A100'],
    ['NVIDIA GeForce RTX 4090', '1xRTX4090', 'RTX 4090'],
    ['NVIDIA RTX 6000 Ada Generation', '1xRTX6000Ada', 'RTX 6000 Ada'],
    ['Tesla V100-SXM2-16GB', '1xV100', 'V100'],
    ['NVIDIA GH200 480GB', '1xGH200', 'GH200'],
    ['NVIDIA L40S', '1xL40S', 'L40S'],
    ['NVIDIA', '1xNVIDIA', 'NVIDIA'],
  ])
    assert.deepEqual([nameOf(model ?? '')?.name, nameOf(model ?? '')?.deviceModel], [name, words]);
});

test('models that share their short name are told apart, each with its own GPUs', () => {
  const host = {
    memoryMiB: 64 * GIB,
    cpus: 12,
    devices: [...gpus(2, 'NVIDIA A100-SXM4-40GB'), ...gpus(2, 'NVIDIA A100-SXM4-80GB')],
  };
  assert.deepEqual(
    planFlavors(host).map((one) => [one.name, one.deviceModel]),
    [
      ['1xA100-SXM4-40GB', 'A100-SXM4-40GB'],
      ['2xA100-SXM4-40GB', 'A100-SXM4-40GB'],
      ['1xA100-SXM4-80GB', 'A100-SXM4-80GB'],
      ['2xA100-SXM4-80GB', 'A100-SXM4-80GB'],
    ],
  );
  const others = [...gpus(1, 'Quadro RTX 6000'), ...gpus(1, 'NVIDIA RTX 6000 Ada Generation')];
  assert.deepEqual(
    planFlavors({ ...host, devices: others }).map((one) => [one.name, one.deviceModel]),
    [
      ['1xRTX6000', 'Quadro RTX 6000'],
      ['1xRTX6000Ada', 'RTX 6000 Ada'],
    ],
  );
});

test('a name is one that can be asked for, told apart in any capitals, and cut between words', () => {
  const named = (...models: string[]) =>
    names({ memoryMiB: GIB, cpus: 1, devices: models.flatMap((model) => gpus(1, model)) });
  assert.deepEqual(named('()', '…', ''), []);
  assert.deepEqual(named('N/A'), ['1xNA']);
  assert.deepEqual(named('AMD Instinct MI300X (OAM)'), ['1xAMDInstinctMI300XOAM']);
  assert.deepEqual(named('RTX 4090', 'RTX4090'), ['1xRTX4090', '1xRTX4090-2']);
  const long = 'Accelerator of the Second Generation Extended';
  assert.deepEqual(named(`${long} A`, `${long} B`).map(isFlavorName), [true, true]);
  const words = fc.constantFrom('NVIDIA', 'A100', 'a100', 'RTX', '4090', '80GB', 'x'.repeat(40));
  const models = fc.array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.array(words, { maxLength: 6 }).map((all) => all.join(' ')),
      fc.array(words, { maxLength: 6 }).map((all) => all.join('-')),
    ),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(models, (some) => {
      const all = named(...some);
      for (const name of all) assert.ok(isFlavorName(name), name);
      assert.equal(new Set(all.map((name) => name.toLowerCase())).size, all.length);
    }),
  );
});

test('as many of a size as there are GPUs for have room together', () => {
  const machines = fc.record({
    memoryMiB: fc.integer({ min: 8 * GIB, max: 4096 * GIB }),
    cpus: fc.integer({ min: 1, max: 512 }),
    h100: fc.integer({ min: 0, max: 16 }),
    l4: fc.integer({ min: 0, max: 16 }),
  });
  fc.assert(
    fc.property(machines, ({ memoryMiB, cpus, h100, l4 }) => {
      const devices = [...gpus(h100), ...gpus(l4, 'NVIDIA L4')];
      for (const one of planFlavors({ memoryMiB, cpus, devices })) {
        assert.ok(isFlavorName(one.name), one.name);
        assert.ok(one.memoryMiB <= memoryMiB && one.cpus >= 1);
        const all = one.deviceModel === 'L4' ? l4 : h100;
        if (one.gpus > 0) assert.ok(Math.floor(all / one.gpus) * one.memoryMiB <= memoryMiB);
      }
    }),
  );
});
