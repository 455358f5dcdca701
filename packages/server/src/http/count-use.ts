import { listAdded } from '../accounts/manage-emails.ts';
import { listKeys } from '../accounts/manage-keys.ts';
import { countTokens } from '../accounts/manage-tokens.ts';
import { listDomains } from '../applications/domain-store.ts';
import { measureVariables } from '../applications/environment.ts';
import { countApplications } from '../applications/application-store.ts';
import { listDependencies } from '../applications/dependency-store.ts';
import { countQueued } from '../deployments/deployment-store.ts';
import type { ApplicationId, OwnerId, UserId } from '../lib/ids.ts';
import type { LimitName } from '../limits/limit.ts';
import type { Keyring } from '../lib/encryption.ts';
import type { Seats } from '../limits/seats.ts';
import type { Database } from '../store/database.ts';
import { countAdministered } from '../organizations/organization-store.ts';
import { countWaitingRuns } from '../runs/run-store.ts';
import { countHeld } from '../workloads/load-shares.ts';

type UseNeeds = { database: Database; keyring: Keyring; seats: Seats };

type Use = Partial<Record<LimitName, number>>;

type Of = { userId: UserId; ownerId: OwnerId; applicationId: ApplicationId | undefined };

/** How much of what is limited a user, an owner and an application have. */
export async function countUse(
  needs: UseNeeds,
  { userId, ownerId, applicationId }: Of,
): Promise<Use> {
  const { read } = needs.database;
  return {
    ...(await countOfUser(needs, userId)),
    applications: await countApplications(read, ownerId),
    'queued-deployments': await countQueued(read, ownerId),
    'queued-runs': await countWaitingRuns(read, ownerId),
    ...(await countHeld(read, ownerId)),
    ...(applicationId !== undefined && (await countOfApplication(needs, applicationId))),
  };
}

async function countOfUser({ database, seats }: UseNeeds, userId: UserId): Promise<Use> {
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

async function countOfApplication(needs: UseNeeds, id: ApplicationId): Promise<Use> {
  const { read } = needs.database;
  const own = await measureVariables(needs, { table: 'environmentValues', id });
  const exposed = await measureVariables(needs, { table: 'exposedValues', id });
  return {
    variables: own.count,
    'variable-bytes': own.bytes,
    'exposed-variables': exposed.count,
    dependencies: (await listDependencies(read, id)).length,
    domains: (await listDomains(read, id)).length,
  };
}
