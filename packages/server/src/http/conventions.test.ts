import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import type { Database } from '../store/database.ts';
import { openApp } from '../testing/app.ts';
import { onSqlite } from '../testing/database.ts';
import { makeApplication } from '../testing/rows.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

/** The first user with an application, and how they ask; headers add to theirs. */
async function open(database: Database, t: TestContext) {
  const { app, claimed } = await openApp(database, t);
  const { organizationId: ownerId, pair } = claimed;
  const applicationId = await makeApplication(database, { ownerId });
  const authorization = `Bearer ${pair.token}.${pair.secret}`;
  const ask = ({ headers, ...options }: InjectOptions): Promise<LightMyRequestResponse> =>
    app.inject({ ...options, headers: { authorization, ...headers } });
  return {
    ask,
    ownerId,
    applicationId,
    path: `/v2/organisations/${ownerId}/applications/${applicationId}`,
  };
}

onSqlite('a body may be empty, with its content type or without', async (database, t) => {
  const { ask, path } = await open(database, t);
  const url = (name: string) => `/v2/self/emails/${name}%40example.com`;
  assert.equal((await ask({ method: 'PUT', url: url('a'), headers: JSON_TYPE })).statusCode, 204);
  assert.equal((await ask({ method: 'PUT', url: url('b') })).statusCode, 204);
  assert.equal((await ask({ method: 'PUT', url: `${path}/vhosts/example.com` })).statusCode, 200);
  assert.deepEqual((await ask({ url: '/v2/self/emails' })).json(), [
    'a@example.com',
    'b@example.com',
  ]);
});

onSqlite('a body may be a bare JSON string', async (database, t) => {
  const { ask } = await open(database, t);
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJFD4VpXqLTQRhgzZZ3wPUVcMJCCeAHDaVpBgNUWQKYx';
  const payload = JSON.stringify(`${key} ada@laptop`);
  const put = await ask({
    method: 'PUT',
    url: '/v2/self/keys/laptop',
    payload,
    headers: JSON_TYPE,
  });
  assert.equal(put.statusCode, 204, put.body);
  const [found] = (await ask({ url: '/v2/self/keys' })).json<{ key: string }[]>();
  assert.equal(found?.key, `${key} ada@laptop`);
});

onSqlite('slashes that are doubled, or stand at the end, mean nothing', async (database, t) => {
  const { ask } = await open(database, t);
  for (const url of ['/v2/self', '//v2/self', '/v2//self', '/v2/self/', '//v2///self//?a=b'])
    assert.equal((await ask({ url })).statusCode, 200, url);
});

onSqlite('an escaped slash belongs to its parameter', async (database, t) => {
  const { ask, path } = await open(database, t);
  await ask({ method: 'PUT', url: `${path}/vhosts/example.com%2Fapi` });
  assert.deepEqual((await ask({ url: `${path}/vhosts` })).json(), [{ fqdn: 'example.com/api' }]);
  await ask({ method: 'DELETE', url: `${path}/vhosts/example.com%2fapi` });
  assert.deepEqual((await ask({ url: `${path}/vhosts` })).json(), []);
});

onSqlite('what succeeds is JSON that is not empty, or nothing at all', async (database, t) => {
  const { ask, path } = await open(database, t);
  const put = await ask({
    method: 'PUT',
    url: `${path}/env`,
    payload: '{"A":"1"}',
    headers: JSON_TYPE,
  });
  assert.equal(put.statusCode, 200);
  assert.match(String(put.headers['content-type']), /^application\/json(;|$)/);
  assert.equal(typeof put.json(), 'object');
  const deleted = await ask({ method: 'DELETE', url: path });
  assert.equal(deleted.statusCode, 204);
  assert.equal(deleted.body, '');
  assert.equal(deleted.headers['content-type'], undefined);
});

type Wrong = InjectOptions & { status: number };

const TOO_LARGE = ' '.repeat(5 * 2 ** 20);
const LONG = 'x'.repeat(3_000);

/** Ways in which a request can be wrong: below `prefix`, and at an address that takes a body or nothing. */
const wrong = (prefix: string, url: string): Record<string, Wrong> => ({
  'an address that nobody serves': { url: `${prefix}/nothing?secret=1`, status: 404 },
  'a method that nobody serves': { url, method: 'PATCH', status: 404 },
  'an address that means nothing': { url: `${prefix}/%zz`, status: 400 },
  'no credentials': { url, headers: { authorization: '' }, status: 401 },
});

const wrongBody = (url: string): Record<string, Wrong> => ({
  'a body that is no JSON': {
    url,
    method: 'POST',
    payload: '{"name":',
    headers: JSON_TYPE,
    status: 400,
  },
  'a body that is too large': {
    url,
    method: 'POST',
    payload: TOO_LARGE,
    headers: JSON_TYPE,
    status: 413,
  },
});

/** Asks each wrongly; the bodies that answer, each with a sentence that says where it comes from. */
async function askWrongly(
  { ask }: Awaited<ReturnType<typeof open>>,
  cases: Record<string, Wrong>,
): Promise<{ where: string; body: Record<string, unknown> }[]> {
  const answers = Object.entries(cases).map(async ([what, { status, ...options }]) => {
    const answer = await ask(options);
    const where = `${what}: ${answer.statusCode} ${answer.body.slice(0, 500)}`;
    assert.equal(answer.statusCode, status, where);
    assert.equal(answer.headers['content-type'], 'application/json', where);
    return { where, body: answer.json<Record<string, unknown>>() };
  });
  return Promise.all(answers);
}

const typesOf = (body: Record<string, unknown>, ...fields: string[]): string[] =>
  fields.map((field) => `${field}: ${typeof body[field]}`);

onSqlite('errors of /v2, and of ours, are objects of one shape', async (database, t) => {
  const platform = await open(database, t);
  const { path, ownerId } = platform;
  const owned = `/v2/organisations/${ownerId}/applications`;
  const bodies = await askWrongly(platform, {
    ...wrong('/v2', owned),
    ...wrongBody(owned),
    'a parameter that is too long': { url: `/v2/organisations/${LONG}`, status: 414 },
    'an owner that nobody knows': { url: '/v2/organisations/orga_1', status: 404 },
    'a field that is missing': {
      url: owned,
      method: 'POST',
      payload: '{}',
      headers: JSON_TYPE,
      status: 400,
    },
    'no favourite domain': { url: `${path}/vhosts/favourite`, status: 404 },
  });
  const organizations = '/grid/v1/organizations';
  const cases = { ...wrong('/grid/v1', organizations), ...wrongBody(organizations) };
  bodies.push(...(await askWrongly(platform, cases)));
  const shape = ['id: number', 'message: string', 'type: string', 'fields: object'];
  for (const { where, body } of bodies) {
    assert.deepEqual(typesOf(body, 'id', 'message', 'type', 'fields'), shape, where);
    assert.equal(body['type'], 'error', where);
    assert.doesNotMatch(String(body['message']), /FST_|secret=1|    at /, where);
  }
  const favourite = bodies.find(({ where }) => where.startsWith('no favourite domain'));
  assert.equal(favourite?.body['id'], 4021, 'the number that the command line knows it by');
});

onSqlite(
  'errors of /v4 are objects of another, and their type says no charset',
  async (database, t) => {
    const platform = await open(database, t);
    const { ownerId, applicationId } = platform;
    const logs = `/v4/logs/organisations/${ownerId}/applications/${applicationId}/logs`;
    const bodies = await askWrongly(platform, {
      ...wrong('/v4', logs),
      'a parameter that is too long': { url: logs.replace(applicationId, LONG), status: 414 },
      'an application that nobody knows': {
        url: logs.replace(applicationId, 'app_1'),
        status: 404,
      },
      'a field that is wrong': { url: `${logs}?limit=none`, status: 400 },
      'a deployment that nobody knows': { url: `${logs}?deploymentId=1`, status: 404 },
    });
    const shape = ['code: string', 'error: string', 'context: object'];
    for (const { where, body } of bodies)
      assert.deepEqual(typesOf(body, 'code', 'error', 'context'), shape, where);
  },
);

onSqlite(
  'git is not limited in what it sends, and asks for credentials as git expects',
  async (database, t) => {
    const { ask, applicationId } = await open(database, t);
    const git = `/git/${applicationId}.git`;
    const push = { method: 'POST', url: `${git}/git-receive-pack`, payload: TOO_LARGE } as const;
    const pushed = await ask({ ...push, headers: { authorization: '' } });
    assert.equal(pushed.statusCode, 401, 'it is not the size that is refused');
    assert.match(String(pushed.headers['www-authenticate']), /^Basic realm=/);
    const refs = await ask({ url: `${git}/info/refs?service=git-receive-pack` });
    assert.equal(refs.statusCode, 200, refs.body);
    assert.equal(refs.headers['content-type'], 'application/x-git-receive-pack-advertisement');
  },
);

onSqlite(
  'browsers keep nothing, guess nothing and frame nothing, whatever is answered',
  async (database, t) => {
    const { ask, path, ownerId, applicationId } = await open(database, t);
    const logs = `/v4/logs/organisations/${ownerId}/applications/${applicationId}/logs`;
    for (const url of [
      '/',
      '/sign-in',
      '/v2/self',
      '/v2/nothing',
      '/v2/%zz',
      `${path}/env`,
      '/git/x/info/refs',
      `${logs}?until=1970-01-01`,
    ]) {
      const { headers } = await ask({ url });
      assert.equal(headers['x-content-type-options'], 'nosniff', url);
      assert.equal(headers['x-frame-options'], 'DENY', url);
      assert.equal(headers['cache-control'], 'no-store', url);
      assert.match(String(headers['content-security-policy']), /default-src 'none'/, url);
      assert.equal(headers['access-control-allow-origin'], undefined, url);
    }
  },
);
