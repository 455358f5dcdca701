import type { DeploymentAction, EventMessage } from '@grid/api';
import type { AnyEvent, EventData } from '../../events/event.ts';

type Told = readonly [EventMessage['event'], DeploymentAction['state']];

const BEGIN = ['DEPLOYMENT_ACTION_BEGIN', 'WIP'] as const;
const end = (state: DeploymentAction['state']): Told => ['DEPLOYMENT_ACTION_END', state];

/** What clients of /v2 are told; stopping is over as soon as it has begun. */
const TOLD: Readonly<Partial<Record<AnyEvent['kind'], readonly Told[]>>> = {
  'deployment.queued': [BEGIN],
  'deployment.live': [end('OK')],
  'deployment.completed': [end('OK')],
  'deployment.failed': [end('FAIL')],
  'deployment.cancelled': [end('CANCELLED')],
  'application.stopped': [BEGIN, end('OK')],
};

/** An event as clients know it: in as many messages as they expect, none where they know no such thing. */
export function presentEvent({ ownerId, applicationId, kind, at, data }: AnyEvent): EventMessage[] {
  const told = TOLD[kind];
  if (told === undefined || ownerId === null || applicationId === null) return [];
  const { deploymentId, commitId, action, cause } = data as EventData<'deployment.live'>;
  return told.map(([event, state]) => {
    const subject = { appId: applicationId, ownerId, uuid: deploymentId };
    const facts: DeploymentAction = { ...subject, state, action, commit: commitId, cause };
    return { event, date: at, data: JSON.stringify(facts) };
  });
}
