import { z } from 'zod';

export const nothing = z.unknown();
export const none = z.object({});

/** For bodies that may hold all variables of an application, or a long command. */
export const ENVIRONMENT_LIMIT = 1024 * 1024;

/** Whoever asks is heard: no longer than they need. */
export const CREDENTIALS_LIMIT = 4 * 1024;

export const Owned = z.object({
  ownerId: z.string().max(64).describe('an organization, a user, or `self`'),
});
export const OwnedApplication = Owned.extend({ applicationId: z.string().max(64) });

export const Flavor = z.object({
  name: z.string(),
  mem: z.number().describe('in MiB'),
  cpus: z.number(),
  gpus: z.number(),
  disk: z.number().describe('in MiB'),
  price: z.number().describe('in euros, for an hour'),
  available: z.boolean(),
  microservice: z.boolean(),
  machine_learning: z.boolean(),
});

export const Variable = z.object({ name: z.string(), value: z.string() });

export const Application = z.object({
  id: z.string(),
  ownerId: z.string(),
  name: z.string(),
  description: z.string(),
  zone: z.string(),
  instance: z.object({
    type: z.string(),
    version: z.string(),
    variant: z.object({
      id: z.string(),
      slug: z.string(),
      name: z.string(),
      deployType: z.string(),
    }),
    minInstances: z.number(),
    maxInstances: z.number(),
    maxAllowedInstances: z.number(),
    minFlavor: Flavor,
    maxFlavor: Flavor,
    flavors: z.array(Flavor),
    defaultEnv: z.record(z.string(), z.string()),
    lifetime: z.enum(['REGULAR', 'TASK']),
  }),
  deployment: z.object({
    url: z.string(),
    httpUrl: z.string(),
    type: z.string(),
    repoState: z.string(),
    shutdownable: z.boolean(),
  }),
  deployUrl: z.string(),
  vhosts: z.array(z.object({ fqdn: z.string() })),
  creationDate: z.number(),
  homogeneous: z.boolean(),
  stickySessions: z.boolean(),
  cancelOnPush: z.boolean(),
  forceHttps: z.enum(['ENABLED', 'DISABLED']),
  separateBuild: z.boolean(),
  buildFlavor: z.object({ name: z.string() }),
  commitId: z.string().nullable(),
  env: z.array(Variable),
  state: z.enum(['SHOULD_BE_UP', 'SHOULD_BE_DOWN', 'WANTS_TO_BE_UP']),
  branch: z.string(),
  archived: z.boolean(),
});
export type Application = z.infer<typeof Application>;

export const Deployment = z.object({
  id: z.number().describe('counts within the application'),
  uuid: z.string(),
  date: z.number(),
  state: z.enum(['WIP', 'OK', 'FAIL', 'CANCELLED']),
  action: z.string(),
  commit: z.string().nullable(),
  cause: z.string(),
  instances: z.number(),
  author: z.object({ id: z.string().nullable(), name: z.string() }),
  reason: z.string().nullable().describe('why it waits, or failed, as a code'),
  detail: z.string().nullable().describe('the same as a sentence'),
  status: z.string().describe('what is behind the state'),
});
export type Deployment = z.infer<typeof Deployment>;

export const Instance = z.object({
  id: z.string(),
  state: z.string(),
  flavor: z.object({ name: z.string() }),
  commit: z.string().nullable(),
  instanceNumber: z.number(),
  displayName: z.string(),
  ip: z.string().nullable(),
  appPort: z.number().nullable(),
  deployId: z.string(),
  deployNumber: z.number(),
  creationDate: z.number(),
});

export const Domain = z.object({ fqdn: z.string() });

export const TokenPair = z.object({ token: z.string(), secret: z.string() });

/** How many sessions and token pairs were ended, and how many API tokens go on. */
export const Ended = z.object({ ended: z.number(), apiTokens: z.number() });

/** More than any application may have; whatever is larger is refused before it is looked at. */
const MOST_VARIABLES = 2_000;

export const Variables = z
  .record(z.string(), z.string())
  .refine(
    (values) => Object.keys(values).length <= MOST_VARIABLES,
    `must have at most ${MOST_VARIABLES} variables`,
  );
