import type { ServerChannel } from 'ssh2';
import type { User } from '../accounts/user.ts';
import type { Write } from './channel-writer.ts';
import type { Requests } from './requests.ts';

/** A session that somebody who signed in has begun. */
export type Talk = {
  user: User;
  channel: ServerChannel;
  write: Write;
  requests: Requests;
  /** The client closed the session, or is gone. */
  left: AbortSignal;
  /** Why nothing is done for them. */
  refusal: string | undefined;
};
