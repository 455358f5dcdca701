import { createPasswordCheck } from '../accounts/check-password.ts';
import { createEnvironments } from '../applications/environments.ts';
import { createGitLimits } from '../git/git-limits.ts';
import type { Clock } from '../lib/clock.ts';
import type { Keyring } from '../lib/encryption.ts';
import type { Log } from '../lib/log.ts';
import { createRates } from '../limits/rates.ts';
import { createSeats } from '../limits/seats.ts';
import { createFollowers } from '../logs/followers.ts';
import type { Database } from '../store/database.ts';
import { createCrowd } from './crowd.ts';

type Deps = { database: Database; clock: Clock; keyring: Keyring; log: Log };

/** What is remembered from one request to the next: who is attended to, what each may still create, who reads what. */
export const createHttpState = ({ database, clock, keyring, log }: Deps) => ({
  crowd: createCrowd(),
  seats: createSeats(),
  rates: createRates(clock),
  followers: createFollowers({ database, clock, log }),
  checkPassword: createPasswordCheck({ database, clock }),
  gitLimits: createGitLimits(),
  environments: createEnvironments(database, keyring),
});
