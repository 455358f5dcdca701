import { z } from 'zod';
import { subjectKinds } from '../store/work-tables.ts';
import { everyReason } from '../lib/reason.ts';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Actor } from './actor.ts';

/** What an event is about; its id is the row's, or the name that people know it by. */
export type Topic =
  | 'user'
  | 'organization'
  | 'application'
  | 'deployment'
  | 'run'
  | 'workload'
  | 'instance'
  | 'device'
  | 'limit'
  | 'flavor'
  | 'name';

const about = <S extends Topic, D extends z.ZodRawShape>(subject: S, means: string, data: D) => ({
  subject,
  means,
  data: z.strictObject(data),
});

const Text = z.string();
const Why = { reason: z.enum(everyReason).nullish(), detail: Text.nullish() };
const Token = { token: Text, name: Text, tokenKind: z.enum(['pair', 'api', 'session']) };
const Email = { email: Text };
const Key = { name: Text, fingerprint: Text };
const Variables = { set: z.array(Text), removed: z.array(Text) };
const Dependency = { dependencyId: Text };
const Domain = { domain: Text };
const Deployment = {
  deploymentId: Text,
  commitId: Text,
  action: z.enum(['DEPLOY', 'UNDEPLOY']),
  cause: Text,
  ...Why,
};
const Run = {
  runId: Text,
  deploymentId: Text,
  commitId: Text,
  origin: z.enum(['deployment', 'request']),
  ...Why,
};
const Attempt = { runId: Text, number: z.number(), workloadId: Text, ...Why };
const Workload = { subjectKind: z.enum(subjectKinds), subjectId: Text, ...Why };
const Instance = {
  instanceId: Text,
  workloadId: Text,
  number: z.number(),
  attempt: z.number(),
  exitCode: z.number().nullish(),
  ...Why,
};
const Device = { model: Text, ...Why };
const Measures = {
  cpus: z.number(),
  memoryMiB: z.number(),
  diskMiB: z.number(),
  gpus: z.number(),
  deviceModel: Text.nullable(),
  microEurosPerDay: z.number(),
};
const Lease = { workloadId: Text, number: z.number(), detail: Text.nullish() };

/**
 * Everything that is told of what changes, with what it tells beside who, what and when. Variables, tokens and keys
 * are named here, never their values.
 */
export const eventKinds = {
  'user.created': about('user', 'Somebody has an account.', { ...Email, operator: z.boolean() }),
  'user.password_set': about('user', 'An account has another password.', {}),
  'user.login_allowed': about('user', 'A command line may act for somebody.', {}),
  'user.email_added': about('user', 'Somebody says that an address is theirs.', Email),
  'user.email_confirmed': about('user', 'An address is proven to be somebody’s.', Email),
  'user.email_made_primary': about('user', 'Somebody signs in by another address.', Email),
  'user.email_removed': about('user', 'An address is not somebody’s any more.', Email),
  'user.key_added': about('user', 'An SSH key opens an account.', Key),
  'user.key_removed': about('user', 'An SSH key opens an account no more.', Key),
  'user.token_issued': about('user', 'A token opens an account.', Token),
  'user.token_ended': about('user', 'A token opens an account no more.', {
    ...Token,
    why: z.enum(['revoked', 'signed_out', 'others_ended', 'too_many', 'expired']),
  }),

  'organization.created': about('organization', 'There is a new organization.', { name: Text }),
  'organization.member_added': about('organization', 'Somebody is a member of it.', {
    userId: Text,
    role: z.enum(['ADMIN', 'MANAGER', 'DEVELOPER', 'ACCOUNTING']),
  }),

  'application.created': about('application', 'There is a new application.', { name: Text }),
  'application.changed': about('application', 'Its name, size or options are others.', {
    changes: z.record(Text, z.union([Text, z.number(), z.boolean(), z.null()])),
  }),
  'application.deleted': about('application', 'It is asked to end, and to be erased.', {
    name: Text,
  }),
  'application.erased': about('application', 'It is gone with all that belonged to it.', {}),
  'application.sandbox_set': about('application', 'It may ask more of the kernel, or less.', {
    sandbox: z.enum(['strict', 'nested']),
  }),
  'application.stopped': about('application', 'What it served with is asked to end.', Deployment),
  'application.variables_changed': about('application', 'Its variables are others.', Variables),
  'application.exposed_variables_changed': about(
    'application',
    'What it shows to those that depend on it is another.',
    Variables,
  ),
  'application.dependency_added': about('application', 'It sees what another exposes.', Dependency),
  'application.dependency_removed': about(
    'application',
    'It sees no more what another exposes.',
    Dependency,
  ),
  'application.domain_added': about('application', 'It answers to a domain.', Domain),
  'application.domain_removed': about('application', 'It answers to a domain no more.', Domain),
  'application.favourite_domain_set': about('application', 'Links lead to another domain of it.', {
    domain: Text.nullable(),
  }),

  'deployment.queued': about('deployment', 'A commit is to be deployed.', Deployment),
  'deployment.undeployed': about('deployment', 'What served is taken away.', Deployment),
  'deployment.build_started': about('deployment', 'Its turn has come: it is built.', Deployment),
  'deployment.built': about('deployment', 'Its artifact is there.', Deployment),
  'deployment.run_started': about('deployment', 'Its run computes.', Deployment),
  'deployment.delayed': about('deployment', 'It waits, and says for what.', Deployment),
  'deployment.resumed': about('deployment', 'What it waited for has come.', Deployment),
  'deployment.live': about('deployment', 'It serves.', Deployment),
  'deployment.completed': about('deployment', 'Its run succeeded.', Deployment),
  'deployment.superseded': about('deployment', 'Another serves in its place.', Deployment),
  'deployment.stopped': about('deployment', 'It is asked to serve no more.', Deployment),
  'deployment.failed': about('deployment', 'It came to nothing.', Deployment),
  'deployment.cancelled': about('deployment', 'It was ended.', Deployment),
  'deployment.cancel_asked': about('deployment', 'It is asked to end.', Deployment),

  'run.queued': about('run', 'A run waits for capacity.', Run),
  'run.started': about('run', 'All its nodes compute.', Run),
  'run.delayed': about('run', 'It waits, and says for what.', Run),
  'run.resumed': about('run', 'What it waited for has come.', Run),
  'run.retried': about('run', 'An attempt failed, and another is to follow.', Run),
  'run.succeeded': about('run', 'All its nodes ended well.', Run),
  'run.failed': about('run', 'It ended otherwise.', Run),
  'run.cancelled': about('run', 'It was ended.', Run),
  'run.cancel_asked': about('run', 'It is asked to end.', Run),

  'attempt.queued': about('run', 'An attempt waits for capacity.', Attempt),
  'attempt.started': about('run', 'All nodes of an attempt compute.', Attempt),
  'attempt.ending': about('run', 'The platform ends an attempt.', Attempt),
  'attempt.succeeded': about('run', 'An attempt ended well.', Attempt),
  'attempt.failed': about('run', 'An attempt ended otherwise.', Attempt),
  'attempt.cancelled': about('run', 'An attempt was ended.', Attempt),

  'workload.queued': about('workload', 'Something waits for capacity.', Workload),
  'workload.delayed': about('workload', 'It waits on, and says for what.', Workload),
  'workload.admitted': about('workload', 'It has its memory and its devices.', Workload),
  'workload.engine_lost': about('workload', 'The engine that keeps it is away.', Workload),
  'workload.engine_back': about('workload', 'Its engine is there again.', Workload),
  'workload.draining': about('workload', 'Visitors are sent elsewhere.', Workload),
  'workload.gone': about('workload', 'It has given all back.', Workload),

  'instance.created': about('instance', 'An instance is to be started.', Instance),
  'instance.started': about('instance', 'Its first program runs.', Instance),
  'instance.healthy': about('instance', 'It does what it is for.', Instance),
  'instance.unhealthy': about('instance', 'It did not prove its health in time.', Instance),
  'instance.exited': about('instance', 'It is over.', Instance),
  'instance.entered': about('instance', 'Somebody has a shell in it.', {
    instanceId: Text,
    number: z.number(),
    userId: Text,
    terminal: z.boolean(),
  }),

  'device.found': about('device', 'A device is seen for the first time.', Device),
  'device.found_ill': about('device', 'A device is there, and not well.', Device),
  'device.fell_ill': about('device', 'A device is not well: nobody gets it.', Device),
  'device.recovered': about('device', 'A device is well again.', Device),
  'device.lost': about('device', 'A device is not seen any more.', Device),
  'device.repaired': about('device', 'The operator says that it is mended.', {}),
  'device.forgotten': about('device', 'The operator says that it is gone for good.', {}),

  'lease.acquired': about('device', 'A device is held.', Lease),
  'lease.ended': about('device', 'Its holder is over: it is being proven free.', Lease),
  'lease.obstructed': about('device', 'Something keeps it from being offered again.', Lease),
  'lease.released': about('device', 'It is proven free.', Lease),

  'limit.set': about('limit', 'A limit is another.', { value: z.number().nullable() }),
  'limit.unset': about('limit', 'A limit is the rule again.', {}),

  'flavor.created': about('flavor', 'There is a new size.', Measures),
  'flavor.changed': about(
    'flavor',
    'A size is another, for what starts from now on: what runs keeps what it had.',
    { changes: z.strictObject(Measures).partial() },
  ),
  'flavor.deleted': about('flavor', 'A size is not there any more.', {}),

  'name.reserved': about('name', 'A name is for one owner, or for nobody.', {
    for: Text.nullable(),
  }),
  'name.released': about('name', 'A name is for whoever may have it.', {}),
} as const;

export type EventKind = keyof typeof eventKinds;
export type EventData<K extends EventKind = EventKind> = z.output<(typeof eventKinds)[K]['data']>;

/** Something that happened, recorded in the transaction that made it so. */
export type Event<K extends EventKind = EventKind> = {
  kind: K;
  /** Whose affair it is; null: the platform's own. */
  ownerId: OwnerId | null;
  applicationId: ApplicationId | null;
  subjectId: string;
  by: Actor;
  at: number;
  data: Readonly<EventData<K>>;
};

/** An event of any kind, with the data of its kind. */
export type AnyEvent = { [K in EventKind]: Event<K> }[EventKind];
