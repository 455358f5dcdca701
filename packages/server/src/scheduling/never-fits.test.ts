import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Refusal } from '../lib/refusal.ts';
import { classFor, describeUnmatched, openClasses } from '../devices/flavor-devices.ts';
import type { FlavorDevices } from '../devices/flavor-devices.ts';
import { flavors } from '../testing/flavors.ts';
import { chooseBuildFlavor, chooseDefaultFlavor, describeUnknown } from './flavor.ts';
import type { Flavor } from './flavor.ts';
import { openEmpty, refuseWhatNeverFits } from './never-fits.ts';
import type { PooledDevice } from './pool.ts';

const h100: PooledDevice = { host: 'local', model: 'NVIDIA H100 80GB HBM3', parentUuid: null };

const machineOf = (
  memoryMiB: number,
  devices: readonly PooledDevice[],
  {
    known = flavors,
    flavorDevices = [],
  }: { known?: readonly Flavor[]; flavorDevices?: FlavorDevices } = {},
) => openEmpty({ pool: { hosts: [{ name: 'local', memoryMiB }], flavorDevices }, devices }, known);

const machine = (memoryMiB: number, gpus: number) =>
  machineOf(
    memoryMiB,
    Array.from({ length: gpus }, () => h100),
  );

function refusal(memoryMiB: number, wanted: { flavor: string; nodes?: number }, gpus = 0): Refusal {
  try {
    refuseWhatNeverFits(machine(memoryMiB, gpus), { nodes: 1, ...wanted });
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

test('a size that never fits is refused with the nearest that does', () => {
  const { code, message } = refusal(8192, { flavor: '3XL' });
  assert.equal(code, 'never_fits');
  assert.match(message, /32768 MiB each.*there are 8192 MiB.*nearest that fits is 1 × L\./);
});

test('too many nodes are refused with a size for as many, else with fewer nodes', () => {
  assert.match(refusal(8192, { flavor: 'L', nodes: 4 }).message, /nearest that fits is 4 × S\./);
  assert.match(refusal(1024, { flavor: 'XS', nodes: 40 }).message, /fewer nodes: 1 × pico fits/);
});

test('a size with a GPU is refused where there is none, and named where there is', () => {
  assert.match(refusal(99_999, { flavor: 'ML_S' }).message, /nearest that fits is 1 × XL/);
  assert.match(refusal(99_999, { flavor: 'ML_M' }, 1).message, /nearest that fits is 1 × ML_S/);
  refuseWhatNeverFits(machine(99_999, 1), { flavor: 'ML_S', nodes: 1 });
});

test('who asks for GPUs is named a size with GPUs, and who asks for none is named none', () => {
  const wide = { flavor: 'ML_XS', nodes: 3 };
  assert.match(refusal(99_999, wide, 2).message, /nearest that fits is 2 × ML_XS\.$/);
  const tall = { flavor: 'ML_3XL', nodes: 2 };
  assert.match(refusal(99_999, tall, 4).message, /nearest that fits is 2 × ML_L\.$/);
  assert.match(refusal(28_000, { flavor: '3XL' }, 8).message, /nearest that fits is 1 × 2XL\.$/);
  assert.match(
    refusal(99_999, { flavor: 'ML_S' }).message,
    /No size with GPUs fits; the nearest that fits is 1 × XL\.$/,
  );
});

test('a size that does not exist is refused with those that do', () => {
  const { code, fields } = refusal(8192, { flavor: 'XXL' });
  assert.equal(code, 'invalid');
  assert.match(fields['flavor'] ?? '', /pico, nano, XS/);
});

test('what is refused never fits, what is not does, and the nearest that is named fits', () => {
  const wanted = fc.record({
    flavor: fc.constantFrom(...flavors.map(({ name }) => name)),
    nodes: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(
      wanted,
      fc.integer({ min: 256, max: 500_000 }),
      fc.nat(8),
      (size, memoryMiB, gpus) => {
        const fits = (name: string, nodes: number): boolean => {
          const flavor = flavors.find((one) => one.name === name);
          return (
            flavor !== undefined &&
            flavor.memoryMiB * nodes <= memoryMiB &&
            flavor.gpus * nodes <= gpus
          );
        };
        if (fits(size.flavor, size.nodes))
          return refuseWhatNeverFits(machine(memoryMiB, gpus), size);
        const [, nodes, name = ''] =
          /(\d+) × (\w+)(?:\.$| fits)/.exec(refusal(memoryMiB, size, gpus).message) ?? [];
        assert.ok(fits(name, Number(nodes)), `${size.nodes} × ${size.flavor} → ${nodes} × ${name}`);
      },
    ),
  );
});

test('a size is found by its other name, too', () => {
  refuseWhatNeverFits(machine(99_999, 3), { flavor: 'ML_XXL', nodes: 1 });
});

test('sizes that are chosen where nobody chose fit the machine', () => {
  assert.deepEqual(
    [
      machine(99_999, 0),
      machine(99_999, 1),
      machine(8_000, 1),
      machine(300, 1),
      machine(99, 1),
    ].map(({ fits }) => chooseDefaultFlavor(flavors, (flavor) => fits(flavor, 1)).name),
    ['XS', 'ML_S', 'ML_XS', 'pico', 'XS'],
  );
  const builds = [256, 512, 1024, 2048, 99_999].map(
    (memoryMiB) => chooseBuildFlavor(flavors, { memoryMiB }).name,
  );
  assert.deepEqual(builds, ['pico', 'nano', 'XS', 'S', 'S']);
});

test('where the catalogue was replaced, what nobody chose is as large as the usual, or as near below as fits', () => {
  const known = [64, 4096, 65_536].map((memoryMiB) => ({
    ...sized(`${memoryMiB}`, 0, null),
    memoryMiB,
  }));
  const chosen = [99, 4095, 4096, 99_999].map((memoryMiB) => {
    const { fits } = machineOf(memoryMiB, [], { known });
    const usual = chooseDefaultFlavor(known, (flavor) => fits(flavor, 1)).name;
    return [usual, chooseBuildFlavor(known, { memoryMiB }).name];
  });
  const [tiny, mid] = [
    ['64', '64'],
    ['4096', '4096'],
  ];
  assert.deepEqual(chosen, [tiny, tiny, mid, mid]);
});

test('a size may name a model as every object is called', () => {
  const known = ['constructor', '__proto__'].map((model) => sized(model, 1, model));
  const odd = known.map(({ name }): PooledDevice => ({ ...h100, model: name }));
  const fitting = (devices: readonly PooledDevice[]) => {
    const { fits } = machineOf(99_999, devices, { known });
    return known.filter((one) => fits(one, 1)).map(({ name }) => name);
  };
  assert.deepEqual(fitting(odd), ['constructor', '__proto__']);
  assert.deepEqual(fitting([h100]), []);
  assert.throws(
    () =>
      refuseWhatNeverFits(machineOf(99_999, [h100], { known }), {
        flavor: 'constructor',
        nodes: 1,
      }),
    /there are 99999 MiB and 0 × GPU constructor/,
  );
});

const mapping = [
  { flavor: 'ML_XS', model: 'MIG 1g.10gb' },
  { flavor: 'ML_S', model: 'l4' },
  { flavor: '*', model: 'H100' },
];
const l4: PooledDevice = { ...h100, model: 'NVIDIA L4' };
const slice: PooledDevice = { ...h100, model: `${h100.model} MIG 1g.10gb`, parentUuid: 'GPU-1' };

test('a device is of the class of the first partition that names it, and a size means its own partition or the rest’s', () => {
  assert.deepEqual(
    [slice, l4, h100].map((device) => openClasses(mapping, [], []).of(device)),
    ['MIG 1g.10gb', 'l4', 'H100'],
  );
  assert.deepEqual(
    ['ML_XS', 'ML_S', 'ML_3XL'].map((flavor) => classFor(flavor, mapping)),
    ['MIG 1g.10gb', 'l4', 'H100'],
  );
  assert.equal(classFor('ML_3XL', [{ flavor: 'ML_S', model: 'l4' }]), undefined);
});

test('without a mapping any whole GPU will do, and no slice', () => {
  assert.deepEqual(
    [slice, l4, h100].map((device) => openClasses([], [], []).of(device)),
    [undefined, 'gpu', 'gpu'],
  );
});

test('a size that the operator mapped to nothing, or to what is not there, never fits and says so', () => {
  const ask = (flavor: string) => () =>
    refuseWhatNeverFits(machineOf(99_999, [h100], { flavorDevices: mapping }), {
      flavor,
      nodes: 1,
    });
  assert.throws(ask('ML_L'), /2 GPU H100 each\) never fits here.* 1 × GPU H100/);
  assert.throws(ask('ML_S'), /ML_S \(14336 MiB, 1 GPU l4 each\) never fits.* 0 × GPU l4/);
  const unmapped = machineOf(99_999, [l4], { flavorDevices: [{ flavor: 'ML_S', model: 'l4' }] });
  assert.throws(
    () => refuseWhatNeverFits(unmapped, { flavor: 'ML_XS', nodes: 1 }),
    /no devices that the operator mapped to it/,
  );
});

test('a mapping of what is no size with GPUs is told', () => {
  const [unknown, ...rest] = describeUnknown([...mapping, { flavor: 'XS' }], flavors);
  assert.match(unknown ?? '', /maps XS, and no size with GPUs is called so/);
  assert.deepEqual(rest, []);
});

const sized = (name: string, gpus: number, deviceModel: string | null): Flavor => {
  const known = flavors[0] ?? assert.fail();
  return { ...known, name, gpus, deviceModel, origin: 'operator' };
};

test('a size means the GPUs whose model it names by whole words; who names none takes any', () => {
  const l40s: PooledDevice = { ...h100, model: 'NVIDIA L40S' };
  const known = [
    sized('any', 2, null),
    sized('l4', 1, 'L4'),
    sized('h100', 2, 'h100'),
    sized('cut', 1, 'MIG 1g.10gb'),
  ];
  const fitting = (devices: PooledDevice[], flavorDevices: FlavorDevices = []) => {
    const { fits } = machineOf(99_999, devices, { known, flavorDevices });
    return known.filter((one) => fits(one, 1)).map(({ name }) => name);
  };
  assert.deepEqual(fitting([h100, h100]), ['any', 'h100']);
  assert.deepEqual(fitting([l40s, slice]), ['cut']);
  assert.deepEqual(fitting([l4, h100]), ['l4'], 'all GPUs of a node are of a class');
  assert.deepEqual(fitting([l40s, l40s, l4]), ['any', 'l4']);
  const mapped = [{ flavor: 'any', model: 'L4' }];
  assert.deepEqual(fitting([l4, l4, h100, h100], mapped), ['any', 'l4', 'h100']);
});

test('the nearest that fits has the same model where there is one', () => {
  const known = [sized('l4', 1, 'L4'), sized('l4s', 4, 'L4'), sized('h100', 3, 'H100')];
  const devices = [l4, h100, h100, h100];
  assert.throws(
    () => refuseWhatNeverFits(machineOf(99_999, devices, { known }), { flavor: 'l4s', nodes: 1 }),
    /4 GPU L4 each.* 1 × GPU L4 to give.* nearest that fits is 1 × l4\./,
  );
});

test('a partition that fits no device is told with those that there are', () => {
  const [first, second, ...rest] = describeUnmatched(mapping, [h100]);
  assert.match(
    first ?? '',
    /maps ML_XS to "MIG 1g\.10gb", and no device here is one: there are NVIDIA H100/,
  );
  assert.match(second ?? '', /maps ML_S/);
  assert.deepEqual(rest, []);
});
