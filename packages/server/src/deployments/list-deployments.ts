import { parseId } from '../lib/ids.ts';
import type { ApplicationId } from '../lib/ids.ts';
import type { Reader } from '../store/database.ts';
import type { Deployment } from './deployment.ts';
import {
  findDeploymentById,
  selectDeploymentByNumber,
  selectDeployments,
} from './deployment-store.ts';

/** The application's deployments, the newest first. */
export const listDeployments = (
  db: Reader,
  applicationId: ApplicationId,
  limit = 1_000,
): Promise<Deployment[]> => selectDeployments(db, applicationId, limit);

/** One deployment of the application by id (`deployment_…`) or number. */
export async function findDeployment(
  db: Reader,
  applicationId: ApplicationId,
  idOrNumber: string,
): Promise<Deployment | undefined> {
  if (/^\d{1,9}$/.test(idOrNumber))
    return selectDeploymentByNumber(db, applicationId, Number(idOrNumber));
  const id = parseId('deployment', idOrNumber);
  const found = id && (await findDeploymentById(db, id));
  return found?.applicationId === applicationId ? found : undefined;
}
