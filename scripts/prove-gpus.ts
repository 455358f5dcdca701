import { openPlatform, until } from '../test/system/platform.ts';
import type { Platform } from '../test/system/platform.ts';

/**
 * Proves on the GPUs of this machine, by nothing but the platform's public interfaces, that they are found,
 * that a run sees its own and no others, that they are measured, given back and paid for. Prints a line
 * for each, and ends with 1 where one is not so. `GRID_SIMULATED_GPUS` tries the script itself.
 */
const PROGRAM = `
import ctypes, glob, json, os, subprocess, time
def count():
    found = ctypes.c_int(0)
    try:
        cuda = ctypes.CDLL('libcuda.so.1')
    except OSError as error:
        return str(error)
    cuda.cuInit(0)
    cuda.cuDeviceGetCount(ctypes.byref(found))
    return found.value
def ask(*words):
    try:
        return subprocess.run(['nvidia-smi', *words], capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        return f'{type(error).__name__}'
print('SEEN ' + json.dumps({
    'visible': os.environ['CUDA_VISIBLE_DEVICES'],
    'files': sorted(glob.glob('/dev/nvidia[0-9]*')),
    'listed': ask('-L'),
    'cuda': count(),
}), flush=True)
time.sleep(float(os.environ.get('HOLD', '0')))
`;

type Seen = { visible: string; files: string[]; listed: string; cuda: number | string };
type Metrics = {
  instances: {
    devices: { uuid: string; at: number[]; powerWatts: { mean: (number | null)[] } }[];
  }[];
};

const simulated = (process.env['GRID_SIMULATED_GPUS'] ?? '') !== '';

type Device = { uuid: string; model: string; state: string; memoryMiB: number };
type Run = { id: string; status: string; detail: string | null; microEuros: number };

const runsOf = ({ organizationId }: Platform, id: string): string =>
  `/grid/v1/owners/${organizationId}/applications/${id}/runs`;

let failed = 0;
function tell(what: string, holds: boolean, how: string): void {
  if (!holds) failed += 1;
  process.stdout.write(`${holds ? '✓' : '✗'} ${what}: ${how}\n`);
}

const platform = await openPlatform({ GRID_ENGINE: 'process' });
try {
  const devices = await findDevices(platform);
  tell(
    'discovery',
    devices.length > 0,
    devices.map(({ uuid, model }) => `${model} ${uuid}`).join('; ') ||
      'none was found; `grid doctor` says what is missing',
  );
  if (devices.length > 0) await proveRuns(platform, devices);
} finally {
  await platform.end();
}
process.exitCode = failed === 0 ? 0 : 1;

async function findDevices({ ask }: Platform): Promise<Device[]> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const { devices } = await ask<{ devices: Device[] }>('GET', '/grid/v1/devices');
    if (devices.length > 0 || Date.now() > deadline) return devices;
  }
}

async function proveRuns(at: Platform, devices: readonly Device[]): Promise<void> {
  const folder = await at.repository({ 'main.py': PROGRAM });
  const env = ['CC_MLPYTHON_RUN_MAIN=main.py'];
  const id = await at.create(folder, { type: 'ml_python', env, args: ['--flavor', 'pico'] });
  await at.grid(['deploy'], { folder });
  const without = await see(at, id, { flavor: 'pico' });
  const { seen } = without;
  const seesNone = seen.visible === '' && seen.files.length === 0 && (simulated || seen.cuda === 0);
  tell('a run without a GPU sees none', seesNone, JSON.stringify(without.seen));

  const withOne = await see(at, id, { flavor: 'ML_XS', environment: { HOLD: '45' } });
  const { visible, files, listed, cuda } = withOne.seen;
  const device = devices.find(({ uuid }) => uuid === visible);
  tell('a run with one GPU is told which', device !== undefined, visible);
  const others = devices.filter(({ uuid }) => uuid !== visible && listed.includes(uuid));
  tell(
    'and sees no other',
    others.length === 0 && files.length <= 1 && (simulated || cuda === 1),
    `${files.join()} ${listed.trim()} CUDA ${cuda}`,
  );

  const path = `/grid/v1/owners/${at.organizationId}/applications/${id}/metrics`;
  let measured: Metrics['instances'][number] | undefined;
  await until(
    'it is measured',
    async () => {
      const { instances } = await at.ask<Metrics>('GET', path);
      measured = instances.find(({ devices }) => devices.some((one) => one.uuid === visible));
      return simulated || measured?.devices.some(({ at: times }) => times.length > 0) === true;
    },
    60_000,
  );
  const shown = JSON.stringify(measured?.devices.map(({ uuid, powerWatts }) => [uuid, powerWatts]));
  tell('it is measured while it runs', true, shown);
  const over = await whenOver(at, id, withOne.id);
  const cost = 10_000_000 / 1440;
  tell('and paid by the minute', Math.abs(over.microEuros - cost) < 2, `${over.microEuros} µ€`);
  await until('the device is given back', async () => {
    const now = await at.ask<{ devices: Device[] }>('GET', '/grid/v1/devices');
    return now.devices.every(({ state }) => state === 'free');
  });
  tell('and given back', true, 'all are free');
}

/** Starts a run, and takes what it saw from its log. */
async function see(
  at: Platform,
  id: string,
  order: { flavor: string; environment?: Record<string, string> },
): Promise<{ id: string; seen: Seen }> {
  const run = await at.ask<Run>('POST', runsOf(at, id), order);
  let line = '';
  await until('it says what it sees', async () => {
    const { out } = await at.grid(['run', 'logs', run.id]);
    line = /SEEN (\{.*\})/.exec(out)?.[1] ?? '';
    return line !== '';
  });
  return { id: run.id, seen: JSON.parse(line) as Seen };
}

async function whenOver(at: Platform, id: string, runId: string): Promise<Run> {
  let run: Run | undefined;
  await until('the run is over', async () => {
    run = await at.ask<Run>('GET', `${runsOf(at, id)}/${runId}`);
    return !['waiting', 'running'].includes(run.status);
  });
  if (run?.status !== 'succeeded') throw new Error(`the run ${run?.status}: ${run?.detail ?? ''}`);
  return run;
}
