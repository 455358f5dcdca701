import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { accounts, rights } from '@grid/api';
import type { Rule } from '@grid/api';
import type { LightMyRequestResponse } from 'fastify';
import { newId } from '../lib/ids.ts';
import { may } from '../organizations/may.ts';
import { openApp } from '../testing/app.ts';
import type { TestApp } from '../testing/app.ts';
import { onEachDatabase, onSqlite } from '../testing/database.ts';
import { endpoints, parametersOf, streams } from '../testing/endpoints.ts';
import type { Described } from '../testing/endpoints.ts';
import { askFor, askForStream, makeScene, otherwise } from '../testing/scene.ts';
import type { Caller, Headers, Parameters, Scene } from '../testing/scene.ts';

test('open to all is what is listed here, and what only reads is for nobody to change', () => {
  const open = endpoints.filter((one) => one.for === 'open').map(({ name }) => name);
  assert.deepEqual(open.toSorted(), [
    'accounts.signIn',
    'platform.claim',
    'platform.getStatus',
    'tokens.takeCliToken',
  ]);
  const changing = endpoints.filter(({ method }) => method !== 'GET');
  assert.ok(changing.length > 30);
  assert.deepEqual(
    changing.filter((one) => one.for.endsWith(':read')).map(({ name }) => name),
    [],
  );
});

/** Everybody who may ask: in whose place the platform puts them follows from what they are. */
const callers: Readonly<Record<string, Caller | undefined>> = {
  nobody: undefined,
  'an expired token': { role: 'ADMIN', by: 'expired' },
  'a browser’s session, given as a token': { role: 'ADMIN', by: 'session' },
  'a stranger': {},
  'an operator who is no member': { operator: true },
  'an administrator': { role: 'ADMIN' },
  'an administrator’s API token': { role: 'ADMIN', by: 'api' },
  'a manager': { role: 'MANAGER' },
  'a developer': { role: 'DEVELOPER' },
  'an accountant': { role: 'ACCOUNTING' },
  'the owner of a personal space': { space: 'own' },
};

/** How a refusal is answered by the contract, or undefined where it is none. */
function refusalOf(rule: Rule, caller: Caller | undefined, names: readonly string[]) {
  if (rule === 'open') return undefined;
  if (caller === undefined || caller.by === 'expired' || caller.by === 'session') return 401;
  if (rule === 'operator') return caller.operator === true ? undefined : 403;
  if (!rights.isRight(rule)) return undefined;
  const role = caller.space === 'own' ? 'ADMIN' : caller.role;
  if (role === undefined) return 404;
  if (may(role, rule)) return undefined;
  // of an application alone nobody tells whose it is
  return names.includes('ownerId') ? 403 : 404;
}

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

const makeSceneOf = async (platform: TestApp, caller: Caller | undefined): Promise<Scene> => {
  const scene = await makeScene(platform, caller ?? {});
  return caller === undefined ? { ...scene, headers: {} } : scene;
};

async function tryEverything(platform: TestApp, caller: Caller | undefined): Promise<void> {
  let scene = await makeSceneOf(platform, caller);
  for (const endpoint of endpoints) {
    const refusal = refusalOf(endpoint.for, caller, parametersOf(endpoint));
    const answer = await askFor(platform, endpoint, scene);
    if (refusal === undefined) isGranted(endpoint, answer);
    else assert.equal(answer.statusCode, refusal, `${endpoint.name}: ${answer.body}`);
    if (refusal === undefined && endpoint.method !== 'GET')
      scene = await makeSceneOf(platform, caller);
  }
  for (const stream of streams) {
    const { statusCode, body } = await askForStream(platform, stream, scene);
    const expected = refusalOf(stream.for, caller, parametersOf(stream)) ?? 200;
    assert.equal(statusCode, expected, `${stream.name}: ${body}`);
  }
}

for (const [who, caller] of Object.entries(callers)) {
  const on = caller?.role === 'ADMIN' && caller.by === undefined ? onEachDatabase : onSqlite;
  on(`${who} may do what the contract says, and nothing else`, async (database, t) =>
    tryEverything(await openApp(database, t), caller),
  );
}

test('every role is among them', () => {
  const tried = Object.values(callers).flatMap((caller) => caller?.role ?? []);
  assert.deepEqual(
    rights.Role.options.filter((role) => !tried.includes(role)),
    [],
  );
});

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

onEachDatabase('nobody is let in without credentials that prove somebody', async (database, t) => {
  const platform = await openApp(database, t);
  const { params, headers } = await makeScene(platform, { role: 'ADMIN' });
  const { authorization = '' } = headers;
  const [token = '', secret = ''] = authorization.slice('Bearer '.length).split('.');
  const wrong: Record<string, Headers> = {
    'a token that nobody has': { authorization: `Bearer ${'x'.repeat(24)}.${'y'.repeat(43)}` },
    'a secret that is not the token’s': { authorization: `${authorization}x` },
    'a secret as token': { authorization: basic(secret, token) },
    'the command line without a profile': {
      authorization:
        'OAuth oauth_consumer_key="ck", oauth_token="undefined", oauth_signature="cs%26undefined"',
    },
  };
  for (const endpoint of endpoints.filter((one) => one.for !== 'open'))
    for (const [what, given] of Object.entries(wrong)) {
      const { statusCode } = await askFor(platform, endpoint, { params, headers: given });
      assert.equal(statusCode, 401, `${endpoint.name} with ${what}`);
    }
});

onSqlite('an owner may call themself so', async (database, t) => {
  const platform = await openApp(database, t);
  const { params, headers } = await makeScene(platform, { space: 'own' });
  const asked = endpoints.filter((one) => parametersOf(one).includes('ownerId'));
  for (const endpoint of asked.filter(({ method }) => method === 'GET'))
    isGranted(
      endpoint,
      await askFor(platform, endpoint, { headers, params: { ...params, ownerId: 'self' } }),
    );
});

onSqlite('whoever asks is told what they may do, and with whom', async (database, t) => {
  const platform = await openApp(database, t);
  const { params, headers } = await makeScene(platform, { role: 'DEVELOPER' });
  const { body } = await platform.app.inject({ url: accounts.getRights.path, headers });
  const { id, owners, roles, operator } = accounts.getRights.result.parse(JSON.parse(body));
  assert.deepEqual(
    owners.map((one) => [one.id, one.role]),
    [
      [id, 'ADMIN'],
      [params['ownerId'], 'DEVELOPER'],
    ],
  );
  assert.equal(operator, false);
  for (const role of rights.Role.options)
    for (const right of rights.Right.options)
      assert.equal(roles[role].includes(right), may(role, right), `${role} ${right}`);
});

onSqlite('whoever may not see applications is told of none', async (database, t) => {
  const platform = await openApp(database, t);
  for (const caller of [{}, { operator: true }, { role: 'ACCOUNTING' }] as const) {
    const { params, headers } = await makeScene(platform, caller);
    const { applicationId = '', deployment = '', runId = '' } = params;
    for (const endpoint of endpoints.filter(({ method }) => method === 'GET')) {
      const { body, statusCode } = await askFor(platform, endpoint, { params: {}, headers });
      if (statusCode < 300)
        for (const id of [applicationId, deployment, runId])
          assert.ok(!body.includes(id), endpoint.name);
    }
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
  const unknown = [...endpoints, ...streams]
    .flatMap(parametersOf)
    .filter((name) => !known.includes(name));
  assert.deepEqual([...new Set(unknown)], []);
});

type Ask = (scene: Scene) => Promise<LightMyRequestResponse>;

/** Everything that is described, as it is asked for. */
const everything = (platform: TestApp) => [
  ...endpoints.map((one) => ({ ...one, ask: ((scene) => askFor(platform, one, scene)) as Ask })),
  ...streams.map((one) => ({
    ...one,
    ask: ((scene) => askForStream(platform, one, scene)) as Ask,
  })),
];

onEachDatabase('what is somebody else’s answers like what nobody has', async (database, t) => {
  const platform = await openApp(database, t);
  const own = await makeScene(platform, { role: 'ADMIN' });
  const other = await makeScene(platform, { role: 'ADMIN' });
  const { headers } = own;
  for (const { ask, ...described } of everything(platform))
    for (const name of parametersOf(described).filter((one) => one in nobodys)) {
      const answers = [other.params[name] ?? '', nobodys[name]?.() ?? ''].map(async (id) => {
        const rest = name === 'ownerId' ? other.params : own.params;
        const { statusCode, body } = await ask({ headers, params: { ...rest, [name]: id } });
        return { statusCode, body: body.replaceAll(id, 'ID') };
      });
      const [theirs, none] = await Promise.all(answers);
      const where = `${described.name} with the ${name} of somebody else`;
      assert.deepEqual(theirs, none, where);
      const refused =
        theirs?.statusCode === 404 ||
        (theirs?.statusCode === 403 && described.for === 'operator') ||
        described.name === 'dependencies.removeDependency';
      assert.ok(refused, `${where}: ${theirs?.statusCode} ${theirs?.body}`);
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

onSqlite('repositories are for those whose role allows it', async (database, t) => {
  const platform = await openApp(database, t);
  const get = async ({ applicationId = '' }: Parameters, headers: Headers) => {
    const url = `/git/${applicationId}.git/info/refs?service=git-upload-pack`;
    const answer = await platform.app.inject({ url, headers });
    return { status: answer.statusCode, body: answer.body.replaceAll(applicationId, 'ID') };
  };
  for (const role of rights.Role.options) {
    const { params, headers } = await makeScene(platform, { role });
    const { status, body } = await get(params, headers);
    assert.equal(status, may(role, 'repository:access') ? 200 : 403, `${role}: ${body}`);
    assert.equal((await get(params, {})).status, 401);
    const stranger = await makeScene(platform, { role: 'ADMIN' });
    const theirs = await get(params, stranger.headers);
    assert.deepEqual(theirs, await get({ applicationId: newId('application') }, stranger.headers));
    assert.equal(theirs.status, 404);
  }
});
