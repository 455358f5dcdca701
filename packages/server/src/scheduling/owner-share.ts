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

/** Keeps count of what owners hold while a look at the queue lets things start. */
export function openShares(shares: ReadonlyMap<string, OwnerShare> = new Map()): Shares {
  const held = new Map([...shares].map(([owner, share]) => [owner, { ...share.held }]));
  return {
    limitOf({ owner = '', demand: { nodes, memoryMiB, gpus } }) {
      const most = shares.get(owner)?.most;
      const has = held.get(owner);
      if (most === undefined || has === undefined) return undefined;
      if (gpus > 0 && most.gpus !== null && has.gpus + gpus * nodes > most.gpus)
        return { name: 'gpus', most: most.gpus, held: has.gpus };
      if (most.memoryMiB !== null && has.memoryMiB + memoryMiB * nodes > most.memoryMiB)
        return { name: 'memory', most: most.memoryMiB, held: has.memoryMiB };
      return undefined;
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
