import type {
  ApplicationId,
  DeploymentId,
  InstanceId,
  OwnerId,
  RunId,
  UserId,
  WorkloadId,
} from '../lib/ids.ts';
import type { EndReason, Reason, WaitReason } from '../lib/reason.ts';

/** bigint in PostgreSQL, integer in SQLite; a JavaScript number in both. */
type Time = number;

export type Priority = 'low' | 'normal' | 'high';

export type RunStatus = 'waiting' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** One execution of a Runner's artifact. What it is made from never changes. */
export type RunTable = {
  id: RunId;
  ownerId: OwnerId;
  applicationId: ApplicationId;
  /** What built its artifact; with the origin `deployment`, what it ends with. */
  deploymentId: DeploymentId;
  commitId: string;
  artifactId: string;
  command: string;
  environmentHash: string;
  flavor: string;
  nodes: number;
  /** `deployment`: one at a time, by a push or a restart. `request`: beside those, as many as are asked for. */
  origin: 'deployment' | 'request';
  authorId: UserId | null;
  /** The command where it is not the artifact's own. */
  argv: readonly string[] | null;
  /** Its variables: JSON, encrypted; null where they are the deployment's, empty when forgotten. */
  environment: string | null;
  /** Names of the variables that were given for this run alone. */
  changed: readonly string[] | null;
  priority: Priority;
  /** How long an attempt may take, in ms. */
  maxDuration: number | null;
  /** How often it is tried again where its own program failed; null: only what the platform is to blame for is. */
  retries: number | null;
  rerunOf: RunId | null;
  wanted: 'proceed' | 'cancel';
  status: RunStatus;
  reason: Reason | null;
  detail: string | null;
  exitCode: number | null;
  createdAt: Time;
  startedAt: Time | null;
  /** When it was over; it is never moved. */
  finishedAt: Time | null;
};

/** One try of a run. */
export type AttemptTable = {
  runId: RunId;
  number: number;
  workloadId: WorkloadId;
  status: RunStatus;
  reason: EndReason | null;
  detail: string | null;
  exitCode: number | null;
  /** Why the platform ends it, written before it does: what its instances say of their end is not the reason. */
  ending: EndReason | null;
  /** When it may be queued, or null: at once. */
  startAfter: Time | null;
  createdAt: Time;
  startedAt: Time | null;
  /** When it was over; it is never moved. */
  finishedAt: Time | null;
};

/** What an estimate rests on: what ran before; what it may take at most; nothing. */
export type EstimateBasis = 'history' | 'limit' | 'assumption';

/** What the platform runs things for (`workloads/subject.ts`). */
export const subjectKinds = ['build', 'deployment', 'run'] as const;

export type SubjectKind = (typeof subjectKinds)[number];

/** Of a build, or a deployment's service: the deployment's id. */
export type SubjectId = DeploymentId | RunId;

/** What the engine is asked to keep: the instances of one build, one deployment's service, or one attempt of a run. */
export type WorkloadTable = {
  id: WorkloadId;
  ownerId: OwnerId;
  /** What it belongs to, where it belongs to one. */
  applicationId: ApplicationId | null;
  subjectKind: SubjectKind;
  subjectId: SubjectId;
  /** Whether its time is paid for, from its admission on. */
  metered: boolean;
  engine: string;
  flavor: string;
  memoryMiB: number;
  cpus: number;
  diskMiB: number;
  /** Of each node. */
  gpus: number;
  /** What a node costs a day, as priced when it was made. */
  microEurosPerDay: number;
  /** Which devices count; null where it needs none. */
  deviceClass: string | null;
  nodes: number;
  /** Its place among all that waits: when it came, moved by its kind. */
  turnAt: Time;
  /** Its place among what its owner has waiting: that, moved by its priority. */
  queueAt: Time;
  /** How long it is expected to hold what it gets, in ms; null: until somebody ends it. */
  estimate: number | null;
  /** Null where there is no estimate. */
  estimateBasis: EstimateBasis | null;
  maxDuration: number | null;
  /** When it was to start, as was said first, and as it is expected now: never by what is only assumed. */
  promisedAt: Time | null;
  expectedAt: Time | null;
  /** The host of each node, once it is admitted. */
  placement: readonly string[] | null;
  /** The address of each node of a gang, chosen before any starts. */
  addresses: { addresses: readonly string[]; networkInterface: string } | null;
  /** `up`: N instances run. `gone`: none, and the engine has forgotten it. */
  wanted: 'up' | 'gone';
  /** How long between TERM and KILL when it goes. */
  graceSeconds: number;
  /** `waiting` holds nothing; `admitted` holds its memory until `gone`. */
  state: 'waiting' | 'admitted' | 'gone';
  /** Why it waits for capacity. */
  reason: WaitReason | null;
  detail: string | null;
  /** What is said while its engine is away, or null. */
  engineAway: string | null;
  createdAt: Time;
  admittedAt: Time | null;
  /** When the router stopped sending to it, or null while it may still be sent requests. */
  drainingAt: Time | null;
  goneAt: Time | null;
};

/** `unhealthy`: it did not prove its health in time, and still runs. */
type InstanceStatus = 'starting' | 'healthy' | 'unhealthy' | 'exited';

export type InstanceTable = {
  id: InstanceId;
  workloadId: WorkloadId;
  ownerId: OwnerId;
  applicationId: ApplicationId | null;
  subjectKind: SubjectKind;
  subjectId: SubjectId;
  number: number;
  attempt: number;
  /** Friendly name, as shown. */
  name: string;
  engine: string;
  flavor: string;
  wanted: 'running' | 'gone';
  status: InstanceStatus;
  endpointHost: string | null;
  endpointPort: number | null;
  exitCode: number | null;
  signal: string | null;
  reason: EndReason | null;
  detail: string | null;
  /** When an attempt after a crash may start, or null. */
  startAfter: Time | null;
  createdAt: Time;
  startedAt: Time | null;
  healthyAt: Time | null;
  endedAt: Time | null;
};

/** A GPU or a slice of one, as it was seen last. */
export type DeviceTable = {
  uuid: string;
  host: string;
  model: string;
  memoryMiB: number;
  position: number;
  numa: number | null;
  parentUuid: string | null;
  driver: string | null;
  /** Its device files. */
  files: readonly string[];
  health: DeviceHealth;
  /** Why it is not well. */
  reason: EndReason | null;
  detail: string | null;
  healthSince: Time;
  firstSeenAt: Time;
  /** When the operator said that what was wrong is mended. */
  repairedAt: Time | null;
};

/** `well` may be leased; `quarantined` is there, and nobody gets it; `missing` is not seen any more. */
export type DeviceHealth = 'well' | 'quarantined' | 'missing';

/** `held`; its holder is over, and nobody has proven it free; offered again. */
type LeaseState = 'held' | 'fencing' | 'released';

/** A device held by one node of a workload. A partial unique index keeps it from being held twice. */
export type LeaseTable = {
  deviceUuid: string;
  workloadId: WorkloadId;
  ownerId: OwnerId;
  applicationId: ApplicationId | null;
  subjectKind: SubjectKind;
  subjectId: SubjectId;
  /** The node, or the number of the Webapp's instance. */
  number: number;
  state: LeaseState;
  acquiredAt: Time;
  /** Its holder is over; the device is not offered until nobody is seen to use it. */
  endedAt: Time | null;
  /** What it waits for since. */
  detail: string | null;
  releasedAt: Time | null;
};
