import { createHash } from 'node:crypto';
import type { RouterStatus, StartedWith } from './route-table.ts';

/** What a router is started with. */
export type RouterSettings = {
  /** Of the program. */
  version: string;
  /** Its table, its sockets and its logs. */
  directory: string;
  controlSocket: string;
  address: string;
  /** 0 picks a free one. */
  port: number;
  /** Namespaces that reach the instances, for an ordinary user; the port stays the host's. */
  namespaces: { userns: string; netns: string } | undefined;
  /** Opens the port before it enters the namespaces. */
  python: string;
};

/** What distinguishes routers, as their status says it. The port is not in it: it is seen. */
export function describeSettings(
  settings: RouterSettings,
  program: readonly string[],
): StartedWith {
  const { version, controlSocket, address, namespaces } = settings;
  const hash = createHash('sha256').update(JSON.stringify([program, controlSocket]));
  return {
    version,
    fingerprint: hash.digest('hex').slice(0, 16),
    place: [address, ...Object.values(namespaces ?? {})].join(' '),
  };
}

/**
 * What becomes of the router that runs: it is kept; it is succeeded by another that inherits its listening
 * socket; or another is started in another place, beside it.
 */
export function planRouter(
  running: RouterStatus | undefined,
  wanted: StartedWith & { port: number },
): 'keep' | 'succeed' | 'start' {
  if (running === undefined) return 'start';
  const { startedWith, publicPort } = running;
  const samePort = wanted.port === 0 || wanted.port === publicPort;
  if (startedWith.place !== wanted.place || !samePort) return 'start';
  const same =
    startedWith.version === wanted.version && startedWith.fingerprint === wanted.fingerprint;
  return same ? 'keep' : 'succeed';
}
