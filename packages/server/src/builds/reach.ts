/**
 * What is read for an installation, beside lists: packages of indexes and addresses alone, also something of the
 * tree, or also what nobody here can follow (a list on the network, a file that is elsewhere).
 */
export type Reach = 'packages' | 'tree' | 'unknown';

const REACHES: readonly Reach[] = ['packages', 'tree', 'unknown'];

/** How far the whole of several reaches. */
export const farthest = (reaches: readonly Reach[]): Reach =>
  REACHES.findLast((reach) => reaches.includes(reach)) ?? 'packages';
