/** What workloads share: memory is given out, CPU time is shares. */
export type Pool = {
  /** What instances may hold together: the host's memory less the reserve, in MiB. */
  memoryMiB: number;
};

/** Why a workload waits. */
export type WaitReason = 'no_memory' | 'behind_others';

export type Admission = { admit: true } | { admit: false; reason: WaitReason; detail: string };

/** Whether a workload may hold `needMiB` now. First come, first served: none overtakes another. */
export function decideAdmission(
  pool: Pool,
  { needMiB, heldMiB, ahead }: { needMiB: number; heldMiB: number; ahead: number },
): Admission {
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
