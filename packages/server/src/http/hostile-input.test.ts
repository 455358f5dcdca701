import assert from 'node:assert/strict';
import { MINUTE } from '../lib/duration.ts';
import { openApp } from '../testing/app.ts';
import { onEachDatabase, onSqlite } from '../testing/database.ts';
import {
  addressOf,
  endpoints,
  parametersOf,
  sampleOf,
  samplesWith,
  streams,
} from '../testing/endpoints.ts';
import type { Described } from '../testing/endpoints.ts';
import { makeApplication } from '../testing/rows.ts';

const texts = [
  '',
  '-rf $(touch /tmp/x); `id` | "\' or 1=1 -- && *?{}[]~<script>',
  'two\nlines\r\nSet-Cookie: a=b',
  '--upload-pack=id',
  'nul\0inside',
  '../../../etc/passwd',
  '%2e%2e%2f%00',
  '\u{1F600}\u202E\uFEFF',
  '__proto__',
  'x'.repeat(100_000),
  '9'.repeat(30),
];
const others = [-1, 1e300, null, [], { a: 1 }];
/** Half of a surrogate pair is no character: an address cannot hold one, a body can. */
const onlyInBodies = ['\ud800'];

/** Fewer than one user may have under way. */
const AT_A_TIME = 25;

type Ask = { params?: Record<string, string>; query?: object; body?: unknown };

/** Requests in each of which one field of the endpoint is hostile. */
function attempts(endpoint: Described, params: Record<string, string>): Ask[] {
  const inParams = parametersOf(endpoint).flatMap((name) =>
    texts.map((text) => ({ params: { ...params, [name]: text } })),
  );
  const inQuery = [...texts, ...others].flatMap((value) =>
    samplesWith(endpoint.query, value).map((query) => ({ params, query: query as object })),
  );
  if (endpoint.method === 'GET') return [...inParams, ...inQuery];
  const inBody = [...texts, ...others, ...onlyInBodies].flatMap((value) =>
    [value, ...samplesWith(endpoint.body, value)].map((body) => ({ params, body })),
  );
  return [...inParams, ...inQuery, ...inBody];
}

onEachDatabase('no field of any endpoint makes the platform fail', async (database, t) => {
  const clock = { now: 1_000_000 };
  const { app, claimed } = await openApp(database, t, clock);
  const { organizationId: ownerId, pair } = claimed;
  const headers = { authorization: `Bearer ${pair.token}.${pair.secret}` };
  for (const endpoint of endpoints) {
    // hashing takes long, and nothing of a password reaches a database
    if (database.kind === 'postgres' && endpoint.name === 'accounts.setPassword') continue;
    const applicationId = await makeApplication(database, { ownerId });
    const params = { ownerId, applicationId, deployment: '1', name: 'NAME' };
    const asks = attempts(endpoint, params);
    const answer = async (ask: Ask): Promise<void> => {
      const url = addressOf(endpoint, ask.params ?? params, ask.query);
      const body = JSON.stringify(ask.body ?? sampleOf(endpoint.body));
      const payload = body === undefined ? {} : { payload: body };
      const { statusCode } = await app.inject({
        method: endpoint.method,
        url,
        headers,
        ...payload,
      });
      const asked = `${endpoint.name} ${url.slice(0, 300)} ${body?.slice(0, 300)}`;
      // passwords are tried a few at a time
      const isLookedAt = statusCode !== 429 || endpoint.name === 'accounts.setPassword';
      assert.ok(statusCode < 500 && isLookedAt, `${statusCode}: ${asked}`);
    };
    for (let first = 0; first < asks.length; first += AT_A_TIME) {
      // as many may be created again
      clock.now += MINUTE;
      await Promise.all(asks.slice(first, first + AT_A_TIME).map(answer));
    }
  }
});

onSqlite('nor does anything asked of logs, repositories and pages', async (database, t) => {
  const { app, claimed } = await openApp(database, t);
  const { organizationId: ownerId, pair } = claimed;
  const authorization = `Bearer ${pair.token}.${pair.secret}`;
  const applicationId = await makeApplication(database, { ownerId });
  const logs = streams.map((stream) => addressOf(stream, { ownerId, applicationId }));
  const own = { host: 'localhost', origin: 'http://localhost' };
  const form = { ...own, 'content-type': 'application/x-www-form-urlencoded' };
  for (const text of texts) {
    const said = encodeURIComponent(text);
    const header = text.replaceAll(/[^\t\x20-\x7e]/g, '').slice(0, 4_000);
    const asked = [
      ...logs.flatMap((log) => [
        ...['since', 'until', 'deploymentId', 'instanceId', 'filter', 'limit'].map((name) => ({
          url: `${log}?${new URLSearchParams({ until: '1970-01-01', [name]: text }).toString()}`,
          headers: { authorization },
        })),
        { url: `${log}?until=1970-01-01`, headers: { authorization, 'last-event-id': header } },
      ]),
      { url: `/git/${said}/info/refs?service=git-upload-pack`, headers: { authorization } },
      { url: `/git/${applicationId}/info/refs?service=${said}`, headers: { authorization } },
      { url: `/git/${applicationId}/${said}`, headers: { authorization } },
      { url: '/v2/self', headers: { authorization: header } },
      { url: `/cli-oauth?cli_token=${said}&cli_version=${said}`, headers: { cookie: header } },
      { url: `/${said}` },
      ...['/sign-in', '/sign-out', '/cli-oauth'].map((url) => ({
        url,
        method: 'POST' as const,
        headers: form,
        payload: `email=${said}&password=${said}&to=${said}&cli_token=${said}`,
      })),
    ];
    for (const one of asked) {
      const { statusCode } = await app.inject(one);
      assert.ok(statusCode < 500, `${statusCode}: ${JSON.stringify(one).slice(0, 500)}`);
    }
  }
});
