import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { LightMyRequestResponse } from 'fastify';
import { issueToken } from '../accounts/authenticate.ts';
import { addKey } from '../accounts/manage-keys.ts';
import { newId } from '../lib/ids.ts';
import { may } from '../organizations/may.ts';
import type { Action } from '../organizations/may.ts';
import { createOrganizationIn } from '../organizations/create-organization.ts';
import type { Role } from '../store/schema.ts';
import { openApp } from '../testing/app.ts';
import type { TestApp } from '../testing/app.ts';
import { onEachDatabase, onSqlite } from '../testing/database.ts';
import { addressOf, endpoints, parametersOf, sampleOf, streams } from '../testing/endpoints.ts';
import type { Described } from '../testing/endpoints.ts';
import { makeApplication, makeDeployment, makeMember, makeRun } from '../testing/rows.ts';

/** Who may ask: whoever, whoever is signed in, operators, or members whose role allows the action. */
type Rule = 'open' | 'signed in' | 'operator' | Action;

/** What the method and the path alone do not tell. */
const rules: Readonly<Record<string, Rule>> = {
  'accounts.takeCliToken': 'open',
  'grid.getStatus': 'open',
  'grid.claim': 'open',
  'grid.signIn': 'open',
  'accounts.getOwner': 'organization:read',
  'accounts.getOwnApplication': 'application:read',
  'applications.listApplications': 'application:read',
  'applications.createApplication': 'application:create',
  'applications.deleteApplication': 'application:delete',
  'applications.listAddons': 'application:read',
  'grid.getUsage': 'usage:read',
  'queue.getQueue': 'application:read',
  'runs.findRun': 'application:read',
  'runs.listOwnerRuns': 'application:read',
  'limits.getLimits': 'organization:read',
  'limits.listSetLimits': 'operator',
  'limits.setLimit': 'operator',
  'limits.unsetLimit': 'operator',
  'queue.listPastRuns': 'operator',
  'queue.repairDevice': 'operator',
  'queue.forgetDevice': 'operator',
  'grid.setSandbox': 'operator',
  'operator.listPendingEmails': 'operator',
  'operator.confirmEmail': 'operator',
  'operator.listReservedNames': 'operator',
  'operator.reserveName': 'operator',
  'operator.releaseName': 'operator',
};

/** An application is read or operated; what names nobody's things is for whoever is signed in. */
function ruleOf(endpoint: Described): Rule | undefined {
  const listed = rules[endpoint.name];
  if (listed !== undefined) return listed;
  const parameters = parametersOf(endpoint);
  if (parameters.includes('ownerId') && parameters.includes('applicationId'))
    return endpoint.method === 'GET' ? 'application:read' : 'application:operate';
  return parameters.includes('ownerId') || parameters.includes('applicationId')
    ? undefined
    : 'signed in';
}

test('every endpoint has its rule: one that is new and does not follow from its path is listed', () => {
  assert.ok(endpoints.length > 50);
  assert.deepEqual(
    endpoints.filter((one) => ruleOf(one) === undefined).map(({ name }) => name),
    [],
  );
  const open = endpoints.filter((one) => one.open === true).map(({ name }) => name);
  const listed = Object.entries(rules).filter(([, rule]) => rule === 'open');
  assert.deepEqual(open.toSorted(), listed.map(([name]) => name).toSorted());
});

const keyLine = (): string => {
  const text = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const wire = Buffer.concat([text(Buffer.from('ssh-ed25519')), text(randomBytes(32))]);
  return `ssh-ed25519 ${wire.toString('base64')}`;
};

/** What is asked where the smallest request that the description allows is none that can be granted. */
const requests: Readonly<
  Record<string, () => { params?: object; query?: object; body?: unknown }>
> = {
  'accounts.putKey': () => ({ body: keyLine() }),
  'accounts.takeCliToken': () => ({ query: { cli_token: 'x'.repeat(27) } }),
  'applications.createApplication': () => ({ body: { name: 'x', instanceVariant: 'ml_python' } }),
  'applications.setFavouriteDomain': () => ({ body: { fqdn: 'example.com' } }),
  'accounts.createApiToken': () => ({
    body: {
      email: 'ada@example.com',
      password: 'not the right one',
      name: 'ci',
      expirationDate: '1970-01-01T00:00:00Z',
    },
  }),
  'accounts.putEmail': () => ({
    params: { email: `${newId('user')}@example.com` },
  }),
  'deployments.deploy': () => ({ query: { commit: 'c'.repeat(40) } }),
  'grid.claim': () => ({
    body: { claimToken: 'x', email: 'eve@example.com', organization: 'Eve' },
  }),
  'grid.signIn': () => ({
    body: { email: `${newId('user')}@example.com`, password: 'not the right one' },
  }),
  'grid.setPassword': () => ({ body: { password: 'correct horse battery' } }),
};

/** What somebody who may ask is answered all the same, for want of what they ask for. */
const otherwise: Readonly<Record<string, number>> = {
  'accounts.createApiToken': 400,
  'accounts.takeCliToken': 404,
  'applications.getFavouriteDomain': 404,
  'applications.setFavouriteDomain': 404,
  'accounts.deleteEmail': 404,
  'grid.claim': 409,
  'limits.setLimit': 404,
  'limits.unsetLimit': 404,
  'queue.getWhy': 404,
  'runs.rerun': 409,
  'runs.startRun': 409,
  'grid.signIn': 401,
};

/** Values of the parameters in paths. */
type Parameters = Record<string, string>;

/** An organization with two applications, a deployment, and somebody of this role in it. */
async function makeScene({ context }: TestApp, role: Role) {
  const { database } = context;
  const founder = await makeMember(database);
  const order = { name: 'Lab', adminId: founder.userId, at: 1 };
  const ownerId = await database.transaction((tx) => createOrganizationIn(tx, order));
  const member = await makeMember(database, { organizationId: ownerId, role });
  const applicationId = await makeApplication(database, { ownerId });
  const dependencyId = await makeApplication(database, { ownerId });
  const deployed = { ownerId, applicationId, authorId: member.userId };
  const deployment = await makeDeployment(database, deployed);
  const runId = await makeRun(database, { ownerId, applicationId, deploymentId: deployment });
  await addKey(context, { userId: member.userId, name: 'key', line: keyLine() });
  const names = { name: 'NAME', fqdn: `${ownerId.slice(5)}.example.com`, email: 'no@example.com' };
  const uuid = 'GPU-0';
  const ids = { ownerId, applicationId, dependencyId, deployment, runId, uuid };
  const params: Parameters = { ...ids, ...names };
  const { userId, headers } = member;
  const { token: apiTokenId } = await database.transaction((tx) =>
    issueToken(tx, { userId, name: 'ci', kind: 'api', at: 1, expiresAt: 2 }),
  );
  const { token: tokenId } = await database.transaction((tx) =>
    issueToken(tx, { userId, name: 'browser', kind: 'session', at: 1 }),
  );
  const all: Parameters = { ...params, apiTokenId, tokenId };
  return { headers, params: all };
}

/** Asks for what the endpoint describes, of these things, as by way of the router. */
function request(
  { app }: TestApp,
  endpoint: Described,
  { params, headers }: { params: Parameters; headers: Record<string, string> },
): Promise<LightMyRequestResponse> {
  const given = requests[endpoint.name]?.() ?? {};
  const query = given.query ?? (sampleOf(endpoint.query) as object);
  const body = given.body ?? sampleOf(endpoint.body);
  const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
  const url = addressOf(endpoint, { ...params, ...given.params }, query);
  const forwarded = { 'x-forwarded-for': '198.51.100.1', ...headers };
  return app.inject({ method: endpoint.method, url, headers: forwarded, ...payload });
}

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

onEachDatabase('nobody is let in without credentials that prove somebody', async (database, t) => {
  const platform = await openApp(database, t);
  const { params, headers: good } = await makeScene(platform, 'ADMIN');
  const { pair, headers: expired } = await makeMember(database, undefined, 1_000_000);
  const { token, secret } = pair;
  const wrong: Record<string, Record<string, string>> = {
    nothing: {},
    'an expired token': expired,
    'a token that nobody has': { authorization: `Bearer ${'x'.repeat(24)}.${'y'.repeat(43)}` },
    'a secret that is not the token’s': { authorization: `${good.authorization}x` },
    'a secret as token': { authorization: basic(secret, token) },
    'the command line without a profile': {
      authorization:
        'OAuth oauth_consumer_key="ck", oauth_token="undefined", oauth_signature="cs%26undefined"',
    },
  };
  for (const endpoint of endpoints)
    for (const [what, headers] of Object.entries(wrong)) {
      const { statusCode } = await request(platform, endpoint, { params, headers });
      const where = `${endpoint.name} with ${what}`;
      if (ruleOf(endpoint) === 'open')
        assert.equal(statusCode, otherwise[endpoint.name] ?? 200, where);
      else assert.equal(statusCode, 401, where);
    }
});

const namesOwner = (endpoint: Described): boolean => parametersOf(endpoint).includes('ownerId');

const roles: readonly Role[] = ['ADMIN', 'MANAGER', 'DEVELOPER', 'ACCOUNTING'];

function isGranted(endpoint: Described, { statusCode, body }: LightMyRequestResponse): void {
  const answer = `${endpoint.name} is answered ${statusCode} ${body}`;
  assert.ok(
    statusCode < 300 || statusCode === otherwise[endpoint.name],
    `${answer}: may its user not do that, or does the test ask for what cannot be granted?`,
  );
  if (statusCode >= 300) return;
  const { error } = endpoint.result.safeParse(body === '' ? undefined : JSON.parse(body));
  assert.equal(error, undefined, `${answer}, which is not what its description says`);
}

onEachDatabase('each role may do what the table says, and nothing else', async (database, t) => {
  const platform = await openApp(database, t);
  for (const role of roles) {
    let scene = await makeScene(platform, role);
    for (const endpoint of endpoints) {
      const rule = ruleOf(endpoint) ?? 'open';
      const answer = await request(platform, endpoint, scene);
      const where = `${endpoint.name} as ${role}: ${answer.body}`;
      if (rule === 'operator') assert.equal(answer.statusCode, 403, where);
      else if (rule === 'open' || rule === 'signed in' || may(role, rule))
        isGranted(endpoint, answer);
      else assert.equal(answer.statusCode, namesOwner(endpoint) ? 403 : 404, where);
      if (endpoint.method !== 'GET') scene = await makeScene(platform, role);
    }
  }
});

onSqlite('accountants see no application but on the bill', async (database, t) => {
  const platform = await openApp(database, t);
  const { params, headers } = await makeScene(platform, 'ACCOUNTING');
  for (const endpoint of endpoints.filter(({ method }) => method === 'GET')) {
    const { body, statusCode } = await request(platform, endpoint, { params: {}, headers });
    if (statusCode < 300) assert.ok(!body.includes(params['applicationId'] ?? ''), endpoint.name);
  }
});

/** What stands for an id that nobody has, by the name of its parameter. */
const nobodys: Readonly<Record<string, () => string>> = {
  ownerId: () => newId('organization'),
  applicationId: () => newId('application'),
  dependencyId: () => newId('application'),
  deployment: () => newId('deployment'),
  runId: () => newId('run'),
  apiTokenId: () => randomBytes(18).toString('base64url'),
  tokenId: () => randomBytes(18).toString('hex'),
};
/** Parameters that users choose themselves. */
const chosen = ['name', 'fqdn', 'email', 'uuid'];

test('every parameter in a path is an id that may be somebody else’s, or is chosen', () => {
  const known = [...Object.keys(nobodys), ...chosen];
  const unknown = endpoints.flatMap(parametersOf).filter((name) => !known.includes(name));
  assert.deepEqual([...new Set(unknown)], []);
});

onEachDatabase('what is somebody else’s answers like what nobody has', async (database, t) => {
  const platform = await openApp(database, t);
  const own = await makeScene(platform, 'ADMIN');
  const other = await makeScene(platform, 'ADMIN');
  const { headers } = own;
  for (const endpoint of endpoints) {
    const ids = parametersOf(endpoint).filter((name) => name in nobodys);
    for (const name of ids) {
      const answers = [other.params[name] ?? '', nobodys[name]?.() ?? ''].map(async (id) => {
        const rest = name === 'ownerId' ? other.params : own.params;
        const { statusCode, body } = await request(platform, endpoint, {
          headers,
          params: { ...rest, [name]: id },
        });
        return { statusCode, body: body.replaceAll(id, 'ID') };
      });
      const [theirs, none] = await Promise.all(answers);
      const where = `${endpoint.name} with the ${name} of somebody else`;
      assert.deepEqual(theirs, none, where);
      const refused =
        theirs?.statusCode === 404 ||
        (theirs?.statusCode === 403 && ruleOf(endpoint) === 'operator') ||
        endpoint.name === 'applications.removeDependency';
      assert.ok(refused, `${where}: ${theirs?.statusCode} ${theirs?.body}`);
    }
  }
});

/** What is served and not described; what lies below `/` is git’s, and addresses of the console. */
const others: readonly string[] = [
  'GET /',
  'GET /ca.pem',
  'GET /docs/api',
  'GET /metrics',
  'GET /openapi.json',
  'GET /*',
  'GET /cli-oauth',
  'POST /cli-oauth',
  'GET /sign-in',
  'POST /sign-in',
  'POST /sign-out',
];

/** Every route, out of the tree that the framework prints. */
function routesOf(tree: string): string[] {
  const parents: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', segment = '', methods = ''] =
      /^(.*?)[├└]── (\S*) \((.*)\)$/.exec(line) ?? [];
    const depth = indent.length / 4;
    parents.length = depth;
    parents.push(segment);
    const path = parents.join('');
    return methods
      .split(', ')
      .filter((method) => method !== 'HEAD' && segment !== '')
      .map((method) => `${method} ${path}`);
  });
}

onSqlite('what is served is described, or listed here', async (database, t) => {
  const { app } = await openApp(database, t);
  await app.ready();
  const described = [
    ...endpoints.map(({ method, path }) => `${method} ${path}`),
    ...streams.map(({ path }) => `GET ${path}`),
  ];
  const served = routesOf(app.printRoutes({ commonPrefix: false }));
  assert.deepEqual(served.toSorted(), [...described, ...others].toSorted());
});

const refs = ({ applicationId }: Parameters): string =>
  `/git/${applicationId}.git/info/refs?service=git-upload-pack`;

type Address = (params: Parameters) => string;

for (const [what, addressOfIt, action] of [
  ...streams.map((stream): [string, Address, Action] => [
    stream.name,
    (params) => addressOf(stream, params, { until: '1970-01-01' }),
    'application:operate',
  ]),
  ['repositories', refs, 'repository:access'] as [string, Address, Action],
])
  onSqlite(`${what} are for those whose role allows it`, async (database, t) => {
    const platform = await openApp(database, t);
    const get = async (params: Parameters, headers: Record<string, string>) => {
      const answer = await platform.app.inject({ url: addressOfIt(params), headers });
      const { applicationId = '', ownerId = '' } = params;
      const body = answer.body.replaceAll(applicationId, 'ID').replaceAll(ownerId, 'OWNER');
      return { status: answer.statusCode, body };
    };
    for (const role of roles) {
      const { params, headers } = await makeScene(platform, role);
      const { status, body } = await get(params, headers);
      assert.equal(status, may(role, action) ? 200 : 403, `${role}: ${body}`);
      assert.equal((await get(params, {})).status, 401);
      const stranger = await makeScene(platform, 'ADMIN');
      const nobody = { ownerId: newId('organization'), applicationId: newId('application') };
      const theirs = await get(params, stranger.headers);
      assert.deepEqual(theirs, await get(nobody, stranger.headers));
      assert.equal(theirs.status, 404);
    }
  });
