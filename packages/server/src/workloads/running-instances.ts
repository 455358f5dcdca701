import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Reader } from '../store/database.ts';
import type { SubjectKind } from '../store/schema.ts';
import { selectRunning } from './instance-store.ts';
import { subjectRules } from './subject.ts';
import type { Instance } from './workload.ts';

const enterable = Object.entries(subjectRules)
  .filter(([, rules]) => rules.enterable)
  .map(([kind]) => kind as SubjectKind);

/** Those of an application or an owner that run and may be entered. */
export const listRunning = (
  db: Reader,
  of: { applicationId: ApplicationId } | { ownerId: OwnerId },
): Promise<Instance[]> => selectRunning(db, of, enterable);
