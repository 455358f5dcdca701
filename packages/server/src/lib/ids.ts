import { randomUUID } from 'node:crypto';
import type { Brand } from './brand.ts';

export type UserId = Brand<'UserId'>;
export type OrganizationId = Brand<'OrganizationId'>;
/** Who owns an application: an organization, or a user (their personal space). */
export type OwnerId = OrganizationId | UserId;
export type ApplicationId = Brand<'ApplicationId'>;
export type DeploymentId = Brand<'DeploymentId'>;
export type RunId = Brand<'RunId'>;
export type WorkloadId = Brand<'WorkloadId'>;
export type InstanceId = Brand<'InstanceId'>;

/** Clever Cloud's prefixes; the official CLI tells ids from names by them (UUID version 4 only). */
const prefixes = {
  user: 'user_',
  organization: 'orga_',
  application: 'app_',
  deployment: 'deployment_',
  run: 'run_',
  workload: 'workload_',
  instance: '',
} as const;

type Ids = {
  user: UserId;
  organization: OrganizationId;
  application: ApplicationId;
  deployment: DeploymentId;
  run: RunId;
  workload: WorkloadId;
  instance: InstanceId;
};

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';

export const newId = <K extends keyof Ids>(kind: K): Ids[K] =>
  `${prefixes[kind]}${randomUUID()}` as Ids[K];

/** `text` as an id of `kind`, or undefined where it is not one. */
export const parseId = <K extends keyof Ids>(kind: K, text: string): Ids[K] | undefined =>
  new RegExp(`^${prefixes[kind]}${uuid}$`).test(text) ? (text as Ids[K]) : undefined;

/** An owner: `orga_…` or `user_…`. */
export const parseOwnerId = (text: string): OwnerId | undefined =>
  parseId('organization', text) ?? parseId('user', text);
