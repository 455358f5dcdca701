import { Refusal } from '../lib/refusal.ts';

/** Whose a limit is: it counts what a user has, what an owner has, or what one application of an owner's has. */
export type Bearer = 'user' | 'owner' | 'application';

export type Limit = {
  of: Bearer;
  /** What there may be of it where the operator says nothing else; null: as much as there is. */
  default: number | null;
  /** Operators cannot set more than this; null: nor is it ever without a limit where there is a number. */
  most: number | null;
  /** What it counts. */
  means: string;
  /** What makes room. */
  helps: string;
};

/**
 * Everything that users and owners may have so many of, by the name that is shown. Defaults are for the honest use
 * of a team with a hundred GPUs. `most` is what the platform is built for.
 */
export const limits = {
  organizations: {
    of: 'user',
    default: 20,
    most: null,
    means: 'organizations of which the user is an administrator',
    helps: 'Use one that there is',
  },
  'ssh-keys': {
    of: 'user',
    default: 100,
    most: 1_000,
    means: 'SSH keys of the user',
    helps: 'Remove one that is not used',
  },
  emails: {
    of: 'user',
    default: 20,
    most: 1_000,
    means: 'e-mail addresses of the user beside the first',
    helps: 'Remove one that is not used',
  },
  'api-tokens': {
    of: 'user',
    default: 100,
    most: 10_000,
    means: 'API tokens of the user',
    helps: 'Revoke one that is not used',
  },
  sessions: {
    of: 'user',
    default: 100,
    most: 10_000,
    means: 'command lines, and browsers, that are signed in as the user; the oldest is signed out',
    helps: 'Sign out where it is not used',
  },
  'log-followers': {
    of: 'user',
    default: 64,
    most: 10_000,
    means: 'logs that the user follows at a time',
    helps: 'End one that is followed',
  },
  sockets: {
    of: 'user',
    default: 32,
    most: 10_000,
    means: 'event sockets that the user has open at a time',
    helps: 'Close one that is open',
  },
  applications: {
    of: 'owner',
    default: 250,
    most: null,
    means: 'applications of the owner',
    helps: 'Delete one that is not used',
  },
  nodes: {
    of: 'owner',
    default: 40,
    most: 40,
    means: 'nodes of one run, or of one application',
    helps: 'Ask for fewer nodes',
  },
  memory: {
    of: 'owner',
    default: null,
    most: null,
    means: 'MiB of memory that what runs of the owner’s may hold together',
    helps: 'Choose a smaller flavor, or fewer nodes',
  },
  gpus: {
    of: 'owner',
    default: null,
    most: null,
    means: 'GPUs that what runs of the owner’s may hold together',
    helps: 'Choose a flavor with fewer GPUs, or fewer nodes',
  },
  'queued-deployments': {
    of: 'owner',
    default: 500,
    most: null,
    means: 'deployments of the owner that have not begun',
    helps: 'Wait until some have begun, or cancel them',
  },
  'queued-runs': {
    of: 'owner',
    default: 10_000,
    most: 100_000,
    means: 'runs of the owner that wait',
    helps: 'Wait until some have started, or stop them',
  },
  variables: {
    of: 'application',
    default: 1_000,
    most: 2_000,
    means: 'variables of an application, with those that a run brings',
    helps: 'Remove some',
  },
  'variable-bytes': {
    of: 'application',
    default: 256 * 1024,
    most: 512 * 1024,
    means: 'bytes of the names and values of these variables',
    helps: 'Remove some, or keep what is large in a file',
  },
  'exposed-variables': {
    of: 'application',
    default: 100,
    most: 1_000,
    means: 'variables that an application exposes to those that depend on it',
    helps: 'Expose fewer',
  },
  dependencies: {
    of: 'application',
    default: 50,
    most: 1_000,
    means: 'applications that one depends on',
    helps: 'Unlink one',
  },
  domains: {
    of: 'application',
    default: 100,
    most: 1_000,
    means: 'domains of an application',
    helps: 'Remove one that is not used',
  },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limits;

export const limitNames = Object.keys(limits) as LimitName[];

export const isLimitName = (name: string): name is LimitName => Object.hasOwn(limits, name);

/** The value that counts: what was set for this user or owner, else for all, else the default. */
export function valueOf(
  name: LimitName,
  { own, all }: { own?: number | null | undefined; all?: number | null | undefined },
): number | null {
  if (own !== undefined) return own;
  return all === undefined ? limits[name].default : all;
}

type Asked = { value: number | null; present: number; adding: number };

/** What is said where there is no room for `adding` more; or undefined. */
export function refusalOf(name: LimitName, asked: Asked): Refusal | undefined {
  const { value, present, adding } = asked;
  if (value === null || adding <= 0 || present + adding <= value) return undefined;
  const { means, helps } = limits[name];
  return new Refusal(
    'limit_reached',
    `The limit "${name}" is ${value} (${means}), and ${describe(asked)}. ${helps}, or ask the operator of the platform for more ("grid limits" shows all).`,
    { limit: name },
  );
}

function describe({ present, adding }: Asked): string {
  if (present === 0) return `${adding} are asked for`;
  return adding === 1
    ? `there are ${present}`
    : `there are ${present}, ${adding} more are asked for`;
}

/** A value that an operator may set. Refuses what the platform is not built for. */
export function parseLimit(name: LimitName, value: number | null): number | null {
  const { most }: Limit = limits[name];
  if (value === null ? most === null : most === null || value <= most) return value;
  throw new Refusal('invalid', `The limit "${name}" can be ${most} at most.`, {
    value: `must be ${most} at most`,
  });
}
