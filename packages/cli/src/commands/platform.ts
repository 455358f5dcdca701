import { readFileSync } from 'node:fs';
import { grid } from '@grid/api';
import { Option } from 'commander';
import type { Command } from 'commander';
import { dataPaths } from '@grid/server/paths.ts';
import { Failure } from '../fail.ts';
import { localClient, readConfig, readControlState } from '../platform.ts';
import type { ControlState } from '../platform.ts';
import { print } from '../print.ts';
import { writeProfile } from '../profile.ts';
import { runPlatform } from '../run-platform.ts';
import { endPlatform } from '../end-platform.ts';
import { serviceUnit } from '../service-unit.ts';
import { diagnose } from '../doctor.ts';

const dataDirectory = ['--data-dir <folder>', 'where the platform keeps everything'] as const;

const readDataDirectory = ({ dataDir }: { dataDir?: string }): string =>
  readConfig({ dataDirectory: dataDir }).dataDirectory;

/** Running and looking after a platform on this machine. */
export function platformCommands(program: Command): void {
  program
    .command('up')
    .description(
      'run the platform in the foreground; Ctrl-C ends it, applications and router go on',
    )
    .option(...dataDirectory)
    .option('--domain <name>', 'the platform’s own name (localhost)')
    .option('--http-address <address>', 'address of http and https (127.0.0.1)')
    .option('--http-port <port>', 'port of http; 0 picks a free one (8080)')
    .option('--https-port <port>', 'port of https; 0 picks a free one (8443)')
    .option(
      '--tls-certificate <file>',
      'certificate and chain (PEM); else the platform makes its own',
    )
    .option('--tls-key <file>', 'private key of the certificate (PEM)')
    .option(
      '--ssh-address <address>',
      'address of SSH, for git and for entering instances (127.0.0.1)',
    )
    .option('--ssh-port <port>', 'port of SSH; 0 picks a free one (2222)')
    .option('--database-url <url>', 'PostgreSQL instead of SQLite')
    .addOption(
      new Option('--isolation <kind>', 'none runs without a sandbox').choices(['auto', 'none']),
    )
    .option('--allow-unisolated', 'serve several organizations without isolation')
    .action(({ dataDir, ...options }: { dataDir?: string } & Record<string, unknown>) =>
      runPlatform(readConfig({ ...options, dataDirectory: dataDir })),
    );
  program
    .command('down')
    .description('end the platform of a data directory')
    .option(...dataDirectory)
    .option('--apps', 'end the applications too')
    .action((options: { dataDir?: string; apps?: boolean }) =>
      endPlatform(readDataDirectory(options), { apps: options.apps === true }),
    );
  program
    .command('service')
    .description('print a systemd unit that runs the platform')
    .option(...dataDirectory)
    .action((options: { dataDir?: string }) =>
      print({ text: serviceUnit(readDataDirectory(options)), json: {} }, 'human'),
    );
  program
    .command('doctor')
    .description('say what this machine lacks, what that costs, and what mends it')
    .option(...dataDirectory)
    .option('--json', 'for programs')
    .action(async (options: { dataDir?: string; json?: boolean }) => {
      const { findings, printable } = await diagnose(
        readConfig({ dataDirectory: options.dataDir }),
      );
      print(printable, options.json === true ? 'json' : 'human');
      if (findings.some(({ state }) => state === 'missing')) process.exitCode = 1;
    });
  claimCommand(program);
}

type ClaimOptions = {
  dataDir?: string;
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
    .option(...dataDirectory)
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
      const claimed = await localClient(directory).call(grid.claim, { body });
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
export async function platformStatus(options: { dataDir?: string; json?: boolean }): Promise<void> {
  const directory = readDataDirectory(options);
  const state = readControlState(directory);
  if (state === undefined)
    throw new Failure(`No platform runs on ${directory}: start it with "grid up".`);
  const status = await localClient(directory).call(grid.getStatus);
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
