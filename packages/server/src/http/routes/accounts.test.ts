import assert from 'node:assert/strict';
import { pbkdf2 } from 'node:crypto';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { authenticateToken } from '../../accounts/authenticate.ts';
import { changePassword, signIn } from '../../accounts/sign-in.ts';
import { DAY } from '../../lib/duration.ts';
import type { Database } from '../../store/database.ts';
import { PASSWORD, askAsOperator, openApp } from '../../testing/app.ts';
import type { TestApp } from '../../testing/app.ts';
import { onEachDatabase, onSqlite } from '../../testing/database.ts';
import { makeMember } from '../../testing/rows.ts';

const form = {
  'content-type': 'application/x-www-form-urlencoded',
  host: 'grid.example',
  origin: 'https://grid.example',
};
const WORD = 'a-word-of-27-characters-abc';

type Listed = {
  id: string;
  kind: string;
  name: string;
  ip: string | null;
  usedAt: number | null;
  current: boolean;
};

const bearer = ({ token, secret }: { token: string; secret: string }) => ({
  authorization: `Bearer ${token}.${secret}`,
});

/** One credential of each kind, with the headers that show it. */
async function makeEveryKind({ app, ask, context, claimed }: TestApp, t: TestContext) {
  const from = { 'x-forwarded-for': '198.51.100.7' };
  const credentials = { email: 'ada@example.com', password: PASSWORD };
  const signIn = { ...credentials, name: 'grid login on laptop' };
  const signedIn = await ask('POST', '/grid/v1/sign-in', { body: signIn, headers: from });
  const local = await askAsOperator(t, app, {
    method: 'POST',
    path: '/grid/v1/sign-in',
    body: JSON.stringify({ email: 'ada@example.com' }),
  });
  const api = await ask('POST', '/api-tokens', {
    body: {
      ...credentials,
      name: 'ci',
      expirationDate: new Date(context.clock() + DAY).toISOString(),
    },
  });
  const body = new URLSearchParams({ ...credentials, next: '/' }).toString();
  const session = await ask('POST', '/sign-in', { body, headers: { ...form, ...from } });
  const cookie = String(session.headers['set-cookie']).split(';')[0] ?? '';
  const allow = async (): Promise<void> => {
    const said = new URLSearchParams({ cli_token: WORD, answer: 'allow' }).toString();
    await ask('POST', '/cli-oauth', { body: said, headers: { ...form, cookie } });
  };
  const isSignedIn = async (): Promise<boolean> =>
    !/type="password"/.test(
      (await ask('GET', `/cli-oauth?cli_token=${WORD}`, { headers: { ...form, cookie } })).text,
    );
  type Pair = { token: string; secret: string };
  const { apiToken } = api.json as { apiToken: string };
  const headers = {
    claim: bearer(claimed.pair),
    'grid login on laptop': bearer(signedIn.json as Pair),
    'operator’s socket': bearer(JSON.parse(local.body) as Pair),
    ci: { authorization: `Bearer ${apiToken}` },
  };
  return { headers, allow, isSignedIn };
}

const works = async ({ ask }: TestApp, headers: Record<string, string>): Promise<boolean> =>
  (await ask('GET', '/v2/self', { headers })).status === 200;

onEachDatabase('all that opens an account is listed, and ended one by one', async (db, t) => {
  const platform = await openApp(db, t);
  const { ask } = platform;
  const { headers, isSignedIn } = await makeEveryKind(platform, t);
  const { json } = await ask('GET', '/grid/v1/self/tokens');
  const listed = json as Listed[];
  const shown = listed.map(({ kind, name, ip, usedAt, current }) => [
    kind,
    name,
    ip,
    usedAt,
    current,
  ]);
  const now = 1_000_000;
  assert.deepEqual(
    shown.toSorted((a, b) => String(a[1]).localeCompare(String(b[1]))),
    [
      ['session', 'browser', '198.51.100.7', now, false],
      ['api', 'ci', null, null, false],
      ['pair', 'claim', null, now, true],
      ['pair', 'grid login on laptop', '198.51.100.7', now, false],
      ['pair', 'operator’s socket', null, now, false],
    ],
  );
  for (const [name, own] of Object.entries(headers)) {
    if (name === 'claim') continue;
    assert.equal(await works(platform, own), true, name);
    const id = listed.find((one) => one.name === name)?.id;
    assert.equal((await ask('DELETE', `/grid/v1/self/tokens/${id}`)).status, 204);
    assert.equal(await works(platform, own), false, name);
  }
  assert.equal(await isSignedIn(), true);
  const browser = listed.find(({ kind }) => kind === 'session')?.id;
  await ask('DELETE', `/grid/v1/self/tokens/${browser}`);
  assert.equal(await isSignedIn(), false);
});

for (const [what, end] of Object.entries({
  'a new password': ({ ask }: TestApp) =>
    ask('PUT', '/grid/v1/self/password', {
      body: { current: PASSWORD, password: 'another long one' },
    }),
  'asking for it': ({ ask }: TestApp) => ask('DELETE', '/grid/v1/self/tokens'),
}))
  onEachDatabase(`${what} ends every other session and pair, and says how many`, async (db, t) => {
    const platform = await openApp(db, t);
    const { headers, allow, isSignedIn } = await makeEveryKind(platform, t);
    await allow();
    const answer = await end(platform);
    assert.deepEqual(answer.json, { ended: 3, apiTokens: 1 }, answer.text);
    const left = Object.entries(headers).map(async ([name, own]) => [
      name,
      await works(platform, own),
    ]);
    assert.deepEqual(Object.fromEntries(await Promise.all(left)), {
      claim: true,
      'grid login on laptop': false,
      'operator’s socket': false,
      ci: true,
    });
    assert.equal(await isSignedIn(), false);
    const poll = await platform.ask('GET', `/v2/self/cli_tokens?cli_token=${WORD}`);
    assert.equal(poll.status, 404, 'a login that nobody has fetched is void too');
  });

onEachDatabase('what is used is renewed, once a day; what is not ends', async (db, t) => {
  const clock = { now: 1_000_000 };
  const platform = await openApp(db, t, clock);
  const { headers, isSignedIn } = await makeEveryKind(platform, t);
  const writes = async (): Promise<unknown> =>
    db.read
      .selectFrom('tokens')
      .select(['token', 'usedAt', 'expiresAt'])
      .orderBy('token')
      .execute();
  clock.now += DAY - 1;
  const before = await writes();
  await works(platform, headers.claim);
  assert.deepEqual(await writes(), before, 'a second look in a day writes nothing');
  for (let day = 0; day < 80; day += 10) {
    clock.now += 10 * DAY;
    assert.equal(await isSignedIn(), day < 80, `day ${day}`);
  }
  assert.equal(await works(platform, headers.claim), true);
  clock.now += 14 * DAY;
  assert.equal(await isSignedIn(), false);
  assert.equal(await works(platform, headers['operator’s socket']), false);
  for (let day = 0; day < 240; day += 60) {
    clock.now += 60 * DAY;
    assert.equal(await works(platform, headers.claim), true);
  }
  clock.now += 60 * DAY;
  assert.equal(await works(platform, headers.claim), false, 'a year is the most');
});

onEachDatabase('who signs in while the password is changed knows the former one', async (db, t) => {
  const { context, claimed } = await openApp(db, t);
  const credentials = { email: 'ada@example.com', password: PASSWORD, client: 'local' };
  const asks = await authenticateToken(db, bearer(claimed.pair).authorization, context.clock());
  assert.ok(asks !== undefined);
  const meanwhile = async (checking: typeof credentials) => {
    const checked = await context.checkPassword(checking);
    const change = { current: PASSWORD, password: 'another long one', client: 'local' };
    await changePassword(context, asks, change);
    return checked;
  };
  const slow = { ...context, checkPassword: meanwhile };
  await assert.rejects(signIn(slow, credentials, {}), { code: 'unauthenticated' });
});

const pending = async ({ ask }: TestApp): Promise<{ email: string; userId: string }[]> =>
  (await ask('GET', '/grid/v1/operator/emails')).json as { email: string; userId: string }[];

onEachDatabase('an address counts once the operator says whose it is', async (db, t) => {
  const platform = await openApp(db, t);
  const { ask } = platform;
  const [eve, bob] = [await makeMember(db), await makeMember(db)];
  const at = (email: string) => `/v2/self/emails/${email}`;
  const add = (email: string, { headers }: { headers: Record<string, string> }, body?: object) =>
    ask('PUT', at(email), { headers, ...(body && { body }) });
  for (const email of ['ada@example.com', 'ceo@victim.example', 'ceo@victim.example'])
    assert.equal((await add(email, eve)).status, 204, 'whoever has it, the answer is the same');
  await add('ceo@victim.example', bob);
  assert.deepEqual((await ask('GET', '/v2/self/emails', eve)).json, []);
  const own = await ask('GET', '/grid/v1/self/emails', eve);
  assert.deepEqual((own.json as { email: string; proven: boolean }[]).slice(1), [
    { email: 'ada@example.com', primary: false, proven: false },
    { email: 'ceo@victim.example', primary: false, proven: false },
  ]);
  assert.equal((await add('ceo@victim.example', eve, { make_primary: true })).status, 404);
  assert.equal((await pending(platform)).length, 3);
  const confirm = (email: string, userId: string) =>
    ask('PUT', `/grid/v1/operator/emails/${email}`, { body: { userId } });
  assert.equal((await confirm('ada@example.com', eve.userId)).status, 409);
  assert.equal((await confirm('ceo@victim.example', bob.userId)).status, 204);
  assert.equal((await confirm('ceo@victim.example', eve.userId)).status, 409);
  assert.deepEqual((await ask('GET', '/v2/self/emails', bob)).json, ['ceo@victim.example']);
  assert.equal((await add('ceo@victim.example', bob, { make_primary: true })).status, 204);
  assert.equal((await ask('DELETE', at('ada@example.com'), eve)).status, 204);
});

onEachDatabase('whether a key is on an account is not told', async (db, t) => {
  const { ask } = await openApp(db, t);
  const eve = await makeMember(db);
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJuL2nZ4mnXGQ5MxmDj4XcZEfdkLN3bAsgLXJtrzGyJz';
  const put = (headers?: Record<string, string>) =>
    ask('PUT', '/v2/self/keys/laptop', {
      body: JSON.stringify(key),
      headers: { 'content-type': 'application/json', ...headers },
    });
  assert.equal((await put()).status, 204);
  const refused = await put(eve.headers);
  assert.equal(refused.status, 400, refused.text);
  assert.deepEqual((refused.json as { id: number }).id, 505);
  assert.doesNotMatch(refused.text, /account|taken|already/);
});

const wrongSignIn = ({ ask }: TestApp, number: number) =>
  ask('POST', '/grid/v1/sign-in', {
    body: { email: `nobody${number % 2}@example.com`, password: 'wrong' },
    headers: { 'x-forwarded-for': `198.51.100.${number}` },
  });

const flood = (platform: TestApp): Promise<number>[] =>
  Array.from({ length: 40 }, async (_, number) => (await wrongSignIn(platform, number)).status);

onSqlite(
  'passwords that strangers try leave threads to everybody else',
  async (db: Database, t) => {
    const platform = await openApp(db, t);
    let answered = 0;
    const tries = flood(platform).map(async (one) => {
      if ((await one) === 401) answered += 1;
    });
    await db.read.selectFrom('users').select('id').execute();
    // whatever needs one of the process’s threads, such as reading a file
    await promisify(pbkdf2)('x', 'y', 1, 8, 'sha256');
    assert.ok(answered <= 4, `${answered} hashes went before it`);
    await Promise.all(tries);
    const statuses = await Promise.all(flood(platform));
    assert.deepEqual(
      [...new Set(statuses)].toSorted((a, b) => a - b),
      [401, 503],
      'what cannot wait is refused',
    );
  },
);
