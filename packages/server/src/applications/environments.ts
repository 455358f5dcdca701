import { createHash } from 'node:crypto';
import { loadEnvironment, sizeOfVariables } from './environment.ts';
import { loadInherited } from './link-application.ts';
import type { Keyring } from '../lib/encryption.ts';
import type { ApplicationId, DeploymentId, OwnerId, RunId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { requireNoMore } from '../limits/require-room.ts';
import type { Database, Reader } from '../store/database.ts';

type Variables = Readonly<Record<string, string>>;

/** A deployment sees the user's variables as they were when it began; changes need a new deployment. */
export type Environments = {
  /** The application's variables as they are now, with what it sees of those that it depends on. */
  current(applicationId: ApplicationId): Promise<Variables>;
  /** Variables for the row of this id. */
  seal(id: DeploymentId | RunId, variables: Variables): string;
  /** What a deployment or a run with variables of its own was given. Throws where it cannot be decrypted. */
  open(of: { id: DeploymentId | RunId; environment: string | null }): Variables;
};

export function createEnvironments(database: Database, keyring: Keyring): Environments {
  const load = async (applicationId: ApplicationId): Promise<Variables> => ({
    ...(await loadInherited(database.read, keyring, applicationId)),
    ...(await loadEnvironment(database.read, keyring, applicationId)),
  });
  const seal = (id: DeploymentId | RunId, variables: Variables): string =>
    keyring.encrypt(JSON.stringify(variables), context(id));
  const open: Environments['open'] = ({ id, environment }) => {
    if (environment === null) return {};
    if (environment === '') throw forgotten(id);
    return JSON.parse(keyring.decrypt(environment, context(id))) as Variables;
  };
  return { current: load, seal, open };
}

const context = (id: DeploymentId | RunId): string =>
  `${id.startsWith('run_') ? 'runs' : 'deployments'}/${id}/environment`;

const forgotten = (id: string): Refusal =>
  new Refusal(
    'conflict',
    `The variables of ${id} are not kept any more: start a new one ("grid run", "grid restart").`,
  );

/** Refuses what would see more than an application may have, whoever it comes from. */
export async function requireVariables(
  db: Reader,
  of: OwnerId,
  variables: Variables,
): Promise<void> {
  await requireNoMore(db, 'variables', { of, adding: Object.keys(variables).length });
  await requireNoMore(db, 'variable-bytes', { of, adding: sizeOfVariables(variables) });
}

/** Tells whether two runs saw the same variables, and nothing else about them. */
export const environmentHash = (variables: Variables): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(variables).toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex');
