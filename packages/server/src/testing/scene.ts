import { randomBytes } from 'node:crypto';
import type { LightMyRequestResponse } from 'fastify';
import { issueToken } from '../accounts/authenticate.ts';
import { addKey } from '../accounts/manage-keys.ts';
import type { DescribedEndpoint, DescribedStream } from '../http/openapi/described.ts';
import { newId } from '../lib/ids.ts';
import type { OwnerId, UserId } from '../lib/ids.ts';
import { createOrganizationIn } from '../organizations/create-organization.ts';
import type { Database } from '../store/database.ts';
import type { Role, TokenKind } from '../store/schema.ts';
import type { TestApp } from './app.ts';
import { addressOf, sampleOf } from './endpoints.ts';
import { makeApplication, makeDeployment, makeMember, makeRun } from './rows.ts';

/** Somebody who asks for what an owner has. */
export type Caller = {
  /** What they are there; in their own space, the administrator. */
  role?: Role;
  space?: 'own';
  operator?: true;
  /** By what they prove who they are; a token pair, if nothing is said. */
  by?: Extract<TokenKind, 'api' | 'session'> | 'expired';
};

export type Headers = Record<string, string>;
/** Values of the parameters in paths. */
export type Parameters = Record<string, string>;
export type Scene = { headers: Headers; params: Parameters };

/** An owner with two applications, a deployment and a run, and the caller with what an account has. */
export async function makeScene(platform: TestApp, caller: Caller): Promise<Scene> {
  const { context } = platform;
  const { database } = context;
  const { userId, headers, ownerId } = await makeCaller(database, caller);
  const applicationId = await makeApplication(database, { ownerId });
  const dependencyId = await makeApplication(database, { ownerId });
  const owned = { ownerId, applicationId };
  const deployment = await makeDeployment(database, { ...owned, authorId: userId });
  const runId = await makeRun(database, { ...owned, deploymentId: deployment });
  await addKey(context, { userId, name: 'key', line: keyLine() });
  const { token: apiTokenId } = await makeToken(database, userId, 'api');
  const { token: tokenId } = await makeToken(database, userId, 'session');
  const ids = { ...owned, dependencyId, deployment, runId, apiTokenId, tokenId, uuid: 'GPU-0' };
  const names = { name: 'NAME', fqdn: `${ownerId.slice(5)}.example.com`, email: 'no@example.com' };
  return { headers, params: { ...ids, ...names } };
}

type Made = { userId: UserId; headers: Headers; ownerId: OwnerId };

async function makeCaller(database: Database, caller: Caller): Promise<Made> {
  const founder = await makeMember(database);
  const order = { name: 'Lab', adminId: founder.userId, at: 1 };
  const organizationId = await database.transaction((tx) => createOrganizationIn(tx, order));
  const role = caller.role && { organizationId, role: caller.role };
  const { userId, headers } = await makeMember(database, role);
  if (caller.operator === true)
    await database.transaction((tx) =>
      tx.updateTable('users').set({ operator: true }).where('id', '=', userId).execute(),
    );
  const ownerId = caller.space === 'own' ? userId : organizationId;
  if (caller.by === undefined) return { userId, headers, ownerId };
  const { token, secret } = await makeToken(database, userId, caller.by);
  return { userId, ownerId, headers: { authorization: `Bearer ${token}.${secret}` } };
}

const FAR_AWAY = Date.UTC(3000, 0);

const makeToken = (database: Database, userId: UserId, by: Exclude<Caller['by'], undefined>) => {
  const [kind, expiresAt] = by === 'expired' ? (['pair', 2] as const) : ([by, FAR_AWAY] as const);
  return database.transaction((tx) =>
    issueToken(tx, { userId, name: 'ci', kind, at: 1, expiresAt }),
  );
};

/** A public key that nobody has. */
export const keyLine = (): string => {
  const text = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const wire = Buffer.concat([text(Buffer.from('ssh-ed25519')), text(randomBytes(32))]);
  return `ssh-ed25519 ${wire.toString('base64')}`;
};

/** What is asked where the smallest request that the description allows is none that can be granted. */
const requests: Readonly<
  Record<string, () => { params?: object; query?: object; body?: unknown }>
> = {
  'keys.putKey': () => ({ body: keyLine() }),
  'tokens.takeCliToken': () => ({ query: { cli_token: 'x'.repeat(27) } }),
  'flavors.createFlavor': () => ({
    body: { name: newId('run').slice(4, 20), cpus: 1, memoryMiB: 512, price: 1 },
  }),
  'applications.createApplication': () => ({ body: { name: 'x', instanceVariant: 'ml_python' } }),
  'domains.setFavouriteDomain': () => ({ body: { fqdn: 'example.com' } }),
  'tokens.createApiToken': () => ({
    body: {
      email: 'ada@example.com',
      password: 'not the right one',
      name: 'ci',
      expirationDate: '1970-01-01T00:00:00Z',
    },
  }),
  'emails.putEmail': () => ({
    params: { email: `${newId('user')}@example.com` },
  }),
  'deployments.deploy': () => ({ query: { commit: 'c'.repeat(40) } }),
  'platform.claim': () => ({
    body: { claimToken: 'x', email: 'eve@example.com', organization: 'Eve' },
  }),
  'accounts.signIn': () => ({
    body: { email: `${newId('user')}@example.com`, password: 'not the right one' },
  }),
  'accounts.setPassword': () => ({ body: { password: 'correct horse battery' } }),
};

/** What somebody who may ask is answered all the same, for want of what they ask for. */
export const otherwise: Readonly<Record<string, number>> = {
  'tokens.createApiToken': 400,
  'tokens.takeCliToken': 404,
  'domains.getFavouriteDomain': 404,
  'domains.setFavouriteDomain': 404,
  'emails.deleteEmail': 404,
  'platform.claim': 409,
  'flavors.getFlavor': 404,
  'flavors.updateFlavor': 404,
  'flavors.deleteFlavor': 404,
  'limits.setLimit': 404,
  'limits.unsetLimit': 404,
  'emails.confirmEmail': 404,
  'domains.releaseName': 404,
  'devices.forgetDevice': 404,
  'devices.repairDevice': 404,
  'queue.getWhy': 404,
  'runs.rerun': 409,
  'runs.startRun': 409,
  'accounts.signIn': 401,
};

/** Asks for what the endpoint describes, of these things, as by way of the router. */
export function askFor(
  { app }: TestApp,
  endpoint: DescribedEndpoint,
  { params, headers }: Scene,
): Promise<LightMyRequestResponse> {
  const given = requests[endpoint.name]?.() ?? {};
  const query = given.query ?? (sampleOf(endpoint.query) as object);
  const said = JSON.stringify(given.body ?? sampleOf(endpoint.body));
  const url = addressOf(endpoint, { ...params, ...given.params }, query);
  return app.inject({
    method: endpoint.method,
    url,
    headers: { 'x-forwarded-for': '198.51.100.1', ...headers },
    ...(said !== undefined && { payload: said }),
  });
}

/** What is there already of a stream, which ends then. */
export const askForStream = (
  { app }: TestApp,
  stream: DescribedStream,
  { params, headers }: Scene,
): Promise<LightMyRequestResponse> =>
  app.inject({ url: addressOf(stream, params, { until: '1970-01-01' }), headers });
