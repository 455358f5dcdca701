import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Unavailable } from '../../lib/unavailable.ts';
import type { Device } from '../device.ts';
import { BOOTED_AT, driverEntry, fakeMachine } from '../../testing/nvidia.ts';
import type { FakeMachine } from '../../testing/nvidia.ts';

const ONE = 'GPU-11111111-6f4b-9d8c-1f0d-0f7f6f3a9b11';
const TWO = 'GPU-22222222-6f4b-9d8c-1f0d-0f7f6f3a9b22';

const row = (index: number, uuid: string, bus: string, last = 'Disabled, 0'): string =>
  `${index}, ${uuid}, NVIDIA H100 80GB HBM3, 81559, 00000000:${bus}:00.0, 570.86.15, ${last}\n`;

const gpuFolder = (bus: string): string => `proc/driver/nvidia/gpus/0000:${bus}:00.0/information`;

/** Two GPUs; the driver's minors are the other way round than the tool's list. */
function twoGpus(machine: FakeMachine): FakeMachine {
  machine.answer('gpus', row(0, ONE, '1B') + row(1, TWO, '65'));
  machine.kernel(gpuFolder('1b'), driverEntry(1, ONE));
  machine.kernel(gpuFolder('65'), driverEntry(0, TWO));
  machine.kernel('sys/bus/pci/devices/0000:1b:00.0/numa_node', '0\n');
  machine.kernel('sys/bus/pci/devices/0000:65:00.0/numa_node', '-1\n');
  machine.answer('list', `GPU 0: H100 (UUID: ${ONE})\nGPU 1: H100 (UUID: ${TWO})\n`);
  return machine;
}

const troublesOf = async ({ source }: FakeMachine, signal: AbortSignal) =>
  (await source.list(signal)).map(({ uuid, trouble }) => [uuid, trouble?.reason]);

test('a GPU has the number of its file from the driver, not from the tool’s list', async (t) => {
  const { source, warnings } = twoGpus(fakeMachine(t));
  const [one, two] = await source.list(t.signal);
  assert.deepEqual(one, {
    uuid: ONE,
    model: 'NVIDIA H100 80GB HBM3',
    memoryMiB: 81_559,
    index: 0,
    minor: 1,
    pciBus: '0000:1b:00.0',
    numa: 0,
    parentUuid: undefined,
    driver: '570.86.15',
    files: ['/dev/nvidia1'],
    trouble: undefined,
  });
  assert.deepEqual([two?.files, two?.numa, two?.trouble], [['/dev/nvidia0'], undefined, undefined]);
  assert.deepEqual(warnings, []);
});

test('where the kernel shows no GPU, the long answer says which file is whose', async (t) => {
  const machine = fakeMachine(t);
  machine.answer('gpus', row(0, ONE, '1B') + row(1, TWO, '65'));
  machine.answer(
    'details',
    `<nvidia_smi_log><gpu id="00000000:1B:00.0"><uuid>${ONE}</uuid><minor_number>4</minor_number></gpu></nvidia_smi_log>`,
  );
  const [one, two] = await machine.source.list(t.signal);
  assert.deepEqual([one?.files, one?.trouble], [['/dev/nvidia4'], undefined]);
  assert.deepEqual([two?.files, two?.trouble?.reason], [[], 'device_error']);
});

test('a machine without the tool, and one without devices, have none', async (t) => {
  const without = fakeMachine(t, { tool: false });
  assert.deepEqual(await without.source.list(t.signal), []);
  assert.deepEqual(await without.source.measure(t.signal), []);
  const empty = fakeMachine(t);
  empty.answer('gpus', 'No devices were found\n');
  empty.answer('gpus.code', '6\n');
  assert.deepEqual(await empty.source.list(t.signal), []);
});

test('a tool that is left on a machine without a card is none; beside a card nobody can tell', async (t) => {
  const machine = fakeMachine(t);
  machine.answer(
    'gpus',
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n",
  );
  machine.answer('gpus.code', '9\n');
  assert.deepEqual(await machine.source.list(t.signal), []);
  machine.kernel('sys/bus/pci/devices/0000:1b:00.0/vendor', '0x10de\n');
  machine.kernel('sys/bus/pci/devices/0000:1b:00.0/class', '0x030200\n');
  await assert.rejects(
    machine.source.list(t.signal),
    /couldn't communicate with the NVIDIA driver/,
  );
});

test('a tool that answers garbage or fails is not believed', async (t) => {
  const machine = twoGpus(fakeMachine(t));
  machine.answer('gpus', 'lorem ipsum');
  await assert.rejects(
    machine.source.list(t.signal),
    (error) =>
      error instanceof Unavailable && /nobody understands: "lorem ipsum"/.test(error.message),
  );
  machine.answer('gpus', 'Failed to initialize NVML: Driver/library version mismatch\n');
  machine.answer('gpus.code', '18\n');
  await assert.rejects(machine.source.list(t.signal), /exit code 18.*restart the machine/);
  machine.answer('gpus', row(0, ONE, '1B'));
  machine.answer('gpus.code', '255\n');
  await assert.rejects(machine.source.list(t.signal), /exit code 255/);
  machine.answer('gpus', 'x'.repeat(5 * 2 ** 20));
  machine.answer('gpus.code', '0\n');
  await assert.rejects(machine.source.list(t.signal), /does not stop printing/);
});

/** One that was killed is gone a moment later. */
async function untilAnswered({ source }: FakeMachine, t: TestContext): Promise<readonly Device[]> {
  for (;;)
    try {
      return await source.list(t.signal);
    } catch (error) {
      t.signal.throwIfAborted();
      assert.match(String(error), /still hangs/);
      await nextTurn();
    }
}

test('a tool that hangs is killed, and whoever asks is told', { timeout: 20_000 }, async (t) => {
  const machine = twoGpus(fakeMachine(t, { within: 200 }));
  machine.answer('gpus.hang', '');
  await assert.rejects(machine.source.list(t.signal), /does not answer within 0.2 s/);
  machine.forget('gpus.hang');
  assert.equal((await untilAnswered(machine, t)).length, 2);
});

test('whoever asks may leave before there is an answer', async (t) => {
  const machine = twoGpus(fakeMachine(t));
  machine.answer('gpus.hang', '');
  const leaving = new AbortController();
  const asked = machine.source.list(leaving.signal);
  leaving.abort(new Error('enough'));
  await assert.rejects(asked, /enough/);
});

test('a GPU that does not answer is in trouble, and the others are not', async (t) => {
  const machine = twoGpus(fakeMachine(t));
  const lost = 'Unable to determine the device handle for GPU1: 0000:65:00.0: Unknown Error\n';
  machine.answer('gpus', lost + row(0, ONE, '1B'));
  const expected = [
    [TWO, 'device_error'],
    [ONE, undefined],
  ];
  assert.deepEqual(await troublesOf(machine, t.signal), expected);
});

test('the others are asked one by one where the tool says nothing of them', async (t) => {
  const machine = twoGpus(fakeMachine(t));
  const lost =
    'Unable to determine the device handle for GPU 0000:65:00.0: GPU is lost.  Reboot the system to recover this GPU\n';
  for (const name of ['gpus', 'gpus.0000:65:00.0']) {
    machine.answer(name, lost);
    machine.answer(`${name}.code`, '15\n');
  }
  machine.answer('gpus.0000:1b:00.0', row(0, ONE, '1B'));
  const found = new Map((await troublesOf(machine, t.signal)) as [string, string | undefined][]);
  assert.deepEqual(
    found,
    new Map([
      [ONE, undefined],
      [TWO, 'device_lost'],
    ]),
  );
});

test('a GPU that the driver has no entry for is in trouble, while it has for others', async (t) => {
  const machine = twoGpus(fakeMachine(t));
  machine.answer(
    'gpus',
    row(0, ONE, '1B') + row(1, TWO, '66') + row(2, 'GPU-3', '67', 'Disabled, 2'),
  );
  machine.kernel(gpuFolder('67'), driverEntry(2));
  const [one, two, three] = await machine.source.list(t.signal);
  assert.equal(one?.trouble, undefined);
  assert.match(two?.trouble?.detail ?? '', /no entry for it \(\/proc\/driver.*0000:66:00\.0/);
  assert.match(three?.trouble?.detail ?? '', /2 errors that could not be corrected/);
});

const XIDS = `6,1,0,-;Linux version 6.12
4,2,1000000,-;NVRM: Xid (PCI:0000:1b:00): 31, pid=77, MMU Fault
 SUBSYSTEM=pci
4,3,2000000,-;NVRM: Xid (PCI:0000:65:00): 79, GPU has fallen off the bus.
`;

test('what the driver reported makes a GPU ill until somebody says that it is well again', async (t) => {
  const machine = twoGpus(fakeMachine(t, { log: XIDS }));
  const ill = [
    [ONE, undefined],
    [TWO, 'xid'],
  ];
  assert.deepEqual(await troublesOf(machine, t.signal), ill);
  machine.acknowledge(TWO, BOOTED_AT + 1999);
  assert.deepEqual(await troublesOf(machine, t.signal), ill);
  machine.acknowledge(TWO, BOOTED_AT + 2000);
  assert.deepEqual(await troublesOf(machine, t.signal), [
    [ONE, undefined],
    [TWO, undefined],
  ]);
});

test('where the kernel’s log cannot be read, it is said, if there is a driver', (t) => {
  assert.match(fakeMachine(t, { log: undefined }).warnings.join(), /Xid.*dmesg_restrict/);
  assert.deepEqual(fakeMachine(t, { log: undefined, tool: false }).warnings, []);
});

const SLICED = `<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log>
	<driver_version>570.86.15</driver_version>
	<gpu id="00000000:1B:00.0">
		<product_name>NVIDIA A100-SXM4-40GB</product_name>
		<mig_mode><current_mig>Enabled</current_mig></mig_mode>
		<mig_devices>
			<mig_device>
				<index>0</index>
				<gpu_instance_id>2</gpu_instance_id>
				<compute_instance_id>0</compute_instance_id>
				<fb_memory_usage><total>20096 MiB</total><reserved>0 MiB</reserved><used>107 MiB</used></fb_memory_usage>
			</mig_device>
			<mig_device>
				<index>1</index>
				<gpu_instance_id>5</gpu_instance_id>
				<compute_instance_id>1</compute_instance_id>
				<fb_memory_usage><total>N/A</total><used>N/A</used></fb_memory_usage>
			</mig_device>
		</mig_devices>
		<uuid>${ONE}</uuid>
		<minor_number>1</minor_number>
		<processes>
			<process_info>
				<gpu_instance_id>2</gpu_instance_id>
				<compute_instance_id>0</compute_instance_id>
				<pid>4711</pid><type>C</type><process_name>python</process_name>
			</process_info>
		</processes>
	</gpu>
	<gpu id="00000000:65:00.0">
		<mig_devices>None</mig_devices>
		<uuid>${TWO}</uuid>
		<processes></processes>
	</gpu>
</nvidia_smi_log>
`;

const SLICES = [
  'MIG-aaaaaaaa-a75d-5afc-978f-d2f1294409fd',
  'MIG-bbbbbbbb-a75d-5afc-978f-d2f1294409fd',
] as const;

/** The first GPU is cut into two slices, the second is whole. */
function sliced(machine: FakeMachine): FakeMachine {
  twoGpus(machine);
  machine.answer('gpus', row(0, ONE, '1B', 'Enabled, [N/A]') + row(1, TWO, '65'));
  machine.answer('details', SLICED);
  machine.answer(
    'list',
    `GPU 0: NVIDIA H100 80GB HBM3 (UUID: ${ONE})
  MIG 3g.20gb     Device  0: (UUID: ${SLICES[0]})
  MIG 1g.5gb      Device  1: (UUID: ${SLICES[1]})
GPU 1: NVIDIA H100 80GB HBM3 (UUID: ${TWO})
`,
  );
  for (const [place, number] of [
    ['gi2', 21],
    ['gi2/ci0', 22],
    ['gi5', 48],
    ['gi5/ci1', 50],
  ] as const)
    machine.kernel(
      `proc/driver/nvidia/capabilities/gpu1/mig/${place}/access`,
      `DeviceFileMinor: ${number}\nDeviceFileMode: 292\nDeviceFileModify: 1\n`,
    );
  return machine;
}

test('of a GPU that is cut the slices are devices, each with the files that it needs', async (t) => {
  const { source } = sliced(fakeMachine(t));
  const found = await source.list(t.signal);
  assert.deepEqual(
    found.map(({ uuid, model, memoryMiB, parentUuid, files, trouble }) => ({
      uuid,
      model,
      memoryMiB,
      parentUuid,
      files,
      trouble,
    })),
    [
      {
        uuid: SLICES[0],
        model: 'NVIDIA H100 80GB HBM3 MIG 3g.20gb',
        memoryMiB: 20_096,
        parentUuid: ONE,
        files: ['/dev/nvidia1', '/dev/nvidia-caps/nvidia-cap21', '/dev/nvidia-caps/nvidia-cap22'],
        trouble: undefined,
      },
      {
        uuid: SLICES[1],
        model: 'NVIDIA H100 80GB HBM3 MIG 1g.5gb',
        memoryMiB: 5120,
        parentUuid: ONE,
        files: ['/dev/nvidia1', '/dev/nvidia-caps/nvidia-cap48', '/dev/nvidia-caps/nvidia-cap50'],
        trouble: undefined,
      },
      {
        uuid: TWO,
        model: 'NVIDIA H100 80GB HBM3',
        memoryMiB: 81_559,
        parentUuid: undefined,
        files: ['/dev/nvidia0'],
        trouble: undefined,
      },
    ],
  );
});

test('a slice that nobody tells the files of is in trouble; a GPU to be cut that is not is no device', async (t) => {
  const machine = sliced(fakeMachine(t));
  machine.answer('details', SLICED.replace('<gpu_instance_id>5', '<gpu_instance_id>N/A'));
  assert.deepEqual(await troublesOf(machine, t.signal), [
    [SLICES[0], undefined],
    [SLICES[1], 'device_error'],
    [TWO, undefined],
  ]);
  machine.answer('list', `GPU 0: H100 (UUID: ${ONE})\nGPU 1: H100 (UUID: ${TWO})\n`);
  assert.deepEqual(await troublesOf(machine, t.signal), [[TWO, undefined]]);
  machine.answer('list.code', '255\n');
  await assert.rejects(machine.source.list(t.signal), /exit code 255/);
});

test('who holds a GPU or a slice is told by process', async (t) => {
  const machine = sliced(fakeMachine(t));
  machine.answer('apps', `${TWO}, 12\n${TWO}, 13\n${TWO}, 12\n`);
  const held = await machine.source.holders([...SLICES, TWO], t.signal);
  assert.deepEqual(
    held,
    new Map<string, readonly number[]>([
      [TWO, [12, 13]],
      [SLICES[0], [4711]],
      [SLICES[1], []],
    ]),
  );
  machine.answer('apps', '');
  assert.deepEqual(await machine.source.holders([TWO], t.signal), new Map([[TWO, []]]));
});

test('who holds a device is unknown where the tool does not list it or not name a process', async (t) => {
  const machine = sliced(fakeMachine(t));
  await assert.rejects(machine.source.holders([ONE, 'GPU-gone'], t.signal), /who holds GPU-gone/);
  machine.answer('apps', `${TWO}, [N/A]`);
  await assert.rejects(machine.source.holders([TWO], t.signal), /does not name a process/);
  machine.answer('apps', 'lorem');
  await assert.rejects(machine.source.holders([TWO], t.signal), Unavailable);
  machine.answer(
    'apps',
    'Unable to determine the device handle for GPU 0000:1B:00.0: GPU is lost.\n',
  );
  machine.answer('apps.code', '15\n');
  machine.answer(`apps.${TWO}`, `${TWO}, 99\n`);
  assert.deepEqual(await machine.source.holders([TWO], t.signal), new Map([[TWO, [99]]]));
  machine.answer('details', SLICED.replace('<pid>4711</pid>', '<pid>N/A</pid>'));
  await assert.rejects(machine.source.holders([SLICES[0]], t.signal), /does not name a process/);
});

test('what devices do is measured; of slices, the memory', async (t) => {
  const machine = sliced(fakeMachine(t));
  machine.answer('measures', `${ONE}, [N/A], 120, 80.5, 33\n${TWO}, 50, 1000, 300, 60\n`);
  await machine.source.list(t.signal);
  const found = await machine.source.measure(t.signal);
  assert.deepEqual(
    found.map(({ uuid, utilization, memoryUsedMiB }) => [uuid, utilization, memoryUsedMiB]),
    [
      [ONE, undefined, 120],
      [TWO, 0.5, 1000],
      [SLICES[0], undefined, 107],
      [SLICES[1], undefined, undefined],
    ],
  );
});
