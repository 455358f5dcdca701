import { createApplication } from '../applications/create-application.ts';
import type { NewApplication } from '../applications/create-application.ts';
import { claimPlatform } from '../accounts/claim-platform.ts';
import type { Claimed } from '../accounts/claim-platform.ts';
import type { Keyring } from '../lib/encryption.ts';
import type { ApplicationId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';

/** Leaves values as they are: what is kept is another test's subject. */
export const openKeys: Keyring = { encrypt: (text) => text, decrypt: (text) => text };

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
      zone: 'grid',
      zoneAliases: [],
      applicationDomain: 'grid.localhost',
      defaultFlavor: 'XS',
      refuseWhatNeverFits: () => undefined,
      createRepository: async () => undefined,
    },
    { name: 'app', variant: 'ml_python', environment: {}, ...order },
  );
