type Failure = { code?: unknown; errcode?: unknown; cause?: unknown };

/** SQLite's result codes (sqlite.org/rescode.html). */
const SQLITE = { busy: 5, readOnly: 8, io: 10, full: 13 } as const;

/** PostgreSQL's (Appendix A): no connection, shutting down, starting up, out of room. */
const AWAY = /^(08|57P0[123]|ECONNREFUSED$|ECONNRESET$|ENOENT$|EPIPE$|ETIMEDOUT$)/;
/** Two transactions that waited for each other: nothing of this one was done. */
const DEADLOCK = '40P01';
const NO_ROOM = /^(53100|ENOSPC|EDQUOT)$/;

/** What keeps the state from being read or written, for whoever asked; undefined for other errors. */
export function troubleOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errcode, cause } = error as Failure;
  if (errcode === SQLITE.full || NO_ROOM.test(String(code)))
    return 'The disk of the platform is full: nothing was changed. Its operator must make room; then try again.';
  if (errcode === SQLITE.busy || code === DEADLOCK)
    return 'The platform is busy: try again in a moment.';
  if (errcode === SQLITE.readOnly || errcode === SQLITE.io)
    return 'The platform cannot write its state: its operator finds the reason in its log.';
  if (isAway(error, code))
    return 'The database of the platform does not answer: try again in a moment.';
  return cause === undefined ? undefined : troubleOf(cause);
}

const isAway = ({ message }: Error, code: unknown): boolean =>
  AWAY.test(String(code)) || message.startsWith('Connection terminated');
