import { ApiError } from '@grid/api';
import { Failure, exitCodes } from './fail.ts';
import { shownOn } from './print.ts';
import { buildProgram } from './program.ts';
import { watchOutput } from './watch-output.ts';

async function main(): Promise<void> {
  try {
    await buildProgram().parseAsync(process.argv);
  } catch (error) {
    // what a command has begun must not keep it from ending
    const text = shownOn(process.stderr, describe(error));
    process.stderr.write(`${text}\n`, () => process.exit(exitCode(error)));
  }
}

function describe(error: unknown): string {
  if (error instanceof Failure) return error.message;
  if (error instanceof ApiError)
    return error.status === 401 ? 'The platform does not know you: grid login.' : error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function exitCode(error: unknown): number {
  if (error instanceof Failure) return error.exitCode;
  if (error instanceof ApiError) return error.status >= 500 ? exitCodes.failed : exitCodes.refused;
  return exitCodes.failed;
}

watchOutput();
await main();
