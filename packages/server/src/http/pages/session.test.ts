import assert from 'node:assert/strict';
import { logs } from '@grid/api';
import { PASSWORD, openApp } from '../../testing/app.ts';
import type { TestApp } from '../../testing/app.ts';
import { onSqlite } from '../../testing/database.ts';
import { addressOf, endpoints, parametersOf } from '../../testing/endpoints.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded', host: 'grid.example' };
const own = { ...form, origin: 'https://grid.example' };
const QUESTION = `/cli-oauth?cli_token=${'x'.repeat(27)}`;

const signIn = ({ app }: TestApp, headers: Record<string, string> = own) =>
  app.inject({
    method: 'POST',
    url: '/sign-in',
    headers,
    payload: new URLSearchParams({
      email: 'ada@example.com',
      password: PASSWORD,
      next: '/',
    }).toString(),
  });

onSqlite('a session is this host’s alone, and no script’s', async (database, t) => {
  const platform = await openApp(database, t);
  const cookie = String((await signIn(platform)).headers['set-cookie']);
  const [pair = '', ...rules] = cookie.split('; ');
  assert.match(pair, /^__Host-grid_session=\w+\.\w+$/);
  for (const rule of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax'])
    assert.ok(rules.includes(rule), rule);
  assert.doesNotMatch(cookie, /domain/i);
});

onSqlite('a cookie that an application has set beside it is nobody’s', async (database, t) => {
  const platform = await openApp(database, t);
  const [pair = ''] = String((await signIn(platform)).headers['set-cookie']).split(';');
  const value = pair.split('=')[1] ?? '';
  const asks = async (cookie: string): Promise<boolean> => {
    const { body } = await platform.app.inject({ url: QUESTION, headers: { ...form, cookie } });
    return body.includes('Allow a command line?');
  };
  assert.equal(await asks(pair), true);
  assert.equal(await asks(`grid_session=other; other=1;${pair}; more=2`), true);
  for (const cookie of [
    `${pair}; ${pair}`,
    `__Host-grid_session=evil; ${pair}`,
    `grid_session=${value}`,
    `x__Host-grid_session=${value}`,
    `x=__Host-grid_session=${value}`,
  ])
    assert.equal(await asks(cookie), false, cookie);
});

onSqlite('a form of an application’s page is one of another site', async (database, t) => {
  const platform = await openApp(database, t);
  const statusOf = async (headers: object) =>
    (await signIn(platform, { ...own, ...headers })).statusCode;
  assert.equal(await statusOf({ 'sec-fetch-site': 'same-origin' }), 303);
  for (const site of ['same-site', 'cross-site', 'none'])
    assert.equal(await statusOf({ 'sec-fetch-site': site }), 403, site);
  for (const origin of ['https://app-1.grid.example', 'https://grid.example:8443', 'null', ''])
    assert.equal(await statusOf({ origin }), 403, origin);
});

onSqlite('a session opens pages, and nothing else', async (database, t) => {
  const platform = await openApp(database, t);
  const [cookie = ''] = String((await signIn(platform)).headers['set-cookie']).split(';');
  const headers = { ...own, cookie };
  const params = { ownerId: 'self', applicationId: 'x' };
  for (const endpoint of endpoints.filter((one) => one.for !== 'open')) {
    const filled = Object.fromEntries(parametersOf(endpoint).map((name) => [name, 'x']));
    const url = addressOf(endpoint, { ...filled, ...params });
    const { statusCode } = await platform.app.inject({ method: endpoint.method, url, headers });
    assert.equal(statusCode, 401, endpoint.name);
  }
  const log = await platform.app.inject({ url: addressOf(logs.streamLogs, params), headers });
  assert.equal(log.statusCode, 401);
});

onSqlite('browsers keep to https where they find it by themselves', async (database, t) => {
  const { app } = await openApp(database, t);
  const strict = async (host: string, proto: string, port: string) => {
    const forwarded = { 'x-forwarded-proto': proto, 'x-forwarded-port': port };
    const answer = await app.inject({ url: '/', headers: { host, ...forwarded } });
    return answer.headers['strict-transport-security'];
  };
  assert.equal(await strict('grid.example.com', 'https', '443'), 'max-age=15552000');
  assert.equal(await strict('grid.example.com:8443', 'https', '8443'), undefined);
  assert.equal(await strict('grid.example.com', 'http', '80'), undefined);
  assert.equal(await strict('localhost', 'https', '443'), undefined);
  assert.equal(await strict('grid.localhost', 'https', '443'), undefined);
});

onSqlite('asking for the head alone does nothing', async (database, t) => {
  const { app } = await openApp(database, t);
  for (const url of ['/v2/self/cli_tokens?cli_token=x', '/sign-in', '/metrics', '/grid/v1/status'])
    assert.equal((await app.inject({ method: 'HEAD', url })).statusCode, 404, url);
});
