import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@grid/api';
import type { Client } from '@grid/api';
import type { Config } from '@grid/server/config.ts';
import { dataPaths } from '@grid/server/paths.ts';
import { InvalidConfig, findGiven, parseConfig } from '@grid/server/parse-config.ts';
import type { ConfigSources } from '@grid/server/parse-config.ts';
import { settings } from '@grid/server/settings.ts';
import { Failure } from './fail.ts';
import { transportTo } from './transport.ts';

/** What the running control plane says of itself. */
export type ControlState = {
  pid: number;
  version: string;
  url: string;
  sshUrl: string;
  httpPort: number;
  httpsPort: number;
  sshPort: number;
  /** The platform's own authority; none where the certificate was brought. */
  caPath?: string;
  caFingerprint?: string;
};

/** Root keeps it where services do, everybody else at home. */
export const defaultDataDirectory = (): string =>
  process.getuid?.() === 0
    ? '/var/lib/clever-grid'
    : join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'clever-grid');

type Options = ConfigSources['options'];

/** The settings: options, then `GRID_*`, then `grid.json` in the data directory. */
export function readConfig(options: Options): Config {
  try {
    return parseConfig(readSources(options));
  } catch (error) {
    if (error instanceof InvalidConfig) throw new Failure(error.message, 'misused');
    throw error;
  }
}

/** Where a platform is, whatever else is set: one whose settings are wrong by now can be ended all the same. */
export function readDataDirectory(options: Options): string {
  const said = findGiven('dataDirectory', sourcesWithoutFile(options));
  const { value, from } =
    said.value === undefined ? findGiven('dataDirectory', readSources(options)) : said;
  const { data, error } = settings.dataDirectory.check.safeParse(value);
  if (data === undefined) throw new Failure(`${from}: ${error?.issues[0]?.message}`, 'misused');
  return data;
}

const sourcesWithoutFile = (options: Options): ConfigSources => ({
  options,
  environment: process.env,
  file: { path: '', content: {} },
  defaults: {},
});

function readSources(options: Options): ConfigSources {
  const defaults = { dataDirectory: defaultDataDirectory() };
  const sources = { ...sourcesWithoutFile(options), defaults };
  const named = process.env['GRID_CONFIG'];
  if (named) return { ...sources, file: readFile(named) };
  const path = join(String(findGiven('dataDirectory', sources).value), 'grid.json');
  return existsSync(path) ? { ...sources, file: readFile(path) } : sources;
}

function readFile(path: string): ConfigSources['file'] {
  const content = parseFile(path);
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new Failure(`${path} must hold settings, such as {"httpPort": 80}.`, 'misused');
  return { path, content: { ...content } };
}

function parseFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(`The settings in ${path} cannot be read: ${reason}`, 'misused');
  }
}

/** The control plane of a data directory, or undefined where none runs. */
export function readControlState(dataDirectory: string): ControlState | undefined {
  try {
    const state = JSON.parse(
      readFileSync(dataPaths(dataDirectory).controlState, 'utf8'),
    ) as ControlState;
    process.kill(state.pid, 0);
    return state;
  } catch {
    return undefined;
  }
}

/** The platform by its operator's socket, which only who runs it can open; one of before had one for all. */
export const localClient = (dataDirectory: string): Client => {
  const { operatorSocket, controlSocket } = dataPaths(dataDirectory);
  const socketPath = existsSync(operatorSocket) ? operatorSocket : controlSocket;
  return createClient(transportTo({ socketPath }));
};
