import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Device, Queue, RunDetails, Why } from '../../packages/api/src/index.ts';
import { openPlatform, until } from './platform.ts';
import type { Platform } from './platform.ts';

/** A GPU as `GRID_SIMULATED_GPUS` reads it from a file. */
export type Simulated = {
  uuid: string;
  model: string;
  memoryMiB: number;
  holders?: number[];
  trouble?: { reason: 'xid' | 'device_error' | 'device_lost'; detail: string };
};

export const l4 = (uuid: string): Simulated => ({ uuid, model: 'NVIDIA L4', memoryMiB: 23_034 });

/** Goes on until it is ended, and ends at once when it is told to. */
export const ENDLESS = 'echo up; exec sleep 600';

/** A platform with these devices, which a test changes behind its back. */
export async function openGpus(devices: readonly Simulated[]) {
  const file = join(mkdtempSync(join(tmpdir(), 'grid-gpus-')), 'gpus.json');
  const write = (now: readonly Simulated[]): void => {
    writeFileSync(`${file}.new`, JSON.stringify(now));
    renameSync(`${file}.new`, file);
  };
  write(devices);
  const platform = await openPlatform({
    GRID_SIMULATED_GPUS: file,
    GRID_FLAVOR_DEVICES: '*=L4',
  });
  return { platform, write, ...watch(platform) };
}

/** What the platform says of its devices, its queue and its runs. */
export function watch(platform: Platform) {
  const owner = `/grid/v1/owners/${platform.organizationId}`;
  const devices = () =>
    platform.ask<{ devices: Device[]; silent: string | null }>('GET', '/grid/v1/devices');
  return {
    devices,
    device: async (uuid: string): Promise<Device | undefined> =>
      (await devices()).devices.find((one) => one.uuid === uuid),
    queue: () => platform.ask<Queue>('GET', `${owner}/queue`),
    /** Has the devices looked at now, and not at the next of the looks that are taken from time to time. */
    async look(uuid: string): Promise<void> {
      const { code, out } = await platform.grid(['devices', 'repaired', uuid]);
      assert.equal(code, 0, out);
    },
    /** A Runner that was built and has run once, without any device. */
    async runner(options: { env?: string[]; main?: string; org?: string } = {}) {
      const { env = [], main = 'print("deployed")\n', org } = options;
      const folder = await platform.repository({ 'main.py': main });
      const id = await platform.create(folder, {
        type: 'ml_python',
        env: ['CC_MLPYTHON_RUN_MAIN=main.py', ...env],
        args: ['--flavor', 'pico', ...(org === undefined ? [] : ['--org', org])],
      });
      const { code, out } = await platform.grid(['deploy'], { folder });
      assert.equal(code, 0, out);
      return { id, folder, ...runsOf(platform, { id, folder, owner }) };
    },
  };
}

export type Runner = Awaited<ReturnType<ReturnType<typeof watch>['runner']>>;

function runsOf(
  platform: Platform,
  { id, folder, owner }: { id: string; folder: string; owner: string },
) {
  const path = `${owner}/applications/${id}`;
  const grid = (...args: string[]) => platform.grid(args, { folder });
  const show = (run: string) => platform.ask<RunDetails>('GET', `${path}/runs/${run}`);
  return {
    grid,
    show,
    path: (run: string) => `${path}/runs/${run}`,
    why: (of: string) => platform.ask<Why>('GET', `${path}/why?of=${of}`),
    /** Begins a run, and does not wait for its end; its id. */
    async begin(...args: string[]): Promise<string> {
      const { code, out } = await grid('run', '--detach', ...args);
      assert.equal(code, 0, out);
      return out.trim();
    },
    /** Waits until the run has this status, or waits for this reason; how it is then. */
    async reach(run: string, wanted: string): Promise<RunDetails> {
      const is = ({ status, reason }: RunDetails) => status === wanted || reason === wanted;
      await until(`${run} is ${wanted}`, async () => is(await show(run)), 30_000).catch(async () =>
        assert.fail(`not ${wanted}: ${JSON.stringify(await show(run), undefined, 1)}`),
      );
      return show(run);
    },
    async stop(...runs: string[]): Promise<void> {
      for (const run of runs) await platform.ask('DELETE', `${path}/runs/${run}`);
      for (const run of runs) await this.reach(run, 'cancelled');
    },
    log: async (run: string) => (await grid('run', 'logs', run)).out,
  };
}

/** The devices that the last attempt holds or held. */
export const devicesOf = ({ attempts }: RunDetails): string[] =>
  attempts.at(-1)?.nodes.flatMap(({ devices }) => devices) ?? [];
