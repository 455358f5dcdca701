import { mkdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../lib/clock.ts';
import { SECOND } from '../lib/duration.ts';
import { createAccessLog } from '../routing/access-log.ts';
import type { RouteTable, StartedWith } from '../routing/route-table.ts';
import { LISTENER, spawnSuccessor } from '../routing/router-process.ts';
import { createRouter } from '../routing/router.ts';
import { serveControl } from '../routing/serve-control.ts';

const HOLD_MS = 60 * SECOND;
const PLATFORM_HOLD_MS = 10 * SECOND;

type Options = {
  directory: string;
  controlSocket: string;
  /** Where it answers for itself. */
  socket: string;
  startedWith: StartedWith;
};

/** The process that owns the public port: goes on with its last table whoever else is up. */
async function main(): Promise<void> {
  const { directory, controlSocket, socket, startedWith } = readOptions();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const tablePath = join(directory, 'routes.json');
  const accessLog = createAccessLog(join(directory, 'access'));
  const router = createRouter({
    controlSocket,
    table: readTable(tablePath),
    clock: systemClock,
    access: accessLog.add,
    holdMs: HOLD_MS,
    platformHoldMs: PLATFORM_HOLD_MS,
  });
  const over = new Promise<void>((resolve) => router.server.on('close', resolve));
  await listen(router.server);
  const control = serveControl({
    router,
    path: socket,
    tablePath,
    startedWith,
    startSuccessor: spawnSuccessor,
  });
  process.once('SIGTERM', control.drain);
  await over;
  control.server.close();
  await accessLog.close();
  process.exit(0);
}

function readOptions(): Options {
  const text = { type: 'string', default: '' } as const;
  const { values } = parseArgs({
    options: { directory: text, 'control-socket': text, socket: text, 'started-with': text },
  });
  return {
    directory: values.directory,
    controlSocket: values['control-socket'],
    socket: values.socket,
    startedWith: JSON.parse(values['started-with']) as StartedWith,
  };
}

const NO_ROUTES: RouteTable = { version: 0, platformHosts: ['localhost'], routes: [] };

function readTable(path: string): RouteTable {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RouteTable;
  } catch {
    return NO_ROUTES;
  }
}

/** Whoever started this process opened the socket, or had it before. */
const listen = (server: Server): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd: LISTENER }, resolve);
  });

await main();
