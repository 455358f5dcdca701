import assert from 'node:assert/strict';
import { insertUser } from '../../accounts/account-store.ts';
import { LONGEST_LIFE } from '../../accounts/lives.ts';
import { forgetExpired } from '../../accounts/forget-expired.ts';
import { hashPassword } from '../../accounts/password.ts';
import { DAY } from '../../lib/duration.ts';
import { newId } from '../../lib/ids.ts';
import { PASSWORD, openApp } from '../../testing/app.ts';
import type { TestApp } from '../../testing/app.ts';
import { onEachDatabase } from '../../testing/database.ts';

const WORD = 'a-word-of-27-characters-abc';
const poll = `/v2/self/cli_tokens?cli_token=${WORD}`;
const form = { 'content-type': 'application/x-www-form-urlencoded', host: 'grid.example' };
const own = { ...form, origin: 'https://grid.example' };

/** The cookie of a browser that has signed in. */
async function signIn({ ask }: TestApp, password = PASSWORD): Promise<string> {
  const body = new URLSearchParams({ email: 'ada@example.com', password, next: '/' }).toString();
  const answer = await ask('POST', '/sign-in', { body, headers: own });
  return String(answer.headers['set-cookie']).split(';')[0] ?? '';
}

const answerPage = ({ ask }: TestApp, cookie: string, answer: string, headers = own) => {
  const body = new URLSearchParams({ cli_token: WORD, answer }).toString();
  return ask('POST', '/cli-oauth', { body, headers: { ...headers, cookie } });
};

onEachDatabase(
  'a command line gets its pair once somebody says yes in a browser',
  async (db, t) => {
    const platform = await openApp(db, t);
    const { ask } = platform;
    assert.equal((await ask('GET', poll, { headers: { authorization: '' } })).status, 404);
    const page = `/cli-oauth?cli_version=4.11.0&cli_token=${WORD}`;
    const asked = await ask('GET', page, { headers: form });
    assert.match(asked.text, /type="password"/);
    const cookie = await signIn(platform);
    const question = await ask('GET', page, { headers: { ...form, cookie } });
    assert.match(question.text, /ada@example\.com/);
    assert.match(question.text, /ters-abc/);
    assert.equal((await ask('GET', poll)).status, 404);
    assert.match((await answerPage(platform, cookie, 'allow')).text, /You are signed in/);
    const taken = await ask('GET', poll, { headers: { authorization: '' } });
    assert.equal(taken.status, 200);
    const { token, secret, expirationDate } = taken.json as Record<string, string>;
    assert.equal(typeof expirationDate, 'string');
    const self = await ask('GET', '/v2/self', {
      headers: { authorization: `Bearer ${token}.${secret}` },
    });
    assert.equal((self.json as { email: string }).email, 'ada@example.com');
    assert.equal((await ask('GET', poll)).status, 403);
    assert.equal((await answerPage(platform, cookie, 'allow')).status, 409);
  },
);

onEachDatabase(
  'a login that nobody fetches in time is void, and one that is denied stays pending',
  async (db, t) => {
    const clock = { now: 1_000_000 };
    const platform = await openApp(db, t, clock);
    const cookie = await signIn(platform);
    await answerPage(platform, cookie, 'deny');
    assert.equal((await platform.ask('GET', poll)).status, 404);
    await answerPage(platform, cookie, 'allow');
    clock.now += 121_000;
    assert.equal((await platform.ask('GET', poll)).status, 403);
  },
);

onEachDatabase(
  'forms of other sites, wrong passwords and closed sessions open nothing',
  async (db, t) => {
    const platform = await openApp(db, t);
    const { ask } = platform;
    const cookie = await signIn(platform);
    const foreign = { ...form, origin: 'https://evil.example' };
    assert.equal((await answerPage(platform, cookie, 'allow', foreign)).status, 403);
    assert.equal((await answerPage(platform, cookie, 'allow', form as typeof own)).status, 403);
    assert.equal((await ask('GET', poll)).status, 404);
    const wrong = new URLSearchParams({ email: 'ada@example.com', password: 'x', next: '//evil' });
    const refused = await ask('POST', '/sign-in', { body: wrong.toString(), headers: own });
    assert.equal(refused.status, 401);
    assert.equal(refused.headers['set-cookie'], undefined);
    assert.match(refused.text, /password is wrong/);
    const session = cookie.split('=')[1] ?? '';
    const header = await ask('GET', '/v2/self', {
      headers: { authorization: `Bearer ${session}` },
    });
    assert.equal(header.status, 401);
    await ask('POST', '/sign-out', { body: '', headers: { ...own, cookie } });
    assert.match((await answerPage(platform, cookie, 'allow')).text, /type="password"/);
  },
);

onEachDatabase('signing in leads to a path of ours, whatever was asked for', async (db, t) => {
  const { ask } = await openApp(db, t);
  for (const [next, leads] of [
    ['/cli-oauth?cli_token=x', '/cli-oauth?cli_token=x'],
    ['//evil.example', '/'],
    ['https://evil.example', '/'],
    ['/\\evil.example', '/'],
  ] as const) {
    const body = new URLSearchParams({ email: 'ada@example.com', password: PASSWORD, next });
    const answer = await ask('POST', '/sign-in', { body: body.toString(), headers: own });
    assert.equal(answer.status, 303);
    assert.equal(answer.headers['location'], leads);
  }
});

const order = (now: number, changes: object = {}) => ({
  email: 'ada@example.com',
  password: PASSWORD,
  name: 'ci',
  expirationDate: new Date(now + 86_400_000).toISOString(),
  ...changes,
});

onEachDatabase(
  'an API token works until it is revoked, and is listed without its secret',
  async (db, t) => {
    const { ask, context } = await openApp(db, t);
    const created = await ask('POST', '/api-tokens', { body: order(context.clock()) });
    assert.equal(created.status, 200, created.text);
    const { apiTokenId, apiToken } = created.json as Record<string, string>;
    const headers = { authorization: `Bearer ${apiToken}` };
    assert.equal((await ask('GET', '/v2/self', { headers })).status, 200);
    const listed = await ask('GET', '/api-tokens');
    assert.deepEqual(
      (listed.json as { apiTokenId: string; state: string }[]).map((one) => [
        one.apiTokenId,
        one.state,
      ]),
      [[apiTokenId, 'ACTIVE']],
    );
    assert.doesNotMatch(listed.text, new RegExp(String(apiToken).split('.')[1] ?? 'x'));
    assert.equal((await ask('DELETE', `/api-tokens/${apiTokenId}`)).status, 204);
    assert.equal((await ask('GET', '/v2/self', { headers })).status, 401);
    assert.equal((await ask('DELETE', `/api-tokens/${apiTokenId}`)).status, 404);
  },
);

onEachDatabase('an API token is refused for a wrong password, and beyond a year', async (db, t) => {
  const { ask, context } = await openApp(db, t);
  const now = context.clock();
  const wrong = await ask('POST', '/api-tokens', { body: order(now, { password: 'nonsense' }) });
  assert.equal(wrong.status, 401);
  assert.equal((wrong.json as { code: string }).code, 'invalid-credential');
  const late = new Date(now + LONGEST_LIFE + 86_400_000).toISOString();
  for (const expirationDate of [late, new Date(now - 1).toISOString(), 'tomorrow'])
    assert.equal(
      (await ask('POST', '/api-tokens', { body: order(now, { expirationDate }) })).status,
      400,
    );
});

onEachDatabase(
  'with somebody else’s password nobody gets an API token of their own',
  async (db, t) => {
    const { ask, context } = await openApp(db, t);
    const passwordHash = await hashPassword('the password of eve');
    const eve = { email: 'eve@example.com', name: 'Eve', passwordHash, operator: false };
    await db.transaction((tx) => insertUser(tx, { ...eve, id: newId('user'), createdAt: 1 }));
    const hers = { email: eve.email, password: 'the password of eve' };
    const refused = await ask('POST', '/api-tokens', { body: order(context.clock(), hers) });
    assert.equal(refused.status, 401);
  },
);

onEachDatabase('the token of a request says when it ends, and ends then', async (db, t) => {
  const clock = { now: 1_000_000 };
  const { ask } = await openApp(db, t, clock);
  const { json } = await ask('GET', '/v2/self/tokens/current');
  assert.equal(
    (json as { expirationDate: string }).expirationDate,
    new Date(1_000_000 + 90 * 86_400_000).toISOString(),
  );
  clock.now += 90 * 86_400_000;
  assert.equal((await ask('GET', '/v2/self/tokens/current')).status, 401);
});

onEachDatabase(
  'addresses are added, made the first and removed; others keep theirs',
  async (db, t) => {
    const { ask } = await openApp(db, t);
    const at = (email: string) => `/v2/self/emails/${encodeURIComponent(email)}`;
    const json = { 'content-type': 'application/json' };
    assert.equal((await ask('PUT', at('Ada@Work.example'), { headers: json })).status, 204);
    assert.deepEqual((await ask('GET', '/v2/self/emails')).json, ['ada@work.example']);
    const again = await ask('PUT', at('ada@work.example'), { headers: json });
    assert.equal((again.json as { id: number }).id, 101);
    assert.equal(((await ask('PUT', at('no address'))).json as { id: number }).id, 550);
    assert.equal(
      (await ask('PUT', at('ada@work.example'), { body: { make_primary: true } })).status,
      204,
    );
    const self = (await ask('GET', '/v2/self')).json as { email: string };
    assert.equal(self.email, 'ada@work.example');
    assert.deepEqual((await ask('GET', '/v2/self/emails')).json, ['ada@example.com']);
    assert.equal((await ask('DELETE', at('ada@work.example'))).status, 409);
    assert.equal((await ask('DELETE', at('ada@example.com'))).status, 204);
    assert.equal((await ask('DELETE', at('ada@example.com'))).status, 404);
  },
);

onEachDatabase(
  'a password is changed by who knows it, or set where there was none',
  async (db, t) => {
    const platform = await openApp(db, t);
    const change = (body: object) => platform.ask('PUT', '/grid/v1/self/password', { body });
    assert.equal((await change({ password: 'another long one' })).status, 401);
    assert.equal((await change({ current: PASSWORD, password: 'short' })).status, 400);
    assert.equal((await change({ current: PASSWORD, password: 'another long one' })).status, 200);
    assert.notEqual(await signIn(platform, 'another long one'), '');
  },
);

onEachDatabase('what is worthless is forgotten a day later, and nothing else', async (db, t) => {
  const clock = { now: 1_000_000 };
  const platform = await openApp(db, t, clock);
  const { ask, context } = platform;
  const cookie = await signIn(platform);
  await answerPage(platform, cookie, 'allow');
  await ask('POST', '/api-tokens', { body: order(clock.now) });
  const look = () => forgetExpired(context)({} as never, t.signal);
  const count = async (): Promise<number[]> => [
    (await db.read.selectFrom('tokens').select('token').execute()).length,
    (await db.read.selectFrom('cliLogins').select('hash').execute()).length,
  ];
  await look();
  assert.deepEqual(await count(), [3, 1]);
  clock.now += 2 * DAY;
  await look();
  assert.deepEqual(await count(), [3, 0]);
  for (const [days, tokens] of [
    [14, 2],
    [16, 1],
    [60, 0],
  ] as const) {
    clock.now += days * DAY;
    assert.equal(await look(), clock.now + DAY);
    assert.deepEqual(await count(), [tokens, 0]);
  }
});
