import type { ColumnType, Generated } from 'kysely';
import type {
  ApplicationId,
  DeploymentId,
  InstanceId,
  OrganizationId,
  OwnerId,
  UserId,
  WorkloadId,
} from '../lib/ids.ts';
import type {
  AttemptTable,
  DeviceTable,
  InstanceTable,
  LeaseTable,
  RunTable,
  WorkloadTable,
} from './work-tables.ts';

/**
 * The tables, as Kysely sees them; `migrations/` makes them. Times are epoch milliseconds, money is
 * integer micro-euros, JSON and encrypted values are text, booleans are 0 or 1, ids are text. Each
 * column has one writer: `wanted` is written by use cases, `state` and what belongs to it by the
 * reconciler that observed it.
 */
export type Schema = {
  users: UserTable;
  tokens: TokenTable;
  claim_tokens: ClaimTokenTable;
  cli_logins: CliLoginTable;
  secondary_emails: SecondaryEmailTable;
  pending_emails: PendingEmailTable;
  ssh_keys: SshKeyTable;
  organizations: OrganizationTable;
  members: MemberTable;
  applications: ApplicationTable;
  environment_values: EnvironmentValueTable;
  exposed_values: EnvironmentValueTable;
  dependencies: DependencyTable;
  domains: DomainTable;
  reserved_names: ReservedNameTable;
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
  usage_intervals: UsageIntervalTable;
  metric_samples: MetricSampleTable;
  metric_rollups: MetricRollupTable;
  limits: LimitTable;
};

export type { DeviceHealth, InstanceStatus, Priority, RunStatus } from './work-tables.ts';

type Flag = 0 | 1;
/** bigint in PostgreSQL, integer in SQLite; a JavaScript number in both. */
type Time = number;

type UserTable = {
  id: UserId;
  /** Lower case; unique. */
  email: string;
  name: string;
  /** scrypt, with its parameters and salt; null until a password is set. */
  password_hash: string | null;
  /** May look after the platform itself. */
  operator: Flag;
  created_at: Time;
};

type TokenTable = {
  /** The public half of the pair. */
  token: string;
  user_id: UserId;
  /** sha256 of the secret half. */
  secret_hash: string;
  name: string;
  kind: TokenKind;
  /** Where it was asked for. */
  ip: string | null;
  created_at: Time;
  expires_at: Time | null;
  /** To the day: what is used often is written seldom. */
  used_at: Time | null;
};

/** `pair`: of a command line. `api`: made to be shown once and used by programs. `session`: of a browser. */
export type TokenKind = 'pair' | 'api' | 'session';

/** A command line that somebody let act for them in a browser: sha256 of its word, read once. */
type CliLoginTable = {
  hash: string;
  user_id: UserId;
  created_at: Time;
  expires_at: Time;
  read_at: Time | null;
};

/** Lower case; no account has an address twice, or another's. */
type SecondaryEmailTable = { email: string; user_id: UserId; created_at: Time };

/** Lower case; an address that somebody says is theirs, which nobody has proven. Anybody may say so. */
type PendingEmailTable = { email: string; user_id: UserId; created_at: Time };

/** The one-time word that makes the first user: sha256, and when it was used. */
type ClaimTokenTable = { hash: string; created_at: Time; used_at: Time | null };

type SshKeyTable = {
  user_id: UserId;
  name: string;
  /** `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256`… */
  type: string;
  /** base64 of the wire form; unique: a key says who pushes. */
  key: string;
  /** `SHA256:…` as OpenSSH prints it. */
  fingerprint: string;
  /** What stood behind the key in its line. */
  comment: string;
  created_at: Time;
};

type OrganizationTable = {
  id: OrganizationId;
  name: string;
  description: string;
  created_at: Time;
};

export type Role = 'ADMIN' | 'MANAGER' | 'DEVELOPER' | 'ACCOUNTING';

type MemberTable = {
  organization_id: OrganizationId;
  user_id: UserId;
  role: Role;
  created_at: Time;
};

type ApplicationTable = {
  id: ApplicationId;
  owner_id: OwnerId;
  name: string;
  description: string;
  zone: string;
  /** What the user chose as its type: `ml_python`, `ml_python_web`, … */
  variant: string;
  kind: 'runner' | 'webapp';
  flavor: string;
  build_flavor: string | null;
  /** Number of instances, 1 to 40; what runs. */
  nodes: number;
  /** Where scaling by load would end. */
  max_nodes: number;
  max_flavor: string;
  zero_downtime: Flag;
  sticky_sessions: Flag;
  cancel_on_push: Flag;
  force_https: Flag;
  /** What an operator lets it ask of the kernel; only `nested` allows namespaces of its own. */
  sandbox: Generated<'strict' | 'nested'>;
  /** What the user wants: serving (or running when deployed), or nothing. */
  wanted: 'up' | 'down';
  created_at: Time;
  /** Set when the user deleted it: its reconciliation ends what runs, then the row goes. */
  deleted_at: Time | null;
};

/** Values are encrypted (AES-256-GCM, key id in front). */
type EnvironmentValueTable = {
  application_id: ApplicationId;
  name: string;
  value: string;
  updated_at: Time;
};

/** What the dependency exposes is in the application's environment. */
type DependencyTable = {
  application_id: ApplicationId;
  dependency_id: ApplicationId;
  created_at: Time;
};

type DomainTable = {
  host: string;
  path_prefix: string;
  application_id: ApplicationId;
  favourite: Flag;
  created_at: Time;
};

/** The operator’s word: the name, and all below it, is for this owner; for nobody where it is null. */
type ReservedNameTable = { host: string; owner_id: OwnerId | null; created_at: Time };

/** What the platform has seen of an application's git repository; the ref itself is the fact. */
type RepositoryTable = {
  application_id: ApplicationId;
  /** Head of the deployment branch that has its deployment row. */
  seen_commit: string | null;
  /** JSON: the commit of each branch that deploys, as it was seen. */
  seen_refs: string;
  seen_at: Time | null;
  /** Who is pushing now, told before receive-pack runs; the author of what the ref becomes. */
  pusher_id: UserId | null;
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
  owner_id: OwnerId;
  application_id: ApplicationId;
  /** Counts within the application; the integer `id` of /v2. */
  number: number;
  commit_id: string;
  action: 'DEPLOY' | 'UNDEPLOY';
  /** `Git`, `Console`, `clever-tools`, `grid`, `Monitoring/Unreachable`… as shown. */
  cause: string;
  author_id: UserId | null;
  use_cache: Flag;
  /** What users asked of it: to go on, or to end. */
  wanted: 'proceed' | 'cancel';
  status: DeploymentStatus;
  /** Code and sentence where it failed, waits or fell back. */
  reason: string | null;
  detail: string | null;
  /** The user's variables as they were when it began: JSON, encrypted; null before, empty when forgotten. */
  environment: string | null;
  artifact_id: string | null;
  /** The build workload, while there is one. */
  build_workload_id: WorkloadId | null;
  created_at: Time;
  started_at: Time | null;
  built_at: Time | null;
  finished_at: Time | null;
};

type ArtifactTable = {
  /** sha256 of what it was made from; the directory's name. */
  id: string;
  owner_id: OwnerId;
  application_id: ApplicationId;
  commit_id: string;
  /** JSON: how it is started (`builds/artifact.ts`). */
  start: string;
  /** Directory of the dependencies, by key, or null where it needs none. */
  environment_key: string | null;
  created_at: Time;
  used_at: Time;
};

type ReconciliationTable = {
  kind: string;
  id: string;
  version: number;
  /** Null: settled, nothing to look at. */
  due_at: Time | null;
  claim: string | null;
  claimed_until: Time | null;
  epoch: number | null;
  attempts: number;
};

/** One row: the epoch of the present leader. */
type LeadershipTable = { id: 1; epoch: number };

type EventTable = {
  sequence: Generated<number>;
  owner_id: OwnerId;
  application_id: ApplicationId | null;
  kind: string;
  at: Time;
  /** JSON. */
  data: string;
};

/** What is paid for: an instance's time. Rows are closed, never changed after; minutes follow from them. */
type UsageIntervalTable = {
  instance_id: InstanceId;
  owner_id: OwnerId;
  application_id: ApplicationId;
  /** The deployment or run that minutes are rounded within. */
  subject_id: string;
  instance_number: number;
  flavor: string;
  gpus: number;
  /** Of one instance for one minute, as priced when it started. */
  micro_euros_per_day: number;
  started_at: Time;
  heartbeat_at: ColumnType<Time, Time, Time>;
  ended_at: Time | null;
};

/** What an instance or a device used at one time. */
type MetricSampleTable = {
  at: Time;
  /** An instance's id, or a device's UUID. */
  subject_id: string;
  /** JSON (`metrics/metric.ts`). */
  metrics: string;
};

/** What it used in a longer time, which begins at `at`. */
type MetricRollupTable = MetricSampleTable & {
  /** How long, in milliseconds. */
  step: number;
};

/** What an operator allows of something: to one user or owner, or, with an empty id, to all. */
type LimitTable = {
  name: string;
  subject_id: OwnerId | '';
  /** Null: as much as there is. */
  value: number | null;
  set_at: Time;
};
