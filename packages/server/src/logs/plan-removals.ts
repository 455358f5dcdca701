/** A segment's file, as far as a budget is concerned. */
export type SegmentFile = {
  path: string;
  bytes: number;
  modifiedAt: number;
  /** Whether its source may still write into it. */
  open: boolean;
};

/** What has to go for the rest to fit: the oldest first, and nothing that is still written. */
export function planRemovals(files: readonly SegmentFile[], budgetBytes: number): SegmentFile[] {
  let excess = files.reduce((sum, { bytes }) => sum + bytes, 0) - budgetBytes;
  const removals: SegmentFile[] = [];
  for (const file of files.toSorted((a, b) => a.modifiedAt - b.modifiedAt)) {
    if (excess <= 0) break;
    if (file.open) continue;
    removals.push(file);
    excess -= file.bytes;
  }
  return removals;
}
