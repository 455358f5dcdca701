import { createHash } from 'node:crypto';
import type { CertificateFiles } from '../certificates/certificate.ts';
import type { Ports, RouterStatus, StartedWith } from './route-table.ts';

/** What a router is started with. */
export type RouterSettings = {
  /** Of the program. */
  version: string;
  /** Its table, its sockets and its logs. */
  directory: string;
  controlSocket: string;
  address: string;
  /** 0 picks a free one. */
  ports: Ports;
  certificate: CertificateFiles;
  /** How many requests and upgraded connections of one application may be under way. */
  connectionsPerApplication: number;
  /** Namespaces that reach the instances, for an ordinary user; the ports stay the host's. */
  namespaces: { userns: string; netns: string } | undefined;
  /** Opens the ports before it enters the namespaces. */
  python: string;
};

/** What distinguishes routers, as their status says it. The ports are not in it: they are seen. */
export function describeSettings(
  settings: RouterSettings,
  program: readonly string[],
): StartedWith {
  const { version, controlSocket, address, certificate, namespaces } = settings;
  const others = [program, controlSocket, certificate, settings.connectionsPerApplication];
  const hash = createHash('sha256').update(JSON.stringify(others));
  return {
    version,
    fingerprint: hash.digest('hex').slice(0, 16),
    place: [address, ...Object.values(namespaces ?? {})].join(' '),
  };
}

/**
 * What becomes of the router that runs: it is kept; it is succeeded by another that inherits its listening
 * sockets; or another is started in another place, beside it.
 */
export function planRouter(
  running: RouterStatus | undefined,
  wanted: StartedWith & { ports: Ports },
): 'keep' | 'succeed' | 'start' {
  if (running === undefined) return 'start';
  const { startedWith, ports } = running;
  const samePorts = (['http', 'https'] as const).every((scheme) =>
    [0, ports[scheme]].includes(wanted.ports[scheme]),
  );
  if (startedWith.place !== wanted.place || !samePorts) return 'start';
  const same =
    startedWith.version === wanted.version && startedWith.fingerprint === wanted.fingerprint;
  return same ? 'keep' : 'succeed';
}
