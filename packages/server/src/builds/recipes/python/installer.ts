import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Log } from '../../../lib/log.ts';
import { chooseMirrorSettings } from './mirror-settings.ts';
import { ORDINARY, withUmask } from '../../../lib/with-umask.ts';

/** What installs dependencies, and the settings that the machine's own pip has. */
export type Installer = {
  /** The `uv` program, or undefined where pip must do. */
  uv: string | undefined;
  /** Variables that say where packages come from: index, certificates, time-outs. */
  settings: Readonly<Record<string, string>>;
  /** Files and folders that the settings name, and the program itself. */
  readOnly: readonly string[];
};

const run = promisify(execFile);

const UV_VERSION = '0.13.9';
const INSTALL_WITHIN = 5 * 60_000;

type Machine = {
  tools: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** Whether builds may have the credentials of this machine's mirrors and proxies. */
  shareCredentials: boolean;
  log: Log;
  signal: AbortSignal;
};

/** Brings `uv` into the data directory, once, with the machine's own pip; without it pip has to do. */
export async function bringInstaller({
  tools,
  environment,
  shareCredentials,
  log,
  signal,
}: Machine): Promise<Installer> {
  const found = { configured: await readConfiguration(), environment };
  const { settings, withheld } = chooseMirrorSettings(found, { shareCredentials });
  if (withheld.length > 0)
    log.warn(
      { withheld },
      'these hold credentials, which every build could read: they are withheld, unless GRID_SHARE_MIRROR_CREDENTIALS=true',
    );
  signal.throwIfAborted();
  const uv = await bringUv(tools, signal).catch((error: unknown) => {
    log.warn({ err: error }, 'uv could not be installed: pip installs dependencies, more slowly');
    return undefined;
  });
  const named = Object.values(settings)
    .flatMap((value) => value.split(/\s+/))
    .filter((value) => value.startsWith('/') && existsSync(value));
  return { uv, settings, readOnly: [...new Set([...named, ...(uv === undefined ? [] : [uv])])] };
}

async function bringUv(tools: string, signal: AbortSignal): Promise<string> {
  const home = join(tools, `uv-${UV_VERSION}`);
  const program = join(home, 'bin', 'uv');
  if (existsSync(program)) return program;
  const staging = `${home}.${process.pid}.partial`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  const options = ['--quiet', '--disable-pip-version-check', '--no-compile', '--only-binary=:all:'];
  const target = ['--target', staging, `uv==${UV_VERSION}`];
  await withUmask(ORDINARY, () =>
    run('python3', ['-m', 'pip', 'install', ...options, ...target], {
      timeout: INSTALL_WITHIN,
      signal,
    }),
  );
  await rename(staging, home).catch(async (error: unknown) => {
    await rm(staging, { recursive: true, force: true });
    if (!existsSync(program)) throw error;
  });
  return program;
}

/** What the machine's own pip is configured with; nothing where it does not answer. */
const readConfiguration = (): Promise<string> =>
  run('python3', ['-m', 'pip', 'config', 'list']).then(
    ({ stdout }) => stdout,
    () => '',
  );
