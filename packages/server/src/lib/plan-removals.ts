/** Something on the disk, as far as a budget is concerned. */
export type Stored = {
  path: string;
  bytes: number;
  modifiedAt: number;
  /** Whether somebody may still write into it. */
  open: boolean;
};

/** What has to go for the rest to fit: the oldest first, and nothing that is still written. */
export function planRemovals<T extends Stored>(all: readonly T[], budgetBytes: number): T[] {
  let excess = all.reduce((sum, { bytes }) => sum + bytes, 0) - budgetBytes;
  const removals: T[] = [];
  for (const one of all.toSorted((a, b) => a.modifiedAt - b.modifiedAt)) {
    if (excess <= 0) break;
    if (one.open) continue;
    removals.push(one);
    excess -= one.bytes;
  }
  return removals;
}
