import { PLATFORM } from '../events/actor.ts';
import { createApplication } from '../applications/create-application.ts';
import type { NewApplication } from '../applications/create-application.ts';
import { claimPlatform } from '../accounts/claim-platform.ts';
import type { Claimed } from '../accounts/claim-platform.ts';
import { insertUser } from '../accounts/account-store.ts';
import { issueToken } from '../accounts/authenticate.ts';
import type { TokenPair } from '../accounts/credentials.ts';
import type { Deployment } from '../deployments/deployment.ts';
import { insertDeployment } from '../deployments/deployment-store.ts';
import type { NewDeployment } from '../deployments/deployment-store.ts';
import type { Keyring } from '../lib/encryption.ts';
import { newId } from '../lib/ids.ts';
import type { ApplicationId, DeploymentId, OrganizationId, RunId, UserId } from '../lib/ids.ts';
import { insertMember } from '../organizations/organization-store.ts';
import type { NewRun } from '../runs/run.ts';
import { startRun } from '../runs/start-run.ts';
import type { Database } from '../store/database.ts';
import type { Role } from '../store/schema.ts';
import { boundless } from './empty-platform.ts';
import { engineChoiceOf } from './engine-choice.ts';

/** Leaves values as they are: what is kept is another test's subject. */
export const openKeys: Keyring = {
  encrypt: (text) => text,
  decrypt: (text) => text,
  sizeOf: (text) => Buffer.byteLength(text),
};

/** A first user with an organization. */
export const makeOwner = (database: Database, now = 1): Promise<Claimed> =>
  claimPlatform(
    { database, clock: () => now },
    { claimToken: undefined, email: 'ada@example.com', organization: 'Lab' },
  );

/** An application of theirs, without a repository. */
export const makeApplication = (
  database: Database,
  order: Partial<NewApplication> & Pick<NewApplication, 'ownerId'>,
): Promise<ApplicationId> =>
  createApplication(
    {
      database,
      clock: () => 1,
      keyring: openKeys,
      engineChoice: engineChoiceOf('process'),
      zone: 'grid',
      zoneAliases: [],
      applicationDomain: 'grid.localhost',
      empty: boundless(database),
      createRepository: async () => undefined,
    },
    {
      name: 'app',
      variant: 'ml_python',
      flavor: 'XS',
      environment: {},
      by: PLATFORM,
      ...order,
    },
  );

/** A deployment of theirs that waits, or is what the order says. */
export const makeDeployment = (
  database: Database,
  order: Partial<NewDeployment> & Pick<NewDeployment, 'ownerId' | 'applicationId'>,
): Promise<DeploymentId> =>
  database.transaction((tx) =>
    insertDeployment(tx, {
      commitId: 'c'.repeat(40),
      action: 'DEPLOY',
      cause: 'Git',
      authorId: null,
      useCache: true,
      status: 'queued',
      at: 1,
      ...order,
    }),
  );

/** Puts a deployment where it has come by ways that are another test's subject. */
export const setDeployment = (
  database: Database,
  id: DeploymentId,
  columns: Partial<Pick<Deployment, 'status' | 'artifactId' | 'startedAt' | 'finishedAt'>>,
): Promise<unknown> =>
  database.transaction((tx) =>
    tx.updateTable('deployments').set(columns).where('id', '=', id).execute(),
  );

const FAR_AWAY = Date.UTC(3000, 0);

export type Member = { userId: UserId; pair: TokenPair; headers: { authorization: string } };

/** A user, with a role in the organization where one is given, and a token that lasts until `expiresAt`. */
export async function makeMember(
  database: Database,
  role?: { organizationId: OrganizationId; role: Role },
  expiresAt = FAR_AWAY,
): Promise<Member> {
  const userId = newId('user');
  const email = `${userId}@example.com`;
  const pair = await database.transaction(async (tx) => {
    const who = { id: userId, email, name: 'Somebody', passwordHash: null };
    await insertUser(tx, { ...who, operator: false, createdAt: 1 });
    if (role !== undefined) await insertMember(tx, { ...role, userId, createdAt: 1 });
    return issueToken(tx, { userId, name: 'test', kind: 'pair', at: 1, expiresAt });
  });
  return { userId, pair, headers: { authorization: `Bearer ${pair.token}.${pair.secret}` } };
}

/** A run that was asked for, and waits. */
export const makeRun = (
  database: Database,
  {
    ownerId,
    applicationId,
    deploymentId,
  }: Pick<NewRun, 'ownerId' | 'applicationId' | 'deploymentId'>,
): Promise<RunId> =>
  database.transaction((tx) =>
    startRun(
      tx,
      { flavorDevices: [] },
      {
        ownerId,
        applicationId,
        deploymentId,
        id: newId('run'),
        commitId: 'c'.repeat(40),
        artifactId: 'none',
        command: 'python main.py',
        environmentHash: '',
        flavor: 'XS',
        nodes: 1,
        origin: 'request',
        authorId: null,
        argv: null,
        environment: null,
        changed: null,
        priority: 'normal',
        maxDuration: null,
        retries: null,
        rerunOf: null,
        engine: 'process',
        at: 1,
      },
    ),
  );
