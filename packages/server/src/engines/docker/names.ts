import { createHash } from 'node:crypto';
import type { ApplicationId, InstanceId, OwnerId, WorkloadId } from '../../lib/ids.ts';

/** Tells what this data directory made from what others did, on an engine that all may use: eight digits. */
export type PlatformId = string;

/** What everything of ours bears; nothing without it is ever touched. */
export const LABEL = {
  platform: 'clever-grid.platform',
  instance: 'clever-grid.instance',
  workload: 'clever-grid.workload',
  owner: 'clever-grid.owner',
  application: 'clever-grid.application',
  /** The directory that an image was made from. */
  source: 'clever-grid.source',
} as const;

export const ofPlatform = (platform: PlatformId): string => `${LABEL.platform}=${platform}`;

export const containerName = (id: InstanceId): string => `clever-grid-${id}`;

/** What runs before and after a container of an image's, in the instance's files. */
export const hooks = ['before', 'succeeded', 'failed'] as const;
export type Hook = (typeof hooks)[number];

export const hookName = (id: InstanceId, hook: Hook): string => `${containerName(id)}-${hook}`;

export const instanceLabels = (
  platform: PlatformId,
  spec: {
    instanceId: InstanceId;
    workloadId: WorkloadId;
    ownerId: OwnerId;
    applicationId: ApplicationId;
  },
): Record<string, string> => ({
  [LABEL.platform]: platform,
  [LABEL.instance]: spec.instanceId,
  [LABEL.workload]: spec.workloadId,
  [LABEL.owner]: spec.ownerId,
  [LABEL.application]: spec.applicationId,
});

const digest = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits);

/** An owner's network, and its bridge: a name of 15 bytes is the longest that Linux takes. */
export const networkName = (platform: PlatformId, owner: OwnerId): string =>
  `clever-grid-${platform}-${owner}`;

const bridgePrefix = (platform: PlatformId): string => `cg${platform.slice(0, 4)}-`;

export const bridgeName = (platform: PlatformId, owner: OwnerId): string =>
  `${bridgePrefix(platform)}${digest(owner, 8)}`;

export const imageName = (kind: 'base' | 'application', id: string): string =>
  `clever-grid/${kind}:${id.replaceAll(/[^\w.-]/g, '-').slice(0, 128)}`;
