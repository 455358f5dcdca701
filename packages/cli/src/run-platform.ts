import pino from 'pino';
import type { Config } from '@grid/server/config.ts';
import {
  CannotStart,
  UnusableCertificate,
  startControlPlane,
} from '@grid/server/roles/control-plane.ts';
import type { ControlPlane } from '@grid/server/roles/control-plane.ts';
import { openDataDirectory } from '@grid/server/roles/data-directory.ts';
import { Failure } from './fail.ts';
import { defaultDataDirectory } from './platform.ts';
import { exportOf } from './print-exports.ts';
import { colour } from './print.ts';
import { goOnUnread } from './watch-output.ts';

/** Runs the control plane until it is told to end. */
export async function runPlatform(config: Config): Promise<void> {
  const { log: destination } = openDataDirectory(config.dataDirectory);
  const log = pino(
    { level: config.logLevel },
    pino.destination({ dest: destination, sync: false }),
  );
  const ended = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.once(signal, () => resolve(signal));
  });
  // who started it may be gone when it ends, and its end must be orderly all the same
  goOnUnread();
  const platform = await startControlPlane(config, log).catch((error: unknown) => {
    if (error instanceof UnusableCertificate) throw new Failure(error.message, 'misused');
    if (error instanceof CannotStart) throw new Failure(error.message);
    throw error;
  });
  for (const line of describeStart(platform, config)) process.stdout.write(`${line}\n`);
  await ended;
  process.stdout.write('Ending the control plane; applications and router go on.\n');
  await platform.stop();
  log.flush();
  process.exit(0);
}

/** The last line says that it is ready, and where. */
function describeStart(
  { addresses, authority, claimToken, isolated, warnings }: ControlPlane,
  { dataDirectory }: Config,
): string[] {
  const where =
    dataDirectory === defaultDataDirectory() ? '' : ` --data-directory ${quoted(dataDirectory)}`;
  const banner = [
    '!! Applications are NOT isolated from each other on this machine. !!',
    'Only one organization is served. "grid doctor" says what is missing.',
  ];
  return [
    ...warnings.map((warning) => colour('red', `! ${warning}`)),
    ...(isolated ? [] : banner.map((line) => colour('red', line))),
    ...(claimToken === undefined
      ? []
      : [
          `Claim token (works once): ${claimToken}`,
          `Make the first user: grid claim${where} --email you@example.com --organization "My team" --ssh-key ~/.ssh/id_ed25519.pub`,
        ]),
    ...(authority === undefined
      ? []
      : [`Clients trust it with: ${exportOf('NODE_EXTRA_CA_CERTS', authority.path)}`]),
    `Ready at ${addresses.url} (git: ${addresses.sshUrl}/<APP_ID>)`,
  ];
}

const quoted = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
