/** What workloads share: memory is given out, CPU time is shares. */
export type Pool = {
  /** What instances may hold together: the host's memory less the reserve, in MiB. */
  memoryMiB: number;
};

/** Why a workload waits. */
export type WaitReason = 'no_memory' | 'behind_others';

/** `never_fits` waits for nothing: the machine has become too small, or the reserve too big. */
export type RefusedReason = WaitReason | 'never_fits';

export type Admission = { admit: true } | { admit: false; reason: RefusedReason; detail: string };

/** Whether a workload may hold `needMiB` now. First come, first served: none overtakes another. */
export function decideAdmission(
  pool: Pool,
  { needMiB, heldMiB, ahead }: { needMiB: number; heldMiB: number; ahead: number },
): Admission {
  if (needMiB > pool.memoryMiB)
    return {
      admit: false,
      reason: 'never_fits',
      detail: `Needs ${needMiB} MiB of memory; this machine has ${pool.memoryMiB} MiB to give. Choose a smaller flavor or fewer nodes.`,
    };
  if (ahead > 0)
    return {
      admit: false,
      reason: 'behind_others',
      detail: `Waits behind ${ahead} ${ahead === 1 ? 'other' : 'others'} that came first.`,
    };
  const freeMiB = pool.memoryMiB - heldMiB;
  if (needMiB <= freeMiB) return { admit: true };
  return {
    admit: false,
    reason: 'no_memory',
    detail: `Needs ${needMiB} MiB of memory; ${Math.max(0, freeMiB)} of ${pool.memoryMiB} MiB are free. It starts when others end.`,
  };
}
