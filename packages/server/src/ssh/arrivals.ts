import type { Socket } from 'node:net';
import { SECOND } from '../lib/duration.ts';
import { networkOf } from '../lib/network-of.ts';

/** How far somebody has come who has not signed in: they who have come less far go first. */
const stages = ['connected', 'spoke', 'agreed'] as const;
export type Stage = (typeof stages)[number];

export type Arrival = { network: string; stage: Stage };

type Bounds = {
  /** Of one network, and in all, who have not signed in. */
  perNetwork: number;
  total: number;
  signInWithin: number;
};

const BOUNDS: Bounds = { perNetwork: 20, total: 100, signInWithin: 20 * SECOND };

/**
 * Who has to go for a newcomer; `waiting` is in the order in which they came, the newcomer last. Nobody is
 * locked out by strangers who only wait, not even by those behind the same address: they go first.
 */
export function whoGoes<Who extends Arrival>(
  waiting: readonly Who[],
  { perNetwork, total }: Pick<Bounds, 'perNetwork' | 'total'> = BOUNDS,
): Who | undefined {
  const newcomer = waiting.at(-1);
  if (newcomer === undefined) return undefined;
  const byNetwork = Map.groupBy(waiting, ({ network }) => network);
  const beside = byNetwork.get(newcomer.network) ?? [];
  if (beside.length > perNetwork) return leastOf(beside.slice(0, -1));
  if (waiting.length <= total) return undefined;
  const [largest = []] = [...byNetwork.values()].toSorted((a, b) => b.length - a.length);
  return leastOf(largest.filter((one) => one !== newcomer));
}

const leastOf = <Who extends Arrival>(all: readonly Who[]): Who | undefined =>
  stages.map((stage) => all.find((one) => one.stage === stage)).find((one) => one !== undefined);

type Waiting = Arrival & { socket: Socket };
type Client = { ip: string; port: number };

const nameOf = ({ ip, port }: Client): string => `${ip} ${port}`;

/** Keeps those who have not signed in to their number and time, which may not even speak SSH. */
export function watchArrivals(bounds = BOUNDS) {
  const waiting = new Map<string, Waiting>();
  const sockets = new Map<string, Socket>();
  return {
    watch(socket: Socket): void {
      const { remoteAddress: ip = '', remotePort: port = 0 } = socket;
      const name = nameOf({ ip, port });
      const timer = setTimeout(() => {
        if (waiting.has(name)) socket.destroy();
      }, bounds.signInWithin);
      waiting.set(name, { network: networkOf(ip), stage: 'connected', socket });
      sockets.set(name, socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        clearTimeout(timer);
        waiting.delete(name);
        sockets.delete(name);
      });
      whoGoes([...waiting.values()], bounds)?.socket.destroy();
    },
    reached(client: Client, stage: Stage): void {
      const one = waiting.get(nameOf(client));
      if (one !== undefined) one.stage = stage;
    },
    signedIn: (client: Client): boolean => waiting.delete(nameOf(client)),
    socketOf: (client: Client): Socket | undefined => sockets.get(nameOf(client)),
  };
}
