import { exitCodes } from './fail.ts';

/** As of `cat`, git or docker whose reader has left: 128 and the number of SIGPIPE. */
const READER_LEFT = 141;

let goesOn = false;

/** For what does more than print: it lives on where nobody reads what it says. */
export const goOnUnread = (): void => {
  goesOn = true;
};

/**
 * Ends the command where what it prints arrives nowhere: quietly where its reader has left, as `head` does, and
 * with a sentence where the disk is full.
 */
export function watchOutput(): void {
  process.stdout.on('error', (error) => {
    if (!goesOn) process.exit(tell(error));
  });
  // what is said there is said beside the work
  process.stderr.on('error', () => undefined);
  // who ends in the same moment hears of no error any more
  process.on('exit', (code) => {
    const error = process.stdout.errored;
    if (error !== null && !goesOn && code === 0) process.exitCode = tell(error);
  });
}

/** Says why, where that is not for the reader to know, and answers with the exit code. */
function tell({ code, message }: NodeJS.ErrnoException): number {
  if (code === 'EPIPE') return READER_LEFT;
  const why = code === 'ENOSPC' ? 'there is no space left' : message;
  process.stderr.write(`What this prints cannot be written: ${why}.\n`);
  return exitCodes.failed;
}
