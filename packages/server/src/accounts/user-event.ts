import { byUser } from '../events/actor.ts';
import type { Actor } from '../events/actor.ts';
import { appendEvents } from '../events/append.ts';
import type { Event, EventData, EventKind } from '../events/event.ts';
import type { UserId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { EndedToken } from './token-store.ts';

type UserEventKind = Extract<EventKind, `user.${string}`>;

type UserEvent<K extends UserEventKind> = Pick<Event<K>, 'kind' | 'at' | 'data'> & {
  /** The user themself where nobody else is named. */
  by?: Actor;
};

/** Records what became of an account, in the transaction that made it so. */
export const recordUserEvent = <K extends UserEventKind>(
  tx: Tx,
  userId: UserId,
  event: UserEvent<K>,
): Promise<void> => appendEvents(tx, [ofUser(userId, event)]);

const ofUser = <K extends UserEventKind>(userId: UserId, event: UserEvent<K>): Event<K> => ({
  ownerId: userId,
  applicationId: null,
  subjectId: userId,
  by: byUser(userId),
  ...event,
});

/** Records that these tokens open nothing any more. */
export const recordTokensEnded = (
  tx: Tx,
  tokens: readonly EndedToken[],
  end: { why: EventData<'user.token_ended'>['why']; by?: Actor; at: number },
): Promise<void> =>
  appendEvents(
    tx,
    tokens.map(({ userId, token, name, kind: tokenKind }) => {
      const { why, ...rest } = end;
      const data = { token, name, tokenKind, why };
      return ofUser(userId, { kind: 'user.token_ended', data, ...rest });
    }),
  );
