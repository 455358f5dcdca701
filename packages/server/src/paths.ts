import { join } from 'node:path';
import type { ApplicationId, DeploymentId, OwnerId, RunId } from './lib/ids.ts';
import type { SubjectId } from './store/schema.ts';

/** Where each thing lives below the data directory. */
export const dataPaths = (root: string) => ({
  root,
  database: join(root, 'grid.db'),
  leader: join(root, 'leader.db'),
  log: join(root, 'control-plane.log'),
  keys: join(root, 'keys'),
  /** The certificate of the platform's own authority, for all who are to trust it. */
  authority: join(root, 'ca.pem'),
  /** HTTP for the router, 0600: who comes this way is whoever they prove to be. */
  controlSocket: join(root, 'control.sock'),
  /** HTTP for `grid` as the operator, 0600: who can open it is the platform's own user. */
  operatorSocket: join(root, 'operator.sock'),
  /** JSON: pid, addresses, version of the running control plane (`grid status`, `grid down`). */
  controlState: join(root, 'control.json'),
  /** One of the folders that things of a kind lie in. */
  folder: (name: 'artifacts' | 'environments' | 'checkouts' | 'repositories' | 'tools') =>
    join(root, name),
  repository: (id: ApplicationId) => join(root, 'repositories', `${id}.git`),
  /** What git runs when it is pushed to; of all repositories, and not git's to change. */
  hooks: join(root, 'hooks'),
  /** A deployment's tree while it is built. */
  checkout: (id: DeploymentId) => join(root, 'checkouts', id),
  artifact: (id: string) => join(root, 'artifacts', id),
  dependencies: (key: string) => join(root, 'environments', key),
  /** Download caches: never shared between owners, nor between the user ids of applications. */
  cache: (owner: OwnerId, id: ApplicationId) => join(root, 'caches', owner, id),
  tools: join(root, 'tools'),
  /**
   * One directory per source: an instance, or the deployment itself (what the platform says); among those of its
   * application, or of the subject that belongs to none.
   */
  logs: (id: ApplicationId | SubjectId, source: string) => join(root, 'logs', id, source),
  applicationLogs: (id: ApplicationId) => join(root, 'logs', id),
  /** What the router answered for an application. */
  accessLogs: (id: ApplicationId) => join(root, 'router', 'access', id),
  /** What a run keeps over its attempts. */
  checkpoints: (id: ApplicationId, run: RunId) => join(root, 'runs', id, run),
  applicationRuns: (id: ApplicationId) => join(root, 'runs', id),
  engine: join(root, 'engine'),
  router: join(root, 'router'),
});

export type DataPaths = ReturnType<typeof dataPaths>;
