import { mkdir } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import { SECOND } from '../lib/duration.ts';
import type { Log } from '../lib/log.ts';
import { pauseAfter } from '../reconcile/loop.ts';
import type { ConnectionCount, Ports, RouteTable } from './route-table.ts';
import { drainRouter, putTable, reloadCertificate, whenGone } from './router-client.ts';
import { findRouters, startRouter, startedWith, succeedRouter } from './router-process.ts';
import type { Port, Running } from './router-process.ts';
import { planRouter } from './router-settings.ts';
import type { RouterSettings } from './router-settings.ts';

export type RouterHandle = {
  ports: Ports;
  /** The version of the table that the router has. */
  version(signal: AbortSignal): Promise<number>;
  put(table: RouteTable, signal: AbortSignal): Promise<void>;
  /** Shows what is in the certificate's files now; no connection ends. */
  reloadCertificate(signal: AbortSignal): Promise<void>;
  /** What is under way at these instances, by routers that were replaced too. */
  inFlight(instanceIds: readonly string[], signal: AbortSignal): Promise<number>;
  /** How applications stand with their limit, routers that were replaced too. */
  connections(signal: AbortSignal): Promise<readonly Readonly<Record<string, ConnectionCount>>[]>;
};

type Keeper = { settings: RouterSettings; clock: Clock; log: Log; signal: AbortSignal };

/** One that lived shorter failed to start. */
const LIVED = 10 * SECOND;

/**
 * The router of this data directory, looked after until the signal: the one that runs is kept, or replaced
 * where it is another program or was started with other settings; one that ends is started again.
 */
export async function openRouter(keeper: Keeper): Promise<RouterHandle> {
  const { settings, log, signal } = keeper;
  const { directory } = settings;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const first = await bringRouter(keeper);
  const { ports } = first.status;
  lookAfter({ ...keeper, settings: { ...settings, ports } }, first).catch((error: unknown) => {
    if (!signal.aborted) log.error({ err: error }, 'the router is no longer looked after');
  });
  /** The one that takes visitors first, then those that finish what they have. */
  const running = async (within: AbortSignal): Promise<[Running, ...Running[]]> => {
    const [newest, ...others] = await findRouters(directory, within);
    if (newest === undefined) throw new Error('the router is being started again');
    return [newest, ...others];
  };
  return {
    ports,
    version: async (within) => (await running(within))[0].status.tableVersion,
    async put(table, within) {
      const [newest, ...others] = await running(within);
      await putTable(newest.socket, table, within);
      await Promise.allSettled(others.map(({ socket }) => putTable(socket, table, within)));
    },
    async reloadCertificate(within) {
      for (const { socket } of await running(within)) await reloadCertificate(socket, within);
    },
    async inFlight(instanceIds, within) {
      const all = await running(within);
      const counts = all.flatMap(({ status }) => instanceIds.map((id) => status.inFlight[id] ?? 0));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async connections(within) {
      return (await running(within)).map(({ status }) => status.connections ?? {});
    },
  };
}

/** One router as it is wanted; others are told to finish. */
async function bringRouter({ settings, log, signal }: Keeper): Promise<Running> {
  const running = await findRouters(settings.directory, signal);
  const [newest] = running.filter(({ status }) => !status.draining);
  const wanted = { ...startedWith(settings), ports: settings.ports };
  const plan = planRouter(newest?.status, wanted);
  const chosen = await carryOut(plan, { settings, newest, signal });
  if (plan !== 'keep') {
    const { pid, ports } = chosen.status;
    log.info({ pid, ports, replaced: newest?.status.pid }, 'router started');
  }
  for (const { socket } of running) if (socket !== chosen.socket) await drainRouter(socket, signal);
  return chosen;
}

function carryOut(
  plan: ReturnType<typeof planRouter>,
  {
    settings,
    newest,
    signal,
  }: { settings: RouterSettings; newest: Running | undefined; signal: AbortSignal },
): Promise<Running> | Running {
  if (newest === undefined)
    return startRouter(settings, eachPort(settings.ports, { http: 0, https: 0 }), signal);
  if (plan === 'keep') return newest;
  if (plan === 'succeed') return succeedRouter(settings, newest, signal);
  return startRouter(settings, eachPort(settings.ports, newest.status.ports), signal);
}

/** Ports as they are wanted beside a router that uses others, or the same. */
function eachPort(wanted: Ports, used: Ports): { http: Port; https: Port } {
  const port = (scheme: keyof Ports): Port => {
    const number = wanted[scheme] === 0 ? used[scheme] : wanted[scheme];
    return { number, use: number !== 0 && number === used[scheme] ? 'shared' : 'own' };
  };
  return { http: port('http'), https: port('https') };
}

/** Starts another at once where the router is gone; with growing pauses where none lives. */
async function lookAfter(keeper: Keeper, first: Running): Promise<void> {
  const { clock, log, signal } = keeper;
  let failures = 0;
  for (let running: Running | undefined = first; !signal.aborted;) {
    const since = clock();
    if (running !== undefined) await whenGone(running.socket, signal);
    if (signal.aborted) return;
    failures = clock() - since > LIVED ? 0 : failures + 1;
    log.warn({ failures }, 'the router is gone: another is started');
    if (failures > 1) await wait(pauseAfter(failures - 1), undefined, { signal });
    running = await bringRouter(keeper).catch((error: unknown) => {
      if (!signal.aborted) log.error({ err: error }, 'the router could not be started');
      return undefined;
    });
  }
}
