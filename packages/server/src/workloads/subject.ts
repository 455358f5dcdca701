import type { ApplicationId } from '../lib/ids.ts';
import type { QueueClass } from '../scheduling/order.ts';
import type { Tx } from '../store/database.ts';
import type { SubjectId, SubjectKind } from '../store/schema.ts';
import type { InstanceSpec } from './engine.ts';
import type { HealthRule } from './health.ts';
import type { Instance, Workload } from './workload.ts';

/** What a workload is there for. Its id alone says nothing: the build of a deployment has the deployment's. */
export type SubjectRef = { subjectKind: SubjectKind; subjectId: SubjectId };

/** How workloads of a kind of subject are treated. */
export type SubjectRules = {
  /** `together`: all its nodes' instances at its admission. `in_turn`: one after the other, added by who knows the next. */
  instances: 'together' | 'in_turn';
  /** Until somebody ends it: its instances prove their health, and may be visited. Others end by themselves. */
  serves: boolean;
  /** Whether a number that was healthy once is started again when its instance ended. */
  replaces: boolean;
  queueClass: QueueClass;
  /** Whether its nodes know each other's addresses before any of them starts. */
  formsGang: boolean;
  /** Whether somebody may enter its instances. */
  enterable: boolean;
};

/** A kind of subject is a line here, and a `Subject` where the program is put together. */
export const subjectRules: Readonly<Record<SubjectKind, SubjectRules>> = {
  /** The steps that make a deployment's artifact. */
  build: {
    instances: 'in_turn',
    serves: false,
    replaces: false,
    queueClass: 'build',
    formsGang: false,
    enterable: false,
  },
  /** What a Webapp's deployment serves with. */
  deployment: {
    instances: 'together',
    serves: true,
    replaces: true,
    queueClass: 'service',
    formsGang: false,
    enterable: true,
  },
  /** One attempt of a run. */
  run: {
    instances: 'together',
    serves: false,
    replaces: false,
    queueClass: 'run',
    formsGang: true,
    enterable: true,
  },
};

export const rulesOf = ({ subjectKind }: Pick<SubjectRef, 'subjectKind'>): SubjectRules =>
  subjectRules[subjectKind];

/** What the platform runs something for: it says what is to be run, and is told when something of it changed. */
export type Subject = {
  /** What the engine is told of an instance: the same each time it is asked. */
  describe(workload: Workload, instance: Instance): Promise<InstanceSpec>;
  /** Asks for a look at it, in the transaction that changed a workload of it, or an instance. */
  changed(tx: Tx, id: SubjectId, at: number): Promise<void>;
  /** A device that a workload of it holds is not well any more; where nothing is said, a look at it is all. */
  faulted?(tx: Tx, workload: Workload, at: number): Promise<void>;
  /** How its instances prove that they serve; for those that do. */
  health?: SubjectHealth;
};

export type SubjectHealth = {
  /** What an instance that has started must answer, and until when. */
  rule(instance: Instance & { startedAt: number }): Promise<HealthRule>;
  /** Run inside it, one after the other, when it is known whether it serves. */
  afterwards(instance: Instance, healthy: boolean): Promise<readonly (readonly string[])[]>;
};

/** Whose log a line is written to: the subject's, among those of its application where it belongs to one. */
export type SaidOf = { subjectId: SubjectId; applicationId: ApplicationId | null };

export type Subjects = Readonly<Record<SubjectKind, Subject>>;

/** Asks for a look at whatever the workload, or the instance, is there for. */
export const tellSubject = (
  subjects: TellSubjects,
  tx: Tx,
  { subjectKind, subjectId, at }: SubjectRef & { at: number },
): Promise<void> => subjects[subjectKind].changed(tx, subjectId, at);

/** What is needed to tell subjects. */
export type TellSubjects = Readonly<Record<SubjectKind, Pick<Subject, 'changed'>>>;
