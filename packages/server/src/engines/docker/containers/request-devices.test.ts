import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { knowsGpus, readCdi, requestDevices } from './request-devices.ts';

const gpu = (uuid: string) => ({ uuid, files: ['/dev/nvidia0'] });
const both = [gpu('GPU-one'), gpu('MIG-two')];

const byToolkit = {
  Driver: 'nvidia',
  DeviceIDs: ['GPU-one', 'MIG-two'],
  Capabilities: [['gpu', 'compute', 'utility']],
};
const byCdi = { Driver: 'cdi', DeviceIDs: ['nvidia.com/gpu=GPU-one', 'nvidia.com/gpu=MIG-two'] };
const SPEC = 'kind: nvidia.com/gpu\ndevices:\n- name: "0"\n- name: GPU-one\n- name: MIG-two\n';

for (const [what, discovered, specs, expected] of [
  ['an engine without CDI', undefined, [], byToolkit],
  ['an engine that names both', byCdi.DeviceIDs, [], byCdi],
  ['an engine that names one of them', byCdi.DeviceIDs.slice(0, 1), [SPEC], byToolkit],
  [
    'an engine that names them by number',
    ['nvidia.com/gpu=0', 'nvidia.com/gpu=all'],
    [],
    byToolkit,
  ],
  ['an engine that has CDI and no devices', [], [], byToolkit],
  ['an older engine whose files name both', undefined, ['', SPEC], byCdi],
  ['an older engine whose files name one', undefined, [SPEC.replace('MIG-two', '1')], byToolkit],
  [
    'an older engine whose files are of other devices',
    undefined,
    [SPEC.replace('nvidia.com/gpu', 'vendor.com/net')],
    byToolkit,
  ],
] as const)
  test(`GPUs are asked for by UUID: ${what}`, () => {
    assert.deepEqual(requestDevices(both, { discovered, specs }), [expected]);
  });

test('nothing is asked for where there are no devices, or only simulated ones', () => {
  const known = { discovered: ['nvidia.com/gpu=GPU-one'], specs: [] };
  assert.deepEqual(requestDevices([], known), []);
  assert.deepEqual(requestDevices([{ uuid: 'GPU-one', files: [] }], known), []);
});

test('specs are read from the folders that the engine names', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'grid-cdi-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'nvidia.yaml'), SPEC);
  writeFileSync(join(folder, 'README'), 'nvidia.com/gpu');
  const found = await readCdi({ CDISpecDirs: ['/no/such/folder', folder] });
  assert.deepEqual(found, { discovered: undefined, specs: [SPEC] });
  assert.equal(knowsGpus(found), true);
  assert.equal(knowsGpus(await readCdi({ CDISpecDirs: [folder], DiscoveredDevices: [] })), false);
  assert.equal(knowsGpus(await readCdi({})), false);
});
