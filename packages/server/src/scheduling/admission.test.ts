import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Refusal } from '../lib/refusal.ts';
import { decideAdmission } from './admission.ts';
import { defaultBuildFlavor, defaultFlavor, findFlavor, flavors } from './flavor.ts';
import { refuseWhatNeverFits } from './never-fits.ts';

const pool = { memoryMiB: 4096 };

test('what fits is admitted when nobody is ahead', () => {
  assert.deepEqual(decideAdmission(pool, { needMiB: 1024, heldMiB: 3072, ahead: 0 }), {
    admit: true,
  });
});

test('what does not fit now is told how much is free', () => {
  assert.deepEqual(decideAdmission(pool, { needMiB: 1025, heldMiB: 3072, ahead: 0 }), {
    admit: false,
    reason: 'no_memory',
    detail: 'Needs 1025 MiB of memory; 1024 of 4096 MiB are free. It starts when others end.',
  });
});

test('nobody overtakes, however small', () => {
  const decision = decideAdmission(pool, { needMiB: 1, heldMiB: 0, ahead: 2 });
  assert.ok(!decision.admit);
  assert.equal(decision.reason, 'behind_others');
});

test('what the machine cannot hold at all does not wait for it', () => {
  const decision = decideAdmission(pool, { needMiB: 4097, heldMiB: 0, ahead: 5 });
  assert.ok(!decision.admit);
  assert.equal(decision.reason, 'never_fits');
});

test('what is admitted never holds more than the pool', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 30 });
  fc.assert(
    fc.property(sizes, (needs) => {
      let heldMiB = 0;
      for (const needMiB of needs)
        if (decideAdmission(pool, { needMiB, heldMiB, ahead: 0 }).admit) heldMiB += needMiB;
      assert.ok(heldMiB <= pool.memoryMiB);
    }),
  );
});

function refusal(memoryMiB: number, wanted: { flavor: string; nodes?: number }, gpus = 0): Refusal {
  try {
    refuseWhatNeverFits({ pool: { memoryMiB }, gpus }, { nodes: 1, ...wanted });
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

test('a size that never fits is refused with the nearest that does', () => {
  const { code, message } = refusal(8192, { flavor: '3XL' });
  assert.equal(code, 'never_fits');
  assert.match(message, /32768 MiB each.*has 8192 MiB.*nearest that fits is 1 × L\./);
});

test('too many nodes are refused with a size for as many, else with fewer nodes', () => {
  assert.match(refusal(8192, { flavor: 'L', nodes: 4 }).message, /nearest that fits is 4 × S\./);
  assert.match(refusal(1024, { flavor: 'XS', nodes: 40 }).message, /fewer nodes: 1 × pico fits/);
});

test('a size with a GPU is refused where there is none, and named where there is', () => {
  assert.match(refusal(99_999, { flavor: 'ML_S' }).message, /nearest that fits is 1 × XL/);
  assert.match(refusal(99_999, { flavor: 'ML_M' }, 1).message, /nearest that fits is 1 × ML_S/);
  refuseWhatNeverFits({ pool: { memoryMiB: 99_999 }, gpus: 1 }, { flavor: 'ML_S', nodes: 1 });
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
          const flavor = findFlavor(name);
          return (
            flavor !== undefined &&
            flavor.memoryMiB * nodes <= memoryMiB &&
            flavor.gpus * nodes <= gpus
          );
        };
        if (fits(size.flavor, size.nodes))
          return refuseWhatNeverFits({ pool: { memoryMiB }, gpus }, size);
        const [, nodes, name = ''] =
          /(\d+) × (\w+)(?:\.$| fits)/.exec(refusal(memoryMiB, size, gpus).message) ?? [];
        assert.ok(fits(name, Number(nodes)), `${size.nodes} × ${size.flavor} → ${nodes} × ${name}`);
      },
    ),
  );
});

test('a GPU costs 10 € a day, whatever its size, and other sizes what the list says', () => {
  for (const { gpus, microEurosPerDay } of flavors.filter((flavor) => flavor.gpus > 0))
    assert.equal(microEurosPerDay, gpus * 10_000_000);
  assert.equal(findFlavor('XS')?.microEurosPerDay, 533_333);
  assert.equal(findFlavor('ML_XXL')?.name, 'ML_2XL');
});

test('sizes that are chosen where nobody chose fit the machine', () => {
  assert.deepEqual([defaultFlavor(0), defaultFlavor(1)], ['XS', 'ML_S']);
  const builds = [256, 512, 1024, 2048, 99_999].map((memoryMiB) =>
    defaultBuildFlavor({ memoryMiB }),
  );
  assert.deepEqual(builds, ['pico', 'nano', 'XS', 'S', 'S']);
});
