import { readFileSync } from 'node:fs';
import { platform } from '@grid/api';
import type { Command } from 'commander';
import { dataPaths } from '@grid/server/paths.ts';
import { settingNames } from '@grid/server/settings.ts';
import { Failure } from '../fail.ts';
import { localClient, readConfig, readControlState, readDataDirectory } from '../platform.ts';
import type { ControlState } from '../platform.ts';
import { print } from '../print.ts';
import { writeProfile } from '../profile.ts';
import { settingOption, settingsGiven } from '../setting-options.ts';
import { runPlatform } from '../run-platform.ts';
import { endPlatform } from '../end-platform.ts';
import { serviceUnit } from '../service-unit.ts';
import { diagnose } from '../doctor.ts';

type Where = { dataDirectory?: string };

/** Running and looking after a platform on this machine. */
export function platformCommands(program: Command): void {
  upCommand(program);
  program
    .command('down')
    .description('end the platform of a data directory')
    .addOption(settingOption('dataDirectory'))
    .option('--apps', 'end the applications too')
    .action((options: Where & { apps?: boolean }) =>
      endPlatform(readDataDirectory(options), { apps: options.apps === true }),
    );
  program
    .command('service')
    .description('print a systemd unit that runs the platform')
    .addOption(settingOption('dataDirectory'))
    .action((options: Where) =>
      print({ text: serviceUnit(readDataDirectory(options)), json: {} }, 'human'),
    );
  program
    .command('doctor')
    .description('say what this machine lacks, what that costs, and what mends it')
    .addOption(settingOption('dataDirectory'))
    .option('--json', 'for programs')
    .action(async (options: Where & { json?: boolean }) => {
      const { dataDirectory } = options;
      const { findings, printable } = await diagnose(readConfig({ dataDirectory }));
      print(printable, options.json === true ? 'json' : 'human');
      if (findings.some(({ state }) => state === 'missing')) process.exitCode = 1;
    });
  claimCommand(program);
}

/** Runs the platform; every setting is an option. */
function upCommand(program: Command): void {
  const up = program
    .command('up')
    .description(
      'run the platform in the foreground; Ctrl-C ends it, applications and router go on',
    )
    .addHelpText('after', AS_VARIABLE_OR_LINE)
    .action((options: Readonly<Record<string, unknown>>) =>
      runPlatform(readConfig(settingsGiven(options))),
    );
  for (const name of settingNames) up.addOption(settingOption(name));
}

const AS_VARIABLE_OR_LINE = `
Each is a variable too, as GRID_HTTP_PORT is --http-port, and a line of grid.json in the data directory
(GRID_CONFIG names another file), as {"httpPort": 8080} is. Options win over variables, variables over the file.
`;

type ClaimOptions = Where & {
  email: string;
  organization: string;
  name?: string;
  sshKey?: string;
  password?: string;
  json?: boolean;
};

function claimCommand(program: Command): void {
  program
    .command('claim')
    .description('make the first user and their organization, on the machine itself')
    .addOption(settingOption('dataDirectory'))
    .requiredOption('--email <address>', 'of the first user')
    .requiredOption('--organization <name>', 'to create')
    .option('--name <name>', 'of the first user')
    .option('--password <password>', 'to sign in with; GRID_PASSWORD says it unseen')
    .option('--ssh-key <file>', 'public key to push with')
    .option('--json', 'print the ids and the token pair')
    .action(async (options: ClaimOptions) => {
      const directory = readDataDirectory(options);
      const state = readControlState(directory);
      if (state === undefined)
        throw new Failure(`No platform runs on ${directory}: start it with "grid up".`);
      const sshKey =
        options.sshKey === undefined ? undefined : readFileSync(options.sshKey, 'utf8');
      const { email, organization, name } = options;
      const password = options.password ?? process.env['GRID_PASSWORD'];
      const body = { email, organization, name, sshKey, password };
      const claimed = await localClient(directory).call(platform.claim, { body });
      const { token, secret } = claimed;
      const path = writeProfile({ url: state.url, token, secret, ca: readAuthority(state) });
      const text = `You are signed in as ${email} (${path}).\nOrganization ${organization}: ${claimed.organizationId}`;
      print(
        { text, json: { ...claimed, url: state.url, sshUrl: state.sshUrl } },
        options.json === true ? 'json' : 'human',
      );
    });
}

/** What this platform is trusted for by those who read its data directory. */
const readAuthority = ({ caPath }: ControlState): string | undefined =>
  caPath === undefined ? undefined : readFileSync(caPath, 'utf8');

/** How the platform of a data directory stands. */
export async function platformStatus(options: Where & { json?: boolean }): Promise<void> {
  const directory = readDataDirectory(options);
  const state = readControlState(directory);
  if (state === undefined)
    throw new Failure(`No platform runs on ${directory}: start it with "grid up".`);
  const status = await localClient(directory).call(platform.getStatus);
  const json = { ...state, ...status, dataDirectory: directory };
  const lines = [
    `Clever Grid ${state.version} is up (process ${state.pid}).`,
    `  Address    ${status.url}`,
    `  Git (SSH)  ${status.sshUrl}`,
    ...(state.caFingerprint === undefined
      ? []
      : [`  Authority  ${state.caFingerprint}`, `             ${state.caPath}`]),
    `  Data       ${dataPaths(directory).root}`,
    `  Isolation  ${status.isolated ? 'applications are sandboxed' : 'none: applications are not kept apart'}`,
    ...(status.claimed
      ? []
      : ['  Nobody has claimed it yet: grid claim --email … --organization …']),
  ];
  print({ text: lines.join('\n'), json }, options.json === true ? 'json' : 'human');
}
