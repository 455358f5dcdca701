import type { Scene } from './scene.ts';
import type { Tally } from './tally.ts';

export type Attack = {
  name: string;
  /** What it makes of what it lacks, or undefined where it can be. */
  lacks?(): string | undefined;
  /** How many seconds it needs at least. */
  least?: number;
  /** Goes on until the signal, or until it has done what it does; leaves nothing open. */
  run(scene: Scene, tally: Tally, signal: AbortSignal): Promise<unknown>;
};
