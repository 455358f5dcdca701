import { listAdded } from '../../accounts/manage-emails.ts';
import { listKeys } from '../../accounts/manage-keys.ts';
import { countTokens } from '../../accounts/manage-tokens.ts';
import { listDomains } from '../../applications/change-domains.ts';
import { measureVariables } from '../../applications/environment.ts';
import { countApplications } from '../../applications/find-application.ts';
import { listDependencies } from '../../applications/link-application.ts';
import { countQueued } from '../../deployments/list-deployments.ts';
import type { ApplicationId, OwnerId, UserId } from '../../lib/ids.ts';
import type { LimitName } from '../../limits/limit.ts';
import { countAdministered } from '../../organizations/list-organizations.ts';
import { countWaitingRuns } from '../../runs/find-run.ts';
import { countHeld } from '../../workloads/load-shares.ts';
import type { HttpContext } from '../context.ts';

type Use = Partial<Record<LimitName, number>>;

type Of = { userId: UserId; ownerId: OwnerId; applicationId: ApplicationId | undefined };

/** How much of what is limited a user, an owner and an application have. */
export async function countUse(
  context: HttpContext,
  { userId, ownerId, applicationId }: Of,
): Promise<Use> {
  const { read } = context.database;
  return {
    ...(await countOfUser(context, userId)),
    applications: await countApplications(read, ownerId),
    'queued-deployments': await countQueued(read, ownerId),
    'queued-runs': await countWaitingRuns(read, ownerId),
    ...(await countHeld(read, ownerId)),
    ...(applicationId !== undefined && (await countOfApplication(context, applicationId))),
  };
}

async function countOfUser({ database, seats }: HttpContext, userId: UserId): Promise<Use> {
  const { read } = database;
  const tokens = await countTokens(read, userId);
  return {
    organizations: await countAdministered(read, userId),
    'ssh-keys': (await listKeys(read, userId)).length,
    emails: (await listAdded(read, userId)).length,
    'api-tokens': tokens.api,
    sessions: tokens.pair + tokens.session,
    'log-followers': seats.taken('log-followers', userId),
    sockets: seats.taken('sockets', userId),
  };
}

async function countOfApplication(context: HttpContext, id: ApplicationId): Promise<Use> {
  const { read } = context.database;
  const own = await measureVariables(context, { table: 'environmentValues', id });
  const exposed = await measureVariables(context, { table: 'exposedValues', id });
  return {
    variables: own.count,
    'variable-bytes': own.bytes,
    'exposed-variables': exposed.count,
    dependencies: (await listDependencies(read, id)).length,
    domains: (await listDomains(read, id)).length,
  };
}
