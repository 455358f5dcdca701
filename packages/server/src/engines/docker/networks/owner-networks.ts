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
import { overStumbles } from '../retry-transient.ts';
import { candidateSubnets, lowerHalf, parseRoutes, upperHalf } from './subnets.ts';
import { createOnce } from '../docker-deps.ts';
import { createTurns } from '../serial-queue.ts';
import type { Site } from '../docker-deps.ts';

const BRIDGE_NAME = 'com.docker.network.bridge.name';

type Network = {
  Id: string;
  Name: string;
  Options: Readonly<Record<string, string>> | null;
  IPAM: { Config: readonly { Subnet: string }[] | null };
};

/** The networks of owners, each guarded before anything is on it. */
export function createNetworks(site: Site, baseImage: (signal: AbortSignal) => Promise<string>) {
  const once = createOnce<string, string>();
  const ready = new Set<string>();
  const inTurn = createTurns();
  const guardAll = (signal: AbortSignal): Promise<void> =>
    inTurn(async () => guard(site, await baseImage(signal), signal));
  return {
    /** The name of the owner's network, which is there and guarded. */
    ensure: (owner: OwnerId, signal: AbortSignal): Promise<string> => {
      const name = networkName(site.platform, owner);
      if (ready.has(name)) return Promise.resolve(name);
      return once.run(name, async () => {
        await overStumbles(() => makeNetwork(site, owner, signal), signal);
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
      for (const { Id } of await listNetworks(site, signal))
        await unless(
          isInUse,
          site.client.ask({ method: 'DELETE', path: `/networks/${Id}` }, signal),
        );
      await guardAll(signal);
    },
  };
}

export type Networks = ReturnType<typeof createNetworks>;

/** 403 says that something is on it, 404 and 409 that another was faster. */
const isInUse = (error: unknown): boolean =>
  error instanceof Error && 'status' in error && [403, 404, 409].includes(Number(error.status));

async function makeNetwork(site: Site, owner: OwnerId, signal: AbortSignal): Promise<void> {
  const taken = parseRoutes(readFileSync('/proc/net/route', 'utf8'));
  for (const subnet of candidateSubnets(owner, taken))
    if (await tryNetwork(site, { owner, subnet }, signal)) return;
  throw new Error('no address is left for the network of its owner: 10.64.0.0/10 is taken');
}

/** Whether it is there; false where its addresses are taken. */
async function tryNetwork(
  site: Site,
  { owner, subnet }: { owner: OwnerId; subnet: string },
  signal: AbortSignal,
): Promise<boolean> {
  const body = {
    Name: networkName(site.platform, owner),
    CheckDuplicate: true,
    Driver: 'bridge',
    Labels: { [LABEL.platform]: site.platform, [LABEL.owner]: owner },
    Options: { [BRIDGE_NAME]: bridgeName(site.platform, owner) },
    IPAM: { Driver: 'default', Config: [{ Subnet: subnet, IPRange: lowerHalf(subnet) }] },
  };
  try {
    await site.client.ask({ method: 'POST', path: '/networks/create', body }, signal);
    return true;
  } catch (error) {
    if (isThere(error)) return true;
    if (error instanceof Error && /overlap/i.test(error.message)) return false;
    throw error;
  }
}

/** Addresses of a network that is there, which the engine gives to nobody by itself. */
export async function nodeAddresses(
  { client }: Site,
  network: string,
  signal: AbortSignal,
): Promise<NodeAddresses> {
  const { IPAM } = await client.ask<Network>({ path: `/networks/${network}` }, signal);
  const addresses = (IPAM.Config ?? []).flatMap(({ Subnet }) => upperHalf(Subnet));
  return { addresses, networkInterface: 'eth0' };
}

const listNetworks = (site: Site, signal: AbortSignal): Promise<Network[]> =>
  site.client.ask(
    {
      path: '/networks',
      query: { filters: JSON.stringify({ label: [ofPlatform(site.platform)] }) },
    },
    signal,
  );

/**
 * Puts the rules in force by way of a container in the host's network, which may do that and no more: the
 * platform itself need not be root.
 */
async function guard(site: Site, image: string, signal: AbortSignal): Promise<void> {
  if (!canGuard()) return;
  const rules = guardRules(await describeGuarded(site, signal));
  const name = `clever-grid-guard-${site.platform}`;
  await removeContainer(site.client, name, signal);
  const body = {
    Image: image,
    Entrypoint: [],
    Cmd: ['/bin/sh', '-c', 'printf %s "$RULES" | nft -f - 2>&1'],
    Env: [`RULES=${rules}`, 'PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
    User: '0',
    Labels: { [LABEL.platform]: site.platform },
    HostConfig: {
      NetworkMode: 'host',
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN'],
      Mounts: programMounts(),
      ReadonlyRootfs: true,
    },
  };
  const id = await createContainer(site.client, { name, body }, signal);
  await startContainer(site.client, id, signal);
  const code = await waitForContainer(site.client, id, signal);
  await removeContainer(site.client, id, signal);
  if (code !== 0) throw new Error(`the firewall took no rules (nft ended with ${code})`);
}

async function describeGuarded(site: Site, signal: AbortSignal) {
  const networks = await listNetworks(site, signal);
  const bridges = networks.flatMap(({ Options }) => Options?.[BRIDGE_NAME] ?? []).toSorted();
  return {
    table: `clever_grid_docker_${site.platform}`,
    bridges,
    buildBridge:
      site.buildkit && bridges.length > 0 ? await defaultBridge(site, signal) : undefined,
    resolvers: findResolvers(),
    allowed: site.allowedNetworks,
  };
}

/** Podman calls its own otherwise, and Docker may be told to have none. */
const defaultBridge = async (site: Site, signal: AbortSignal): Promise<string | undefined> => {
  const asked = site.client.ask<Network>({ path: '/networks/bridge' }, signal);
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
