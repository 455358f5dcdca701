import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  NotUnderstood,
  parseGpus,
  parseHolders,
  parseListing,
  parseMeasures,
  toPciAddress,
} from './parse-devices.ts';
import type { GpuRow } from './parse-devices.ts';

const H100 = 'GPU-2c5f2b0e-6f4b-9d8c-1f0d-0f7f6f3a9b11';
const T4 = 'GPU-d1a1b7f0-93ae-5fd2-8a3c-0d6e8a6a1f52';

const h100: GpuRow = {
  index: 0,
  uuid: H100,
  model: 'NVIDIA H100 80GB HBM3',
  memoryMiB: 81_559,
  pciBus: '0000:1b:00.0',
  driver: '570.86.15',
  sliced: false,
  uncorrectedErrors: 0,
  failure: undefined,
};

const H100_LINE = `0, ${H100}, NVIDIA H100 80GB HBM3, 81559, 00000000:1B:00.0, 570.86.15, Disabled, 0`;

const unreached: GpuRow = {
  ...h100,
  uuid: undefined,
  model: undefined,
  memoryMiB: undefined,
  driver: undefined,
};

for (const [what, text, expected] of [
  ['an H100', `${H100_LINE}\n`, [h100]],
  [
    'a T4, which has no slices',
    `1, ${T4}, Tesla T4, 15360, 00000000:00:1E.0, 470.57.02, [N/A], 0`,
    [
      {
        ...h100,
        index: 1,
        uuid: T4,
        model: 'Tesla T4',
        memoryMiB: 15_360,
        pciBus: '0000:00:1e.0',
        driver: '470.57.02',
      },
    ],
  ],
  [
    'an A100 that is cut',
    H100_LINE.replace('Disabled', 'Enabled').replace(/0$/, '[N/A]'),
    [{ ...h100, sliced: true }],
  ],
  [
    'a card for games, which counts no errors',
    H100_LINE.replace('Disabled, 0', '[Not Supported], [Not Supported]'),
    [h100],
  ],
  [
    'one that shares the memory of the machine',
    H100_LINE.replace('81559', '[N/A]'),
    [{ ...h100, memoryMiB: undefined }],
  ],
  ['errors of its memory', H100_LINE.replace(/0$/, '3'), [{ ...h100, uncorrectedErrors: 3 }]],
  [
    'one whose memory is not told',
    H100_LINE.replace('81559', '[Unknown Error]'),
    [{ ...h100, memoryMiB: undefined, failure: '[Unknown Error]' }],
  ],
  [
    'one that says ERR! in place of its name',
    H100_LINE.replace('NVIDIA H100 80GB HBM3', 'ERR!'),
    [{ ...h100, model: undefined, failure: 'ERR!' }],
  ],
  [
    'one that is lost, without its UUID',
    H100_LINE.replace(H100, '[GPU is lost]'),
    [{ ...h100, uuid: undefined, failure: '[GPU is lost]' }],
  ],
  [
    'one that must be reset',
    H100_LINE.replace(/0$/, '[GPU requires reset]'),
    [{ ...h100, failure: '[GPU requires reset]' }],
  ],
  [
    'a row that ends early',
    `0, ${H100}, NVIDIA H100 80GB HBM3`,
    [
      {
        ...h100,
        memoryMiB: undefined,
        pciBus: undefined,
        driver: undefined,
        failure: `0, ${H100}, NVIDIA H100 80GB HBM3`,
      },
    ],
  ],
  [
    'one that does not answer beside one that does',
    `Unable to determine the device handle for GPU3: 0000:5F:00.0: Unknown Error\n${H100_LINE}`,
    [{ ...unreached, index: 3, pciBus: '0000:5f:00.0', failure: 'Unknown Error' }, h100],
  ],
  [
    'the same in the words of older tools',
    'Unable to determine the device handle for GPU 0000:65:00.0: GPU is lost.  Reboot the system to recover this GPU',
    [
      {
        ...unreached,
        pciBus: '0000:65:00.0',
        failure: 'GPU is lost.  Reboot the system to recover this GPU',
      },
    ],
  ],
  [
    'a notice beside an answer',
    `${H100_LINE}\nWARNING: infoROM is corrupted at gpu 0000:1B:00.0\n`,
    [h100],
  ],
] satisfies [string, string, GpuRow[]][])
  test(`GPUs are read: ${what}`, () => assert.deepEqual(parseGpus(text), expected));

for (const text of [
  '',
  'command not found',
  '{"gpus": []}',
  'Failed to initialize NVML: Driver/library version mismatch',
  `${H100_LINE}\nSegmentation fault`,
  'index, uuid, name',
  '0, , NVIDIA H100 80GB HBM3, 81559, 00000000:1B:00.0, 570.86.15, Disabled, 0',
])
  test(`this is no list of GPUs: ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseGpus(text), NotUnderstood);
  });

test('whatever the tool prints is read or not understood', () => {
  const piece = fc.constantFrom(
    '0',
    H100,
    ', ',
    '\n',
    '[N/A]',
    'ERR!',
    'Enabled',
    '00000000:1B:00.0',
  );
  const printed = fc.array(fc.oneof(piece, fc.string({ maxLength: 5 }))).map((all) => all.join(''));
  fc.assert(
    fc.property(printed, (text) => {
      for (const parse of [parseGpus, parseHolders, parseListing, parseMeasures])
        try {
          parse(text);
        } catch (error) {
          assert.ok(error instanceof NotUnderstood);
        }
    }),
  );
});

const A100 = 'GPU-8b0c1a5e-4f0d-7a0b-9c9e-52a7b3c1d2e4';

test('slices are listed below their GPU, by the names of old and new drivers', () => {
  const text = `GPU 0: NVIDIA A100-SXM4-40GB (UUID: ${A100})
  MIG 3g.20gb     Device  0: (UUID: MIG-c7384736-a75d-5afc-978f-d2f1294409fd)
  MIG 1c.2g.10gb+me Device 1: (UUID: MIG-${A100}/5/0)
GPU 1: Tesla T4 (UUID: ${T4})
`;
  assert.deepEqual(parseListing(text), {
    gpus: [A100, T4],
    slices: [
      {
        uuid: 'MIG-c7384736-a75d-5afc-978f-d2f1294409fd',
        parentUuid: A100,
        profile: '3g.20gb',
        number: 0,
      },
      { uuid: `MIG-${A100}/5/0`, parentUuid: A100, profile: '1c.2g.10gb+me', number: 1 },
    ],
  });
});

test('holders are read, also those that the tool cannot name', () => {
  assert.deepEqual(parseHolders(''), []);
  assert.deepEqual(parseHolders('No running processes found\n'), []);
  assert.deepEqual(parseHolders('WARNING: infoROM is corrupted at gpu 0000:1B:00.0\n'), []);
  assert.deepEqual(parseHolders(`${H100}, 4711\n${T4}, 12\n`), [
    { uuid: H100, pid: 4711 },
    { uuid: T4, pid: 12 },
  ]);
  assert.deepEqual(parseHolders(`${H100}, [N/A]\n[Unknown Error], 12`), [
    { uuid: H100, pid: undefined },
    { uuid: undefined, pid: 12 },
  ]);
  for (const text of ['what?', H100, `${H100}, many`, `${H100}, 1, 2`])
    assert.throws(() => parseHolders(text), NotUnderstood);
});

test('what devices do is read, with units or without, as far as the driver says it', () => {
  const text = `${H100}, 97, 75000, 640.21, 61\n${T4}, 5 %, 120 MiB, [N/A], 38\n[GPU is lost], 0, 0, 0, 0`;
  assert.deepEqual(parseMeasures(text), [
    {
      uuid: H100,
      utilization: 0.97,
      memoryUsedMiB: 75_000,
      powerWatts: 640.21,
      temperatureCelsius: 61,
    },
    {
      uuid: T4,
      utilization: 0.05,
      memoryUsedMiB: 120,
      powerWatts: undefined,
      temperatureCelsius: 38,
    },
  ]);
});

test('the bus is named as Linux does', () => {
  assert.equal(toPciAddress('00000000:1B:00.0'), '0000:1b:00.0');
  assert.equal(toPciAddress('00010002:AF:00.0'), '0002:af:00.0');
  assert.equal(toPciAddress('0000:65:00.0'), '0000:65:00.0');
});
