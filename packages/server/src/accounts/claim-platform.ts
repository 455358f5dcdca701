import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { OrganizationId, UserId } from '../lib/ids.ts';
import { parseName } from '../lib/name.ts';
import { Refusal } from '../lib/refusal.ts';
import { createOrganizationIn } from '../organizations/create-organization.ts';
import type { Database, Reader } from '../store/database.ts';
import {
  countUsers,
  deleteUnusedClaims,
  insertClaimToken,
  insertUser,
  isClaimToken,
  takeClaimToken,
} from './account-store.ts';
import { issueToken } from './authenticate.ts';
import { hashSecret, randomWord } from './credentials.ts';
import type { TokenPair } from './credentials.ts';
import { addKeyIn } from './manage-keys.ts';
import { hashPassword } from './password.ts';
import { parseEmail } from './user.ts';
import { recordUserEvent } from './user-event.ts';

type Deps = { database: Database; clock: Clock };

/**
 * A new one-time token while nobody has claimed the platform, else undefined. Only its hash is kept,
 * and an older one that was not used is void.
 */
export async function newClaimToken({ database, clock }: Deps): Promise<string | undefined> {
  const token = randomWord(24);
  return database.transaction(async (tx) => {
    if ((await countUsers(tx)) > 0) return undefined;
    await deleteUnusedClaims(tx);
    await insertClaimToken(tx, hashSecret(token), clock());
    return token;
  });
}

export type Claim = {
  /** Undefined where the operating system has proved who asks: the operator's socket is theirs alone. */
  claimToken: string | undefined;
  email: string;
  name?: string | undefined;
  password?: string | undefined;
  organization: string;
  sshKey?: string | undefined;
  ip?: string | undefined;
};

export type Claimed = { userId: UserId; organizationId: OrganizationId; pair: TokenPair };

/** Refuses whoever cannot claim the platform: before a password of theirs is hashed, and once more after. */
async function requireClaim(db: Reader, { claimToken }: Claim): Promise<void> {
  if (await isClaimed(db))
    throw new Refusal('conflict', 'The platform has its first user already: sign in instead.');
  if (claimToken !== undefined && !(await isClaimToken(db, hashSecret(claimToken))))
    throw new Refusal('forbidden', 'This is not the claim token printed at the last start.');
}

/** Makes the first user, their organization and a token pair. Works once. */
export async function claimPlatform({ database, clock }: Deps, claim: Claim): Promise<Claimed> {
  const email = parseEmail(claim.email);
  const name = parseName('name', claim.name ?? email.split('@')[0] ?? email);
  await requireClaim(database.read, claim);
  const passwordHash = claim.password === undefined ? null : await hashPassword(claim.password);
  return database.transaction(async (tx) => {
    const at = clock();
    await requireClaim(tx, claim);
    if (claim.claimToken !== undefined) await takeClaimToken(tx, hashSecret(claim.claimToken), at);
    const userId = newId('user');
    await insertUser(tx, { id: userId, email, name, passwordHash, operator: true, createdAt: at });
    const data = { email, operator: true };
    await recordUserEvent(tx, userId, { kind: 'user.created', at, data });
    const order = { name: claim.organization, adminId: userId, at };
    const organizationId = await createOrganizationIn(tx, order);
    const { ip } = claim;
    const pair = await issueToken(tx, { userId, name: 'claim', kind: 'pair', at, ip });
    if (claim.sshKey !== undefined)
      await addKeyIn(tx, { userId, name: 'claim', line: claim.sshKey, at });
    return { userId, organizationId, pair };
  });
}

/** Whether the platform has its first user. */
export const isClaimed = async (db: Reader): Promise<boolean> => (await countUsers(db)) > 0;
