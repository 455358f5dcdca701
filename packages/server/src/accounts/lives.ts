import { DAY } from '../lib/duration.ts';
import type { TokenKind } from '../store/schema.ts';

/** How long a credential opens an account: so long without being used, and so long in all. */
type Lives = { idle: number; most: number };

/** Of what is renewed by use; an API token ends when its maker said. */
const LIVES: Readonly<Partial<Record<TokenKind, Lives>>> = {
  session: { idle: 14 * DAY, most: 90 * DAY },
  pair: { idle: 90 * DAY, most: 365 * DAY },
};

/** The longest that anything opens an account without being made anew. */
export const LONGEST_LIFE = 365 * DAY;

/** How long a browser can stay signed in. */
export const LONGEST_SESSION = 90 * DAY;

/** Uses are written down once a day at most: looking at something stays a read. */
const NOTED_EVERY = DAY;

/** When a new one ends unless it is used; `expiresAt` of one that is not renewed. */
export function firstExpiry(kind: TokenKind, at: number): number {
  const { idle, most } = LIVES[kind] ?? { idle: LONGEST_LIFE, most: LONGEST_LIFE };
  return at + Math.min(idle, most);
}

type Used = {
  kind: TokenKind;
  createdAt: number;
  usedAt: number | null;
  expiresAt: number | null;
};

/** What is to be written of a use now, or undefined where enough is written. Never ends anything sooner. */
export function planUse(
  { kind, createdAt, usedAt, expiresAt }: Used,
  now: number,
): { usedAt: number; expiresAt: number | null } | undefined {
  if (usedAt !== null && now - usedAt < NOTED_EVERY) return undefined;
  const lives = LIVES[kind];
  if (lives === undefined || expiresAt === null) return { usedAt: now, expiresAt };
  const renewed = Math.min(createdAt + lives.most, now + lives.idle);
  return { usedAt: now, expiresAt: Math.max(expiresAt, renewed) };
}
