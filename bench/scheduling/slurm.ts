import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../test/system/platform.ts';
import { findPort } from '../ports.ts';
import { isThere } from '../programs.ts';
import { toSlurmConf } from './slurm-conf.ts';
import { ask, measuresOf } from './slurm-jobs.ts';
import type { Measures, Place } from './slurm-jobs.ts';

/** Slurm on this machine alone, with a key, a socket, ports and state of its own. */
export type SlurmPeer = Measures & { close(): Promise<void> };

type Daemon = { end(): Promise<void>; check(): void };

const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'sinfo', 'sdiag'];

/** With one slot a job; undefined, and said so, where this machine has no Slurm. */
export async function openSlurm({ slots }: { slots: number }): Promise<SlurmPeer | undefined> {
  if (process.getuid?.() !== 0 || !PROGRAMS.every(isThere)) return leaveOut();
  const place = await makePlace(slots);
  const daemons: Daemon[] = [];
  const close = async (): Promise<void> => {
    for (const daemon of daemons.toReversed()) await daemon.end();
    sweep(place);
    rmSync(place.directory, { recursive: true, force: true });
  };
  try {
    for (const command of commandsIn(place)) daemons.push(startDaemon(command, place));
    await until('the node is idle', async () => {
      for (const daemon of daemons) daemon.check();
      return (await ask(place, 'sinfo', '-h', '-o', '%t')) === 'idle';
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { ...measuresOf(place), close };
}

function leaveOut(): undefined {
  process.stderr.write(
    'Slurm is not measured: that takes root and slurmctld, slurmd, slurm-client and munge.\n',
  );
}

async function makePlace(slots: number): Promise<Place> {
  const ports = { controller: await findPort(), node: await findPort() };
  const directory = mkdtempSync(join(tmpdir(), 'grid-bench-'));
  // munged wants a folder for its socket that others can enter
  chmodSync(directory, 0o755);
  for (const name of ['state', 'spool']) mkdirSync(join(directory, name));
  writeFileSync(join(directory, 'munge.key'), randomBytes(1024), { mode: 0o600 });
  writeFileSync(join(directory, 'job.sh'), '#!/bin/sh\n/bin/true\n');
  writeFileSync(join(directory, 'start.sh'), '#!/bin/sh\ndate +%s%N\n');
  const configuration = join(directory, 'slurm.conf');
  writeFileSync(configuration, toSlurmConf({ directory, slots, ports }));
  return { directory, env: { ...process.env, SLURM_CONF: configuration } };
}

type Command = readonly [program: string, ...args: string[]];

/** In the order in which they need each other. */
function commandsIn({ directory }: Place): Command[] {
  const munge = {
    'key-file': 'munge.key',
    socket: 'munge.socket',
    'pid-file': 'munge.pid',
    'seed-file': 'munge.seed',
  };
  const files = Object.entries(munge).map(
    ([option, name]) => `--${option}=${join(directory, name)}`,
  );
  return [
    ['munged', '--foreground', '--num-threads=10', ...files],
    ['slurmd', '-D', '-N', 'node'],
    ['slurmctld', '-D', '-i'],
  ];
}

function startDaemon([program, ...args]: Command, { directory, env }: Place): Daemon {
  const output = join(directory, `${program}.log`);
  const written = openSync(output, 'a');
  const child = spawn(program, args, { stdio: ['ignore', written, written], env });
  closeSync(written);
  const ended = once(child, 'exit');
  return {
    check() {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`${program} ended:\n${readFileSync(output, 'utf8')}`);
    },
    async end() {
      child.kill();
      await ended;
    },
  };
}

/** What runs a job is nobody's child, and would go on telling a controller that is gone of its end. */
function sweep({ env }: Place): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      if (variables.includes(`SLURM_CONF=${env['SLURM_CONF']}`))
        process.kill(Number(pid), 'SIGKILL');
    } catch {
      // it ended by itself
    }
}
