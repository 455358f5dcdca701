import { Command } from 'commander';
import { accountCommands } from './commands/accounts.ts';
import { billingCommands } from './commands/billing.ts';
import { deviceCommands } from './commands/devices.ts';
import { domainCommands } from './commands/domains.ts';
import { emailCommands } from './commands/emails.ts';
import { environmentCommands } from './commands/environment.ts';
import { flavorCommands } from './commands/flavors.ts';
import { keyCommands } from './commands/keys.ts';
import { applicationCommands } from './commands/applications.ts';
import { deploymentCommands } from './commands/deployments.ts';
import { limitCommands } from './commands/limits.ts';
import { logCommands } from './commands/logs.ts';
import { platformCommands } from './commands/platform.ts';
import { queueCommands } from './commands/queue.ts';
import { replayCommand } from './commands/replay.ts';
import { runCommands } from './commands/runs.ts';
import { sshCommand } from './commands/ssh.ts';
import { tokenCommands } from './commands/tokens.ts';
import { exitCodes } from './fail.ts';
import { printExports } from './print-exports.ts';
import { refuseMisspelled } from './setting-options.ts';

/** They are set up by variables, and say of all settings at once what is wrong. */
const checksAllVariables: ReadonlySet<string> = new Set(['up', 'doctor']);

/** Every command of `grid`; also the source of its reference page. */
export function buildProgram(): Command {
  const program = new Command('grid')
    .description('Push code, get a GPU, pay for the minutes you used, on machines you own.')
    .version('0.1.0')
    .showHelpAfterError()
    .hook('preAction', (_, command) => {
      if (!checksAllVariables.has(command.name())) refuseMisspelled(process.env);
    })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : exitCodes.misused));
  platformCommands(program);
  accountCommands(program);
  keyCommands(program);
  tokenCommands(program);
  const operator = program
    .command('operator')
    .description('what only operators of the platform may');
  emailCommands(program, operator);
  domainCommands(operator);
  applicationCommands(program);
  environmentCommands(program);
  deploymentCommands(program);
  billingCommands(program);
  runCommands(program);
  queueCommands(program);
  deviceCommands(program);
  flavorCommands(program);
  limitCommands(program);
  replayCommand(program);
  logCommands(program);
  sshCommand(program);
  program.commands.find((command) => command.name() === 'env')?.action(printExports);
  return program;
}
