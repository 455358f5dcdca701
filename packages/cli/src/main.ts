import { ApiError } from '@grid/api';
import { Command } from 'commander';
import { accountCommands } from './commands/account.ts';
import { applicationCommands } from './commands/applications.ts';
import { deploymentCommands } from './commands/deployments.ts';
import { platformCommands } from './commands/platform.ts';
import { Failure, exitCodes } from './fail.ts';
import { printExports } from './print-exports.ts';

/** Every command of `grid`; also the source of its reference page. */
export function buildProgram(): Command {
  const program = new Command('grid')
    .description('Push code, get a GPU, pay for the minutes you used, on machines you own.')
    .version('0.1.0')
    .showHelpAfterError()
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : exitCodes.misused));
  platformCommands(program);
  accountCommands(program);
  applicationCommands(program);
  deploymentCommands(program);
  program.commands.find((command) => command.name() === 'env')?.action(printExports);
  return program;
}

async function main(): Promise<void> {
  try {
    await buildProgram().parseAsync(process.argv);
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`);
    process.exitCode = exitCode(error);
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

if (import.meta.main) await main();
