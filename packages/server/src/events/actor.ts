import type { UserId } from '../lib/ids.ts';

/** Who changed something. */
export type Actor =
  | { kind: 'user'; id: UserId }
  /** Whoever looks after the platform, as such; without an id where the operator's socket says so alone. */
  | { kind: 'operator'; id: UserId | null }
  | { kind: 'platform' }
  /** Of before it was recorded who. */
  | { kind: 'unknown' };

export const PLATFORM: Actor = { kind: 'platform' };

export const byUser = (id: UserId): Actor => ({ kind: 'user', id });

export const byOperator = (id: UserId | null): Actor => ({ kind: 'operator', id });

/** Of what is done in somebody's name, or by the platform itself where that is null. */
export const byAuthor = (id: UserId | null): Actor => (id === null ? PLATFORM : byUser(id));
