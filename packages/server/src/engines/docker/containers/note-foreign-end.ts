import { constants } from 'node:os';
import type { InstanceId } from '../../../lib/ids.ts';
import type { Change } from '../follow-engine.ts';
import type { DockerDeps } from '../docker-deps.ts';

const { SIGINT, SIGQUIT, SIGKILL, SIGTERM } = constants.signals;
const ENDING: readonly number[] = [SIGINT, SIGQUIT, SIGKILL, SIGTERM];

/** Whether a container is being ended, by whomever: an instance that ends itself is not told of so. */
export const endsIt = ({ action, signal }: Change): boolean =>
  action === 'kill' && ENDING.includes(signal);

/**
 * Remembers that somebody else ended an instance: an engine that stops ends all of its containers so, and tells
 * of it first. What the platform ends itself is on record before.
 */
export const noteForeignEnd = (
  { records }: DockerDeps,
  id: InstanceId,
  { at }: Change,
): Promise<void> =>
  records.end(id, {
    reason: 'supervisor_lost',
    detail:
      'The instance was lost: the Docker engine was stopped, or somebody ended the container.',
    at,
    graceSeconds: 0,
  });
