import type { DeploymentId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';
import { findDeploymentById } from './deployment-store.ts';

/**
 * A signal that aborts when nobody wants the deployment any more, while something is done for it that takes
 * long; the reason is `Unwanted`. Whoever asked for its end has asked for another look, too.
 */
export function watchUnwanted(
  database: Database,
  id: DeploymentId,
): { signal: AbortSignal; stop(): void } {
  const unwanted = new AbortController();
  let looking = false;
  let again = false;
  const look = async (): Promise<void> => {
    again = true;
    if (looking) return;
    looking = true;
    try {
      while (again && !unwanted.signal.aborted) {
        again = false;
        const deployment = await findDeploymentById(database.read, id);
        if (deployment?.wanted !== 'proceed') unwanted.abort(new Unwanted());
      }
    } finally {
      looking = false;
    }
  };
  // where the database is away, what is done goes on
  const lookQuietly = (): void => void look().catch(() => undefined);
  const unsubscribe = database.afterCommit(lookQuietly);
  lookQuietly();
  return { signal: unwanted.signal, stop: unsubscribe };
}

/** Why something was not done to its end. */
export class Unwanted extends Error {
  override readonly name = 'Unwanted';
}
