import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@grid/api';
import type { Client } from '@grid/api';
import type { Config } from '@grid/server/config.ts';
import { dataPaths } from '@grid/server/paths.ts';
import { InvalidConfig, parseConfig } from '@grid/server/parse-config.ts';
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

/** The configuration: options, then `GRID_*`, then `grid.json` in the data directory. */
export function readConfig(
  options: Readonly<Record<string, unknown>> & { dataDirectory?: string | undefined },
): Config {
  const environment = process.env;
  const directory =
    options.dataDirectory ?? environment['GRID_DATA_DIRECTORY'] ?? defaultDataDirectory();
  const path = environment['GRID_CONFIG'] ?? join(directory, 'grid.json');
  try {
    const file = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as object) : {};
    return parseConfig({
      options: { ...options, dataDirectory: directory },
      environment,
      file: { ...file },
    });
  } catch (error) {
    if (error instanceof InvalidConfig) throw new Failure(error.message, 'misused');
    if (error instanceof SyntaxError)
      throw new Failure(`${path} is not valid JSON: ${error.message}`, 'misused');
    throw error;
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
