import type { Lease } from '../devices/lease.ts';
import type { Tx } from '../store/database.ts';
import { tellSubject } from './subject.ts';
import type { Subjects } from './subject.ts';
import { findWorkload } from './workload-store.ts';

/** A device is not well any more: the subject of what holds it does what it does then, or looks. */
export const tellFault =
  (subjects: Subjects) =>
  async (tx: Tx, { workloadId }: Lease, at: number): Promise<void> => {
    const workload = await findWorkload(tx, workloadId);
    if (workload === undefined || workload.wanted === 'gone') return;
    const { faulted } = subjects[workload.subjectKind];
    if (faulted === undefined) await tellSubject(subjects, tx, { ...workload, at });
    else await faulted(tx, workload, at);
  };
