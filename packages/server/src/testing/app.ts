import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { claimPlatform } from '../accounts/claim-platform.ts';
import type { Claimed } from '../accounts/claim-platform.ts';
import { findBuilt } from '../deployments/deployment-store.ts';
import { buildApp } from '../http/build-app.ts';
import type { HttpContext } from '../http/build-app.ts';
import { createHttpState } from '../http/http-state.ts';
import { listenForOperators } from '../http/operator-socket.ts';
import { nothingExposed } from '../metrics/prometheus.ts';
import { dataPaths } from '../paths.ts';
import type { Database } from '../store/database.ts';
import { noDevices } from './devices.ts';
import { withoutGpus } from './empty-platform.ts';
import { engineChoiceOf } from './engine-choice.ts';
import { askHttp } from './http.ts';
import type { Answer as HttpAnswer, Ask } from './http.ts';
import { silentLog } from './log.ts';
import { openKeys } from './rows.ts';

export const PASSWORD = 'correct horse battery';

type Asked = { body?: unknown; headers?: Record<string, string> };

/** The platform's HTTP surface on a database of its own, with a first user. */
export type TestApp = {
  app: FastifyInstance;
  context: HttpContext;
  claimed: Claimed;
  /** Asks as the first user, or as whoever the headers say. */
  ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, asked?: Asked): Promise<Answer>;
};

export type Answer = { status: number; json: unknown; text: string } & Pick<
  LightMyRequestResponse,
  'headers'
>;

/** Times stand still at `now` until it is changed. */
export async function openApp(
  database: Database,
  t: TestContext,
  clock: { now: number } = { now: 1_000_000 },
): Promise<TestApp> {
  const folder = mkdtempSync(join(tmpdir(), 'grid-app-'));
  const context = createContext(database, folder, () => clock.now);
  const claim = { claimToken: undefined, email: 'ada@example.com', password: PASSWORD };
  const claimed = await claimPlatform(context, { ...claim, organization: 'Lab' });
  const app = buildApp(context);
  t.after(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const { token, secret } = claimed.pair;
  return {
    app,
    context,
    claimed,
    async ask(method, url, { body, headers } = {}) {
      const answer = await app.inject({
        method,
        url,
        headers: { authorization: `Bearer ${token}.${secret}`, ...headers },
        ...(body !== undefined && { payload: body as object | string }),
      });
      const json = /json/.test(String(answer.headers['content-type'])) ? answer.json() : undefined;
      return { status: answer.statusCode, json, text: answer.body, headers: answer.headers };
    },
  };
}

/** Asks as whoever looks after the machine does. */
export async function askAsOperator(
  t: TestContext,
  app: FastifyInstance,
  asked: Ask,
): Promise<HttpAnswer> {
  const folder = mkdtempSync(join(tmpdir(), 'grid-operator-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const socketPath = join(folder, 'operator.sock');
  await app.ready();
  await listenForOperators(app, socketPath);
  const headers = { host: 'localhost', connection: 'close', ...asked.headers };
  return askHttp({ socketPath, ...asked, headers });
}

const createContext = (database: Database, folder: string, clock: () => number): HttpContext => ({
  ...createHttpState({ database, clock, keyring: openKeys, log: silentLog }),
  database,
  clock,
  log: silentLog,
  keyring: openKeys,
  paths: dataPaths(folder),
  version: 'test',
  authority: { path: 'ca.pem', pem: 'the authority', fingerprint: 'SHA256:00' },
  exposed: async () => nothingExposed,
  isolated: true,
  severalOrganizations: true,
  zone: 'grid',
  zoneAliases: ['par'],
  addresses: () => ({ url: 'https://localhost', sshUrl: 'ssh://git@localhost:2222' }),
  platformHosts: ['localhost', 'grid.localhost'],
  domains: 'open',
  readTxt: async () => [],
  dns: () => ({ cname: 'localhost', a: ['127.0.0.1'] }),
  applicationDomain: 'grid.localhost',
  pool: { hosts: [{ name: 'local', memoryMiB: 8192 }], flavorDevices: [] },
  inventory: noDevices,
  empty: withoutGpus(database),
  findBuilt: (id, commit) => findBuilt(database.read, id, commit),
  engineChoice: engineChoiceOf('process'),
  createRepository: async () => undefined,
  hasCommit: async () => true,
});
