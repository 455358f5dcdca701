import { createSubjects } from '../roles/create-subjects.ts';
import type { TellSubjects } from '../workloads/subject.ts';

/** The program's own subjects, to be told that something changed; nothing is there to describe with. */
export const toldSubjects: TellSubjects = createSubjects({} as never);
