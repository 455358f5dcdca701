import { existsSync, readFileSync } from 'node:fs';
import type { OwnerId } from '../../../lib/ids.ts';
import type { NodeAddresses } from '../../../workloads/engine.ts';
import { canGuard } from './can-guard.ts';
import { isMissing, isThere } from '../client.ts';
import {
  createContainer,
  removeContainer,
  startContainer,
  unless,
} from '../containers/containers.ts';
import { waitForContainer } from '../containers/containers.ts';
import { guardRules } from './guard-rules.ts';
import { programMounts } from '../machine-programs.ts';
import { LABEL, bridgeName, networkName, ofPlatform } from '../names.ts';
import { retryTransient } from '../retry-transient.ts';
import { candidateSubnets, lowerHalf, parseRoutes, upperHalf } from './subnets.ts';
import { createSingleFlight } from '../single-flight.ts';
import { createSerialQueue } from '../serial-queue.ts';
import type { DockerDeps } from '../docker-deps.ts';

const BRIDGE_NAME = 'com.docker.network.bridge.name';

type Network = {
  Id: string;
  Name: string;
  Options: Readonly<Record<string, string>> | null;
  IPAM: { Config: readonly { Subnet: string }[] | null };
};

/** The networks of owners, each guarded before anything is on it. */
export function createNetworks(
  deps: DockerDeps,
  baseImage: (signal: AbortSignal) => Promise<string>,
) {
  const once = createSingleFlight<string, string>();
  const ready = new Set<string>();
  const inTurn = createSerialQueue();
  const guardAll = (signal: AbortSignal): Promise<void> =>
    inTurn(async () => guard(deps, await baseImage(signal), signal));
  return {
    /** The name of the owner's network, which is there and guarded. */
    ensure: (owner: OwnerId, signal: AbortSignal): Promise<string> => {
      const name = networkName(deps.platform, owner);
      if (ready.has(name)) return Promise.resolve(name);
      return once.run(name, async () => {
        await retryTransient(() => makeNetwork(deps, owner, signal), signal);
        await guardAll(signal);
        ready.add(name);
        return name;
      });
    },
    /** Forgets what was seen: the engine was away. */
    forget: (): void => ready.clear(),
    /** Removes networks that nothing is on. */
    async sweep(signal: AbortSignal): Promise<void> {
      ready.clear();
      for (const { Id } of await listNetworks(deps, signal))
        await unless(
          isInUse,
          deps.client.ask({ method: 'DELETE', path: `/networks/${Id}` }, signal),
        );
      await guardAll(signal);
    },
  };
}

export type Networks = ReturnType<typeof createNetworks>;

/** 403 says that something is on it, 404 and 409 that another was faster. */
const isInUse = (error: unknown): boolean =>
  error instanceof Error && 'status' in error && [403, 404, 409].includes(Number(error.status));

async function makeNetwork(deps: DockerDeps, owner: OwnerId, signal: AbortSignal): Promise<void> {
  const taken = parseRoutes(readFileSync('/proc/net/route', 'utf8'));
  for (const subnet of candidateSubnets(owner, taken))
    if (await tryNetwork(deps, { owner, subnet }, signal)) return;
  throw new Error('no address is left for the network of its owner: 10.64.0.0/10 is taken');
}

/** Whether it is there; false where its addresses are taken. */
async function tryNetwork(
  deps: DockerDeps,
  { owner, subnet }: { owner: OwnerId; subnet: string },
  signal: AbortSignal,
): Promise<boolean> {
  const body = {
    Name: networkName(deps.platform, owner),
    CheckDuplicate: true,
    Driver: 'bridge',
    Labels: { [LABEL.platform]: deps.platform, [LABEL.owner]: owner },
    Options: { [BRIDGE_NAME]: bridgeName(deps.platform, owner) },
    IPAM: { Driver: 'default', Config: [{ Subnet: subnet, IPRange: lowerHalf(subnet) }] },
  };
  try {
    await deps.client.ask({ method: 'POST', path: '/networks/create', body }, signal);
    return true;
  } catch (error) {
    if (isThere(error)) return true;
    if (error instanceof Error && /overlap/i.test(error.message)) return false;
    throw error;
  }
}

/** Addresses of a network that is there, which the engine gives to nobody by itself. */
export async function nodeAddresses(
  { client }: DockerDeps,
  network: string,
  signal: AbortSignal,
): Promise<NodeAddresses> {
  const { IPAM } = await client.ask<Network>({ path: `/networks/${network}` }, signal);
  const addresses = (IPAM.Config ?? []).flatMap(({ Subnet }) => upperHalf(Subnet));
  return { addresses, networkInterface: 'eth0' };
}

const listNetworks = (deps: DockerDeps, signal: AbortSignal): Promise<Network[]> =>
  deps.client.ask(
    {
      path: '/networks',
      query: { filters: JSON.stringify({ label: [ofPlatform(deps.platform)] }) },
    },
    signal,
  );

/**
 * Puts the rules in force by way of a container in the host's network, which may do that and no more: the
 * platform itself need not be root.
 */
async function guard(deps: DockerDeps, image: string, signal: AbortSignal): Promise<void> {
  if (!canGuard()) return;
  const rules = guardRules(await describeGuarded(deps, signal));
  const name = `clever-grid-guard-${deps.platform}`;
  await removeContainer(deps.client, name, signal);
  const body = {
    Image: image,
    Entrypoint: [],
    Cmd: ['/bin/sh', '-c', 'printf %s "$RULES" | nft -f - 2>&1'],
    Env: [`RULES=${rules}`, 'PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
    User: '0',
    Labels: { [LABEL.platform]: deps.platform },
    HostConfig: {
      NetworkMode: 'host',
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN'],
      Mounts: programMounts(),
      ReadonlyRootfs: true,
    },
  };
  const id = await createContainer(deps.client, { name, body }, signal);
  await startContainer(deps.client, id, signal);
  const code = await waitForContainer(deps.client, id, signal);
  await removeContainer(deps.client, id, signal);
  if (code !== 0) throw new Error(`the firewall took no rules (nft ended with ${code})`);
}

async function describeGuarded(deps: DockerDeps, signal: AbortSignal) {
  const networks = await listNetworks(deps, signal);
  const bridges = networks.flatMap(({ Options }) => Options?.[BRIDGE_NAME] ?? []).toSorted();
  return {
    table: `clever_grid_docker_${deps.platform}`,
    bridges,
    buildBridge:
      deps.buildkit && bridges.length > 0 ? await defaultBridge(deps, signal) : undefined,
    resolvers: findResolvers(),
    allowed: deps.allowedNetworks,
  };
}

/** Podman calls its own otherwise, and Docker may be told to have none. */
const defaultBridge = async (
  deps: DockerDeps,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const asked = deps.client.ask<Network>({ path: '/networks/bridge' }, signal);
  return (await unless(isMissing, asked))?.Options?.[BRIDGE_NAME];
};

/** IPv4 name servers that are not this machine's own loopback. */
function findResolvers(): string[] {
  const files = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];
  const texts = files.filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'));
  const found = texts.flatMap((text) => [...text.matchAll(/^nameserver\s+([\d.]+)\s*$/gm)]);
  const addresses = found.map(([, address = '']) => address);
  return [...new Set(addresses)].filter((address) => !address.startsWith('127.'));
}
