import { constants } from 'node:os';
import type { ServerChannel } from 'ssh2';
import type { CommandEnd } from '../workloads/engine.ts';

/** The signals that SSH has names for (RFC 4254 §6.10) and ssh2 knows. */
const NAMED = [
  'ABRT',
  'ALRM',
  'FPE',
  'HUP',
  'ILL',
  'INT',
  'KILL',
  'PIPE',
  'QUIT',
  'SEGV',
  'TERM',
  'USR1',
  'USR2',
];

/** Tells the client how its command ended, and closes the channel. */
export function finish(channel: ServerChannel, end: CommandEnd): void {
  if ('exitCode' in end) channel.exit(end.exitCode);
  else if (NAMED.includes(end.signal.replace(/^SIG/, ''))) channel.exit(end.signal);
  else channel.exit(128 + (constants.signals[end.signal as NodeJS.Signals] ?? 0));
  channel.end();
}
