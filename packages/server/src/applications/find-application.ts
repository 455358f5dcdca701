import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Reader } from '../store/database.ts';
import type { Application } from './application.ts';
import { findApplication } from './application-store.ts';

/** The owner's application. Refuses another owner's as if it did not exist. */
export async function requireApplication(
  db: Reader,
  { ownerId, applicationId }: { ownerId: OwnerId; applicationId: ApplicationId },
): Promise<Application> {
  const application = await findApplication(db, applicationId);
  if (application?.ownerId !== ownerId)
    throw new Refusal('not_found', `There is no application ${applicationId}.`);
  return application;
}
