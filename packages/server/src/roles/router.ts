import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../lib/clock.ts';
import { createAccessLog } from '../routing/access-log.ts';
import type { RouteTable, RouterStatus } from '../routing/route-table.ts';
import { createRouter } from '../routing/router.ts';
import type { Router } from '../routing/router.ts';

const HOLD_MS = 60_000;

type Options = {
  directory: string;
  controlSocket: string;
  address: string;
  port: number;
  /** Set where the listening socket was opened before the process entered its namespace. */
  descriptor: number | undefined;
};

/** The process that owns the public port: goes on with its last table whoever else is up. */
async function main(): Promise<void> {
  const options = readOptions();
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const accessLog = createAccessLog(join(options.directory, 'access'));
  const router = createRouter({
    controlSocket: options.controlSocket,
    table: readTable(options.directory),
    clock: systemClock,
    access: accessLog.add,
    holdMs: HOLD_MS,
  });
  const { server } = router;
  const drained = new Promise<void>((resolve) => server.on('close', resolve));
  await listen(router, options);
  const control = serveControl(router, options.directory);
  const drain = (): void => {
    control.close();
    server.close();
    server.closeIdleConnections();
  };
  process.once('SIGTERM', drain);
  control.on('drain', drain);
  await drained;
  await accessLog.close();
  process.exit(0);
}

function readOptions(): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      directory: text,
      'control-socket': text,
      address: text,
      port: text,
      descriptor: text,
    },
  });
  return {
    directory: values.directory ?? '.',
    controlSocket: values['control-socket'] ?? '',
    address: values.address ?? '127.0.0.1',
    port: Number(values.port ?? 0),
    descriptor: values.descriptor === undefined ? undefined : Number(values.descriptor),
  };
}

const NO_ROUTES: RouteTable = { version: 0, platformHosts: ['localhost'], routes: [] };

function readTable(directory: string): RouteTable {
  try {
    return JSON.parse(readFileSync(join(directory, 'routes.json'), 'utf8')) as RouteTable;
  } catch {
    return NO_ROUTES;
  }
}

const listen = ({ server }: Router, { address, port, descriptor }: Options): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    const where =
      descriptor === undefined
        ? { host: address, port, reusePort: port !== 0 }
        : { fd: descriptor };
    server.listen(where, () => resolve());
  });

/** Takes tables and answers for itself, on a socket of its own. */
function serveControl(router: Router, directory: string) {
  const path = join(directory, `router-${process.pid}.sock`);
  rmSync(path, { force: true });
  const control = createServer((request, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    switch (`${request.method} ${request.url}`) {
      case 'GET /status':
        return answer(200, describe(router));
      case 'PUT /table':
        return void takeTable(router, directory, request).then(
          (taken) => answer(taken ? 200 : 409, describe(router)),
          (error: unknown) => answer(400, { message: String(error) }),
        );
      case 'POST /drain':
        answer(200, {});
        return void control.emit('drain');
      default:
        return answer(404, {});
    }
  });
  control.listen(path);
  control.on('close', () => rmSync(path, { force: true }));
  return control;
}

const describe = (router: Router): RouterStatus => ({
  pid: process.pid,
  tableVersion: router.table().version,
  publicPort: (router.server.address() as AddressInfo).port,
  inFlight: router.inFlight(),
});

/** A table is on disk before it is used: whoever starts next has it too. */
async function takeTable(
  router: Router,
  directory: string,
  request: AsyncIterable<Buffer>,
): Promise<boolean> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString('utf8');
  const table = JSON.parse(text) as RouteTable;
  if (table.version < router.table().version) return false;
  const path = join(directory, 'routes.json');
  await writeFile(`${path}.new`, text, { flush: true, mode: 0o600 });
  await rename(`${path}.new`, path);
  return router.swap(table);
}

await main();
