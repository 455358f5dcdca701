import { execFile } from 'node:child_process';
import { existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '@grid/server/config.ts';
import { runtimes } from '@grid/server/builds/recipes/recipes.ts';
import type { SeenMachine } from '@grid/server/engines/adapter.ts';
import { engines } from '@grid/server/engines/engines.ts';
import type { Finding } from '@grid/server/lib/finding.ts';
import { lookAtGpus } from './diagnose-gpus.ts';
import { gpuFindings } from './gpu-findings.ts';
import { readControlState } from './platform.ts';
import type { Printable } from './print.ts';
import { colour } from './print.ts';

const run = promisify(execFile);
const root = process.getuid?.() === 0;

/** Looks at everything; `missing` keeps the platform from working, `limited` costs something. */
export async function diagnose(
  config: Config,
): Promise<{ findings: Finding[]; printable: Printable }> {
  const [gpus, git, ofRuntimes, ...own] = await Promise.all([
    lookAtGpus(config),
    findProgram('git', ['--version'], {
      need: 'missing',
      cost: 'nothing can be pushed',
      mend: 'apt-get install git',
    }),
    Promise.all(
      Object.values(runtimes).map((one) => one.diagnose(config.environment, findProgram)),
    ),
    disk(config),
    clock(),
    ...ports(config),
  ]);
  const hasDevices = gpus.is === 'there' && !gpus.simulated && gpus.devices.length > 0;
  const machine: SeenMachine = { root, user: userInfo().username, hasDevices, findProgram };
  const ofEngines = await Promise.all(engines.map((one) => one.diagnose(config, machine)));
  const findings = [git, ...ofRuntimes.flat(), ...own, ...gpuFindings(gpus), ...ofEngines.flat()];
  const text = findings.map(describe).join('\n');
  return { findings, printable: { text, json: findings } };
}

const signs = { ok: ['green', '✓'], limited: ['cyan', '!'], missing: ['red', '✗'] } as const;

function describe({ what, state, detail, mend }: Finding): string {
  const [name, sign] = signs[state];
  const help = state === 'ok' || mend === undefined ? '' : `\n    ${mend}`;
  return `${colour(name, sign)} ${what}: ${detail}${help}`;
}

async function findProgram(
  name: string,
  args: readonly string[],
  { need, cost, mend }: { need: 'missing' | 'limited'; cost: string; mend: string },
): Promise<Finding> {
  const what = args[1] === 'pip' ? 'pip' : name;
  try {
    const { stdout, stderr } = await run(name, [...args]);
    return { what, state: 'ok', detail: (stdout || stderr).split('\n')[0]?.trim() ?? '' };
  } catch {
    return { what, state: need, detail: `is missing: ${cost}`, mend };
  }
}

async function disk({ dataDirectory }: Config): Promise<Finding> {
  let folder = dataDirectory;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize, blocks } = statfsSync(folder);
  const free = (bavail * bsize) / 2 ** 30;
  const state = bavail / blocks < 0.05 ? 'missing' : free < 10 ? 'limited' : 'ok';
  return {
    what: 'Disk',
    state,
    detail: `${free.toFixed(0)} GiB free at ${folder}`,
    mend: 'make room: below 5 % logs are dropped',
  };
}

async function clock(): Promise<Finding> {
  const synchronized = existsSync('/run/systemd/timesync/synchronized');
  const sane = Date.now() > Date.parse('2026-01-01');
  if (!sane)
    return {
      what: 'Clock',
      state: 'missing',
      detail: `is wrong: ${new Date().toISOString()}`,
      mend: 'timedatectl set-ntp true',
    };
  return {
    what: 'Clock',
    state: 'ok',
    detail: synchronized ? 'is synchronized' : 'runs; nothing says that it is synchronized',
  };
}

const ports = (config: Config): Promise<Finding>[] => {
  if (readControlState(config.dataDirectory) !== undefined) return [];
  return [
    port('HTTP port', config.httpAddress, config.httpPort),
    port('HTTPS port', config.httpAddress, config.httpsPort),
    port('SSH port', config.sshAddress, config.sshPort),
  ];
};

const port = (what: string, host: string, number: number): Promise<Finding> =>
  new Promise((resolve) => {
    const probe = createServer();
    const mend = `choose another: --${what.split(' ')[0]?.toLowerCase()}-port 0 picks a free one`;
    probe.once('error', (error) =>
      resolve({
        what,
        state: 'missing',
        detail: `${host}:${number} cannot be used (${error.message})`,
        mend,
      }),
    );
    probe.listen(number, host, () =>
      probe.close(() => resolve({ what, state: 'ok', detail: `${host}:${number} is free` })),
    );
  });
