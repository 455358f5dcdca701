import { mkdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import { systemClock } from '../lib/clock.ts';
import { SECOND } from '../lib/duration.ts';
import type { CertificateFiles } from '../certificates/certificate.ts';
import { createAccessLog } from '../routing/access-log.ts';
import type { RouteTable, StartedWith } from '../routing/route-table.ts';
import { LISTENERS, spawnSuccessor } from '../routing/router-process.ts';
import { createRouter } from '../routing/router.ts';
import { serveControl } from '../routing/serve-control.ts';

const HOLD_MS = 60 * SECOND;
const PLATFORM_HOLD_MS = 10 * SECOND;
const PLACE_WAIT_MS = 5 * SECOND;

type Options = {
  directory: string;
  controlSocket: string;
  /** Where it answers for itself. */
  socket: string;
  startedWith: StartedWith;
  certificate: CertificateFiles;
  connectionsPerApplication: number;
};

/** What nobody expected is written down, and everybody else is served on: their connections end with this process. */
const carryOn = (error: unknown): void => {
  const at = new Date(systemClock()).toISOString();
  process.stderr.write(`${at} the router goes on after ${inspect(error)}\n`);
};

/** The process that owns the public ports: goes on with its last table whoever else is up. */
async function main(): Promise<void> {
  const options = readOptions();
  const { directory, controlSocket, socket, startedWith, certificate } = options;
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
    connectionsPerApplication: options.connectionsPerApplication,
    placeWaitMs: PLACE_WAIT_MS,
    tls: await readCertificate(certificate),
  });
  const servers = [router.http, router.https];
  const over = Promise.all(servers.map((server) => once(server, 'close')));
  await Promise.all(servers.map((server, index) => listen(server, LISTENERS[index] ?? 0)));
  const control = serveControl({
    router,
    path: socket,
    tablePath,
    startedWith,
    startSuccessor: spawnSuccessor,
    reloadCertificate: async () => router.certify(await readCertificate(certificate)),
  });
  process.on('uncaughtException', carryOn);
  process.once('SIGTERM', control.drain);
  await over;
  control.server.close();
  await accessLog.close();
  process.exit(0);
}

function readOptions(): Options {
  const text = { type: 'string', default: '' } as const;
  const { values } = parseArgs({
    options: {
      directory: text,
      'control-socket': text,
      socket: text,
      'started-with': text,
      certificate: text,
      key: text,
      'connections-per-application': text,
    },
  });
  return {
    directory: values.directory,
    controlSocket: values['control-socket'],
    socket: values.socket,
    startedWith: JSON.parse(values['started-with']) as StartedWith,
    certificate: { certificate: values.certificate, key: values.key },
    connectionsPerApplication: Number(values['connections-per-application']),
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

async function readCertificate({ certificate, key }: CertificateFiles) {
  return { cert: await readFile(certificate), key: await readFile(key) };
}

/** Whoever started this process opened the sockets, or had them before. */
const listen = (server: Server, fd: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd }, resolve);
  });

await main();
