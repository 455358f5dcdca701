import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findRouter, until } from '../system/platform.ts';
import type { Platform } from '../system/platform.ts';

/** Who of the platform runs. */
export type Alive = { controlPlane: number | undefined; router: number | undefined };

/** The processes that are there now; undefined for one that has ended. */
export async function lookAt(platform: Platform): Promise<Alive> {
  const router = await findRouter(platform.data).then(
    ({ pid }) => pid,
    () => undefined,
  );
  return { controlPlane: platform.running() ? controlPlaneOf(platform) : undefined, router };
}

const controlPlaneOf = ({ data }: Platform): number =>
  (JSON.parse(readFileSync(join(data, 'control.json'), 'utf8')) as { pid: number }).pid;

/** Who has ended meanwhile, even if another has taken its place. */
export const endedOf = (before: Alive, after: Alive): string[] => [
  ...(before.controlPlane === after.controlPlane ? [] : ['the control plane']),
  ...(before.router === after.router ? [] : ['the router']),
];

/** Starts what has ended, or what has not answered for a minute, and waits until it serves. */
export async function revive(platform: Platform): Promise<void> {
  if (!platform.running()) await platform.start();
  await untilServed(platform).catch(async () => {
    await platform.restart();
    await untilServed(platform);
  });
}

async function untilServed(platform: Platform): Promise<void> {
  await until('the platform answers again', () =>
    platform.visit(`127.0.0.1:${platform.port()}`, '/sign-in').then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
}

/** What it has in memory, in MiB. */
export function memoryOf({ controlPlane }: Alive): number {
  if (controlPlane === undefined) return Number.NaN;
  try {
    const status = readFileSync(`/proc/${controlPlane}/status`, 'utf8');
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
  } catch {
    return Number.NaN;
  }
}
