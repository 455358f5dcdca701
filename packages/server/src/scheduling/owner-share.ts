import type { Demand } from './capacity.ts';

/** What the owner of some things may hold, and holds, together. */
export type OwnerShare = {
  /** Null: as much as there is. */
  most: { memoryMiB: number | null; gpus: number | null };
  held: { memoryMiB: number; gpus: number };
};

/** The limit that keeps something waiting, and what its owner holds then: MiB, or GPUs. */
export type LimitedBy = { name: 'memory' | 'gpus'; most: number; held: number };

type Asking = { owner?: string; demand: Demand };

export type Shares = {
  /** Which limit of its owner's it would break now, or undefined. */
  limitOf(asking: Asking): LimitedBy | undefined;
  /** It starts: its owner holds so much more. */
  spend(asking: Asking): void;
};

/** Which limit it would break if it started now, or undefined. */
function limitBroken(
  { most, held }: OwnerShare,
  { nodes, memoryMiB, gpus }: Demand,
): LimitedBy | undefined {
  if (gpus > 0 && most.gpus !== null && held.gpus + gpus * nodes > most.gpus)
    return { name: 'gpus', most: most.gpus, held: held.gpus };
  if (most.memoryMiB !== null && held.memoryMiB + memoryMiB * nodes > most.memoryMiB)
    return { name: 'memory', most: most.memoryMiB, held: held.memoryMiB };
  return undefined;
}

/** Which limit it would break when these others of its owner's had ended; where all had, if none are named. */
export function limitWithout(
  share: OwnerShare | undefined,
  demand: Demand,
  others?: readonly Demand[],
): LimitedBy | undefined {
  if (share === undefined) return undefined;
  const freed = others === undefined ? share.held : heldBy(others);
  const held = {
    memoryMiB: share.held.memoryMiB - freed.memoryMiB,
    gpus: share.held.gpus - freed.gpus,
  };
  return limitBroken({ ...share, held }, demand);
}

/** Keeps count of what owners hold while a look at the queue lets things start. */
export function openShares(shares: ReadonlyMap<string, OwnerShare> = new Map()): Shares {
  const held = new Map([...shares].map(([owner, share]) => [owner, { ...share.held }]));
  return {
    limitOf({ owner = '', demand }) {
      const most = shares.get(owner)?.most;
      const has = held.get(owner);
      return most && has && limitBroken({ most, held: has }, demand);
    },
    spend({ owner = '', demand: { nodes, memoryMiB, gpus } }) {
      const has = held.get(owner);
      if (has === undefined) return;
      has.memoryMiB += memoryMiB * nodes;
      has.gpus += gpus * nodes;
    },
  };
}

/** What an owner holds by all of these. */
export function heldBy(
  admitted: readonly { memoryMiB: number; gpus: number; nodes: number }[],
): OwnerShare['held'] {
  const sum = (of: (one: { memoryMiB: number; gpus: number }) => number): number =>
    admitted.reduce((total, one) => total + of(one) * one.nodes, 0);
  return { memoryMiB: sum(({ memoryMiB }) => memoryMiB), gpus: sum(({ gpus }) => gpus) };
}
