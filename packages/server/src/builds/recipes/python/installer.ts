import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Log } from '../../../lib/log.ts';
import { ORDINARY, withUmask } from '../../../lib/with-umask.ts';

/** What installs dependencies, and the settings that the machine's own pip has. */
export type Installer = {
  /** The `uv` program, or undefined where pip must do. */
  uv: string | undefined;
  /** `PIP_*` and `UV_*` variables: index, certificates, time-outs. */
  settings: Readonly<Record<string, string>>;
  /** Files and folders that the settings name, and the program itself. */
  readOnly: readonly string[];
};

const run = promisify(execFile);

const UV_VERSION = '0.13.9';
const INSTALL_WITHIN = 5 * 60_000;

/** Brings `uv` into the data directory, once, with the machine's own pip; without it pip has to do. */
export async function bringInstaller({
  tools,
  environment,
  log,
  signal,
}: {
  tools: string;
  environment: Readonly<Record<string, string | undefined>>;
  log: Log;
  signal: AbortSignal;
}): Promise<Installer> {
  const settings = await pipSettings(environment);
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

/** What each of pip's settings is called in uv. */
const SAME_IN_UV: Readonly<Record<string, string>> = {
  PIP_INDEX_URL: 'UV_DEFAULT_INDEX',
  PIP_EXTRA_INDEX_URL: 'UV_INDEX',
  PIP_FIND_LINKS: 'UV_FIND_LINKS',
  PIP_CERT: 'SSL_CERT_FILE',
  PIP_TRUSTED_HOST: 'UV_INSECURE_HOST',
  PIP_DEFAULT_TIMEOUT: 'UV_HTTP_TIMEOUT',
  PIP_TIMEOUT: 'UV_HTTP_TIMEOUT',
};

const PASSED = /^(PIP_|UV_|SSL_CERT_(FILE|DIR)$|(HTTPS?|ALL|NO)_PROXY$)/i;
/** Where pip keeps things of its own, which are not the sandbox's. */
const OWN =
  /^(PIP_(TARGET|CACHE_DIR|USER|PREFIX|ROOT|CONFIG_FILE|REQUIRE_VIRTUALENV)|UV_(CACHE_DIR|TOOL_DIR|PYTHON.*|PROJECT_ENVIRONMENT))$/;

/** pip's configuration files and environment, as variables; uv's names for them beside. */
async function pipSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Record<string, string>> {
  const asked = await run('python3', ['-m', 'pip', 'config', 'list']).catch(() => ({ stdout: '' }));
  const settings: Record<string, string> = {};
  for (const [, key = '', value = ''] of asked.stdout.matchAll(
    /^(?:global|install|:env:)\.([\w-]+)='(.*)'$/gm,
  ))
    settings[`PIP_${key.toUpperCase().replaceAll('-', '_')}`] = value;
  for (const [name, value] of Object.entries(environment))
    if (PASSED.test(name) && value !== undefined) settings[name] = value;
  for (const [pip, uv] of Object.entries(SAME_IN_UV)) {
    const value = settings[pip];
    if (value !== undefined) settings[uv] ??= value;
  }
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !OWN.test(name)));
}
