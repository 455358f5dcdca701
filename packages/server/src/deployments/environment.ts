import { createHash } from 'node:crypto';
import { loadEnvironment } from '../applications/environment.ts';
import { loadInherited } from '../applications/link-application.ts';
import type { Keyring } from '../lib/encryption.ts';
import type { Database } from '../store/database.ts';
import type { Deployment } from './deployment.ts';

type Variables = Readonly<Record<string, string>>;

/** A deployment sees the user's variables as they were when it began; changes need a new deployment. */
export type Environments = {
  /**
   * The application's variables as they are now, with what it sees of those that it depends on,
   * encrypted for the deployment's row.
   */
  snapshot(deployment: Pick<Deployment, 'id' | 'applicationId'>): Promise<string>;
  /** What a snapshot holds. Throws where it cannot be decrypted. */
  open(deployment: Pick<Deployment, 'id' | 'environment'>): Variables;
};

export const createEnvironments = (database: Database, keyring: Keyring): Environments => ({
  async snapshot({ id, applicationId }) {
    const inherited = await loadInherited(database.read, keyring, applicationId);
    const own = await loadEnvironment(database.read, keyring, applicationId);
    return keyring.encrypt(JSON.stringify({ ...inherited, ...own }), context(id));
  },
  open: ({ id, environment }) =>
    environment === null
      ? {}
      : (JSON.parse(keyring.decrypt(environment, context(id))) as Variables),
});

const context = (deploymentId: string): string => `deployments/${deploymentId}/environment`;

/** Tells whether two runs saw the same variables, and nothing else about them. */
export const environmentHash = (variables: Variables): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(variables).toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex');
