import type { ColumnType, Generated, Insertable, Selectable } from 'kysely';
import type {
  ApplicationId,
  DeploymentId,
  InstanceId,
  OrganizationId,
  OwnerId,
  UserId,
} from '../lib/ids.ts';
import type {
  AttemptTable,
  DeviceTable,
  InstanceTable,
  LeaseTable,
  RunTable,
  SubjectId,
  SubjectKind,
  WorkloadTable,
} from './work-tables.ts';
import type { Reason } from '../lib/reason.ts';

/**
 * The tables, as Kysely sees them; `migrations/` makes them. Times are epoch milliseconds, money is
 * integer micro-euros, encrypted values are text, and JSON is what it says (`columns.ts`). Each
 * column has one writer: `wanted` is written by use cases, `state` and what belongs to it by the
 * reconciler that observed it.
 */
export type Schema = {
  users: UserTable;
  tokens: TokenTable;
  claimTokens: ClaimTokenTable;
  cliLogins: CliLoginTable;
  secondaryEmails: SecondaryEmailTable;
  pendingEmails: PendingEmailTable;
  sshKeys: SshKeyTable;
  organizations: OrganizationTable;
  members: MemberTable;
  applications: ApplicationTable;
  environmentValues: EnvironmentValueTable;
  exposedValues: EnvironmentValueTable;
  dependencies: DependencyTable;
  domains: DomainTable;
  reservedNames: ReservedNameTable;
  repositories: RepositoryTable;
  deployments: DeploymentTable;
  artifacts: ArtifactTable;
  runs: RunTable;
  attempts: AttemptTable;
  workloads: WorkloadTable;
  devices: DeviceTable;
  leases: LeaseTable;
  instances: InstanceTable;
  reconciliations: ReconciliationTable;
  leadership: LeadershipTable;
  events: EventTable;
  usageIntervals: UsageIntervalTable;
  metricSamples: MetricSampleTable;
  metricRollups: MetricRollupTable;
  limits: LimitTable;
  flavors: FlavorTable;
};

/** A row as the program has it; most of its nouns are rows. */
export type Row<Table extends keyof Schema> = Selectable<Schema[Table]>;

/**
 * What a row is made from: what can be null, or has a default, may be left out. What comes later may not be said: a
 * row that there is cannot be given for a new one.
 */
export type NewRow<Table extends keyof Schema, Later extends keyof Schema[Table] = never> = Omit<
  Insertable<Schema[Table]>,
  Later
> & { [Column in Later]?: never };

export type {
  DeviceHealth,
  EstimateBasis,
  Priority,
  RunStatus,
  SubjectId,
  SubjectKind,
} from './work-tables.ts';

/** bigint in PostgreSQL, integer in SQLite; a JavaScript number in both. */
type Time = number;

/** An object, kept as text; whoever writes it says what it holds. */
type Json = Readonly<Record<string, unknown>>;

type UserTable = {
  id: UserId;
  /** Lower case; unique. */
  email: string;
  name: string;
  /** scrypt, with its parameters and salt; null until a password is set. */
  passwordHash: string | null;
  /** May look after the platform itself. */
  operator: boolean;
  createdAt: Time;
};

type TokenTable = {
  /** The public half of the pair. */
  token: string;
  userId: UserId;
  /** sha256 of the secret half. */
  secretHash: string;
  name: string;
  kind: TokenKind;
  /** Where it was asked for. */
  ip: string | null;
  createdAt: Time;
  expiresAt: Time | null;
  /** To the day: what is used often is written seldom. */
  usedAt: Time | null;
};

/** `pair`: of a command line. `api`: made to be shown once and used by programs. `session`: of a browser. */
export type TokenKind = 'pair' | 'api' | 'session';

/** A command line that somebody let act for them in a browser: sha256 of its word, read once. */
type CliLoginTable = {
  hash: string;
  userId: UserId;
  createdAt: Time;
  expiresAt: Time;
  readAt: Time | null;
};

/** Lower case; no account has an address twice, or another's. */
type SecondaryEmailTable = { email: string; userId: UserId; createdAt: Time };

/** Lower case; an address that somebody says is theirs, which nobody has proven. Anybody may say so. */
type PendingEmailTable = { email: string; userId: UserId; createdAt: Time };

/** The one-time word that makes the first user: sha256, and when it was used. */
type ClaimTokenTable = { hash: string; createdAt: Time; usedAt: Time | null };

type SshKeyTable = {
  userId: UserId;
  name: string;
  /** `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256`… */
  type: string;
  /** base64 of the wire form; unique: a key says who pushes. */
  key: string;
  /** `SHA256:…` as OpenSSH prints it. */
  fingerprint: string;
  /** What stood behind the key in its line. */
  comment: string;
  createdAt: Time;
};

type OrganizationTable = {
  id: OrganizationId;
  name: string;
  description: string;
  createdAt: Time;
};

export type Role = 'ADMIN' | 'MANAGER' | 'DEVELOPER' | 'ACCOUNTING';

type MemberTable = {
  organizationId: OrganizationId;
  userId: UserId;
  role: Role;
  createdAt: Time;
};

type ApplicationTable = {
  id: ApplicationId;
  ownerId: OwnerId;
  name: string;
  description: string;
  zone: string;
  /** What the user chose as its type: `ml_python`, `ml_python_web`, … */
  variant: string;
  kind: 'runner' | 'webapp';
  flavor: string;
  buildFlavor: string | null;
  /** Number of instances, 1 to 40; what runs. */
  nodes: number;
  /** Where scaling by load would end. */
  maxNodes: number;
  maxFlavor: string;
  zeroDowntime: boolean;
  stickySessions: boolean;
  cancelOnPush: boolean;
  forceHttps: boolean;
  /** What an operator lets it ask of the kernel; only `nested` allows namespaces of its own. */
  sandbox: Generated<'strict' | 'nested'>;
  /** What the user wants: serving (or running when deployed), or nothing. */
  wanted: 'up' | 'down';
  createdAt: Time;
  /** Set when the user deleted it: its reconciliation ends what runs, then the row goes. */
  deletedAt: Time | null;
};

/** Values are encrypted (AES-256-GCM, key id in front). */
type EnvironmentValueTable = {
  applicationId: ApplicationId;
  name: string;
  value: string;
  updatedAt: Time;
};

/** What the dependency exposes is in the application's environment. */
type DependencyTable = {
  applicationId: ApplicationId;
  dependencyId: ApplicationId;
  createdAt: Time;
};

type DomainTable = {
  host: string;
  /** Starts with `/`. */
  pathPrefix: string;
  applicationId: ApplicationId;
  favourite: boolean;
  createdAt: Time;
};

/** The operator’s word: the name, and all below it, is for this owner; for nobody where it is null. */
type ReservedNameTable = { host: string; ownerId: OwnerId | null; createdAt: Time };

/** What the platform has seen of an application's git repository; the ref itself is the fact. */
type RepositoryTable = {
  applicationId: ApplicationId;
  /** Head of the deployment branch that has its deployment row. */
  seenCommit: string | null;
  /** The commit of each branch that deploys, as it was seen. */
  seenRefs: Readonly<Record<string, string>>;
  seenAt: Time | null;
  /** Who is pushing now, told before receive-pack runs; the author of what the ref becomes. */
  pusherId: UserId | null;
};

export type DeploymentStatus =
  | 'queued'
  | 'building'
  | 'starting'
  | 'live'
  | 'running'
  | 'completed'
  | 'superseded'
  | 'failed'
  | 'cancelled';

type DeploymentTable = {
  id: DeploymentId;
  ownerId: OwnerId;
  applicationId: ApplicationId;
  /** Counts within the application; the integer `id` of /v2. */
  number: number;
  commitId: string;
  action: 'DEPLOY' | 'UNDEPLOY';
  /** `Git`, `Console`, `clever-tools`, `grid`, `Monitoring/Unreachable`… as shown. */
  cause: string;
  authorId: UserId | null;
  useCache: boolean;
  /** What users asked of it: to go on, or to end. */
  wanted: 'proceed' | 'cancel';
  status: DeploymentStatus;
  /** Code and sentence where it failed, waits or fell back. */
  reason: Reason | null;
  detail: string | null;
  /** The user's variables as they were when it began: JSON, encrypted; null before, empty when forgotten. */
  environment: string | null;
  artifactId: string | null;
  createdAt: Time;
  startedAt: Time | null;
  builtAt: Time | null;
  /** When it was live, or over without having been; it is never moved. */
  finishedAt: Time | null;
};

type ArtifactTable = {
  /** sha256 of what it was made from; the directory's name. */
  id: string;
  ownerId: OwnerId;
  applicationId: ApplicationId;
  commitId: string;
  /** How it is started: an `ArtifactStart` (`builds/build.ts`). */
  start: Json;
  /** Directory of the dependencies, by key, or null where it needs none. */
  environmentKey: string | null;
  /** The same as they were installed, where a hook made something else of a copy. */
  installedKey: string | null;
  createdAt: Time;
  usedAt: Time;
};

type ReconciliationTable = {
  kind: string;
  id: string;
  version: number;
  /** Null: settled, nothing to look at. */
  dueAt: Time | null;
  claim: string | null;
  claimedUntil: Time | null;
  epoch: number | null;
  attempts: number;
};

/** One row: the epoch of the present leader. */
type LeadershipTable = { id: 1; epoch: number };

/** What happened, in the words of `events/event.ts`. */
type EventTable = {
  sequence: Generated<number>;
  /** Whose affair it is; null: the platform's own. */
  ownerId: OwnerId | null;
  applicationId: ApplicationId | null;
  kind: string;
  subjectKind: string;
  subjectId: string;
  /** `unknown`: of before it was recorded who. */
  actorKind: 'user' | 'operator' | 'platform' | 'unknown';
  actorId: UserId | null;
  at: Time;
  data: Json;
};

/** What is paid for: an instance's time. Rows are closed, never changed after; minutes follow from them. */
type UsageIntervalTable = {
  instanceId: InstanceId;
  ownerId: OwnerId;
  applicationId: ApplicationId | null;
  /** What the application was called that is gone since. */
  applicationName: string | null;
  /** Minutes are rounded within it, for each instance number. */
  subjectKind: SubjectKind;
  subjectId: SubjectId;
  instanceNumber: number;
  flavor: string;
  gpus: number;
  /** Of one instance for a day, as priced when it started. */
  microEurosPerDay: number;
  startedAt: Time;
  heartbeatAt: ColumnType<Time, Time, Time>;
  endedAt: Time | null;
};

/** What an instance or a device used at one time. */
type MetricSampleTable = {
  at: Time;
  /** An instance's id, or a device's UUID. */
  subjectId: string;
  /** By name (`metrics/metric.ts`). */
  metrics: Json;
};

/** What it used in a longer time, which begins at `at`. */
type MetricRollupTable = MetricSampleTable & {
  /** How long, in milliseconds. */
  step: number;
};

/** What an operator allows of something: to one user or owner, or, with an empty id, to all. */
type LimitTable = {
  name: string;
  subjectId: OwnerId | '';
  /** Null: as much as there is. */
  value: number | null;
  setAt: Time;
};

/** A size of instance. What it is made for has it by name; what runs keeps the numbers that it had then. */
type FlavorTable = {
  name: string;
  cpus: number;
  memoryMiB: number;
  diskMiB: number;
  gpus: number;
  /** A part of the model's name; null: what the operator's mapping says, or any. */
  deviceModel: string | null;
  /** Of one instance. */
  microEurosPerDay: number;
  /** Whose word it is: every platform's, this machine's, or an operator's. */
  origin: 'catalogue' | 'machine' | 'operator';
  createdAt: Time;
  changedAt: Time;
  /** It is not there any more, and does not come back by itself. */
  removedAt: Time | null;
};
