import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Platform } from './platform.ts';

/** A number from 0 up to 1, the same series for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Victim = 'control plane' | 'supervisor' | 'instance';

/** What is killed next: mostly what there is most of. */
export const chooseVictim = (random: number): Victim =>
  random < 0.12 ? 'control plane' : random < 0.56 ? 'supervisor' : 'instance';

/** A process: its parent, its start in clock ticks since boot, and its words. */
type Process = { pid: number; parent: number; started: string; words: string };

/** Every process of the machine that lives. */
export const listProcesses = (): Process[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);

function readProcess(pid: number): Process | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return { pid, parent: Number(fields[1]), started: fields[19] ?? '', words };
  } catch {
    return undefined;
  }
}

/** The platform's supervisors, also those that are about to begin: what its launcher forked. */
export function findSupervisors({ data }: Platform, all = listProcesses()): Process[] {
  const ours = all.filter(
    ({ words }) => words.includes('launcher.py') && words.includes(`"${join(data, 'engine')}"`),
  );
  const pids = new Set(ours.map(({ pid }) => pid));
  const launchers = new Set(ours.filter(({ parent }) => !pids.has(parent)).map(({ pid }) => pid));
  return ours.filter(({ parent }) => launchers.has(parent));
}

/** The processes that run an application's program, inside their sandboxes. */
export const findPrograms = (program: string, all = listProcesses()): Process[] =>
  all.filter(({ words }) => words.split('\0').some((word) => word.endsWith(program)));

/** Kills one of them, if there is one; whether it did. */
export function killOne(candidates: readonly Process[], random: number): boolean {
  const chosen = candidates[Math.floor(random * candidates.length)];
  if (chosen === undefined || readProcess(chosen.pid)?.started !== chosen.started) return false;
  try {
    process.kill(chosen.pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}
