import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { recordArtifact } from '../../builds/record-artifact.ts';
import { deployApplication } from '../../deployments/deploy-application.ts';
import type { LimitName } from '../../limits/limit.ts';
import { limitNames } from '../../limits/limit.ts';
import { openApp, PASSWORD } from '../../testing/app.ts';
import type { Answer, TestApp } from '../../testing/app.ts';
import { onEachDatabase, onSqlite } from '../../testing/database.ts';
import { boundless } from '../../testing/empty-platform.ts';
import { makeApplication, makeMember, makeRun, makeDeployment } from '../../testing/rows.ts';

type Scene = TestApp & { ownerId: string; applicationId: string };

type Asked = (scene: Scene, number: number) => Promise<Answer>;

/** How one more comes into being, and how the first goes again. */
type Tried = { add: Asked; remove?: Asked };

const ownerPath = ({ ownerId }: Scene) => `/v2/organisations/${ownerId}`;
const applicationPath = (scene: Scene) => `${ownerPath(scene)}/applications/${scene.applicationId}`;

const keyLine = (): string => {
  const text = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const wire = Buffer.concat([text(Buffer.from('ssh-ed25519')), text(randomBytes(32))]);
  return `ssh-ed25519 ${wire.toString('base64')}`;
};

/** Applications of the scene's owner by what they are called. */
async function findNamed(scene: Scene, name: string): Promise<string> {
  const { json } = await scene.ask('GET', `${ownerPath(scene)}/applications`);
  return (json as { id: string; name: string }[]).find((one) => one.name === name)?.id ?? '';
}

const tried: Partial<Record<LimitName, Tried>> = {
  organizations: {
    add: ({ ask }, number) =>
      ask('POST', '/grid/v1/organizations', { body: { name: `organization ${number}` } }),
  },
  'ssh-keys': {
    add: ({ ask }, number) =>
      ask('PUT', `/v2/self/keys/key-${number}`, { body: JSON.stringify(keyLine()) }),
    remove: ({ ask }) => ask('DELETE', '/v2/self/keys/key-1'),
  },
  emails: {
    add: ({ ask }, number) => ask('PUT', `/v2/self/emails/ada-${number}%40example.com`),
    remove: ({ ask }) => ask('DELETE', '/v2/self/emails/ada-1%40example.com'),
  },
  'api-tokens': {
    add: ({ ask }, number) =>
      ask('POST', '/api-tokens', {
        body: {
          email: 'ada@example.com',
          password: PASSWORD,
          name: `token ${number}`,
          expirationDate: '1970-02-01T00:00:00Z',
        },
      }),
    remove: async ({ ask }) => {
      const { json } = await ask('GET', '/api-tokens');
      const [first] = json as { apiTokenId: string }[];
      return ask('DELETE', `/api-tokens/${first?.apiTokenId}`);
    },
  },
  applications: {
    add: (scene, number) =>
      scene.ask('POST', `${ownerPath(scene)}/applications`, {
        body: { name: `application ${number}`, instanceVariant: 'ml_python' },
      }),
    remove: async (scene) => {
      const id = await findNamed(scene, 'application 1');
      return scene.ask('DELETE', `${ownerPath(scene)}/applications/${id}`);
    },
  },
  variables: {
    add: (scene, number) =>
      scene.ask('PUT', `${applicationPath(scene)}/env/N${number}`, { body: { value: 'x' } }),
    remove: (scene) => scene.ask('DELETE', `${applicationPath(scene)}/env/N1`),
  },
  'exposed-variables': {
    add: (scene, number) => expose(scene, number),
    remove: (scene) => expose(scene, 0),
  },
  dependencies: {
    add: async (scene, number) => {
      const { context, ownerId, ask } = scene;
      const id = await makeApplication(context.database, { ownerId: ownerId as never });
      assert.ok(number > 0);
      return ask('PUT', `${applicationPath(scene)}/dependencies/${id}`);
    },
    remove: async (scene) => {
      const { json } = await scene.ask('GET', `${applicationPath(scene)}/dependencies`);
      const [first] = json as { id: string }[];
      return scene.ask('DELETE', `${applicationPath(scene)}/dependencies/${first?.id}`);
    },
  },
  domains: {
    add: (scene, number) =>
      scene.ask('PUT', `${applicationPath(scene)}/vhosts/www-${number}.example.com`),
    remove: (scene) => scene.ask('DELETE', `${applicationPath(scene)}/vhosts/www-1.example.com`),
  },
  'queued-deployments': {
    add: (scene, number) =>
      scene.ask(
        'POST',
        `${applicationPath(scene)}/instances?commit=${String(number).padStart(40, 'a')}`,
      ),
  },
};

/** As many variables as there are numbers. */
const expose = (scene: Scene, count: number): Promise<Answer> =>
  scene.ask('PUT', `${applicationPath(scene)}/exposed_env`, {
    body: Object.fromEntries(Array.from({ length: count }, (_, index) => [`E${index}`, 'x'])),
  });

async function openScene(...on: Parameters<typeof openApp>): Promise<Scene> {
  const [database] = on;
  const test = await openApp(...on);
  const ownerId = test.claimed.organizationId;
  return { ...test, ownerId, applicationId: await makeApplication(database, { ownerId }) };
}

type Known = { name: string; value: number | null; used: number | null };

async function read({ ask, ownerId, applicationId }: Scene, name: string): Promise<Known> {
  const path = `/grid/v1/owners/${ownerId}/limits?applicationId=${applicationId}`;
  const { limits } = (await ask('GET', path)).json as { limits: Known[] };
  const found = limits.find((one) => one.name === name);
  assert.ok(found !== undefined);
  return found;
}

const set = (scene: Scene, name: string, body: object): Promise<Answer> =>
  scene.ask('PUT', `/grid/v1/limits/${name}`, { body });

function assertLimit(answer: Answer, name: string): void {
  assert.equal(answer.status, 409, `${name}: ${answer.text}`);
  const { code = '', error = '', message = error } = answer.json as Record<string, string>;
  assert.equal(code.replace('-', '_'), 'limit_reached');
  assert.match(message, new RegExp(`The limit "${name}" is \\d+ .*"grid limits" shows all`));
}

for (const [name, { add, remove }] of Object.entries(tried))
  onEachDatabase(`the limit ${name}: one more is refused, also of many at once`, async (...on) => {
    const scene = await openScene(...on);
    const { used } = await read(scene, name);
    const most = (used ?? 0) + 2;
    assert.equal((await set(scene, name, { value: most })).status, 204);
    const ok = await add(scene, 1);
    assert.ok(ok.status < 300, ok.text);
    const numbers = name === 'exposed-variables' ? [2, 3] : [2, 3, 4, 5];
    const answers = await Promise.all(numbers.map((number) => add(scene, number)));
    const refused = answers.filter(({ status }) => status >= 300);
    assert.equal(refused.length, numbers.length - 1);
    for (const one of refused) assertLimit(one, name);
    assert.equal((await read(scene, name)).used, most);
    if (remove === undefined) return;
    const gone = await remove(scene, 1);
    assert.ok(gone.status < 300, gone.text);
    const again = await add(scene, name === 'exposed-variables' ? 2 : 6);
    assert.ok(again.status < 300, again.text);
  });

onEachDatabase(
  'addresses that nobody has proven count too, also of many at once',
  async (...on) => {
    const scene = await openScene(...on);
    const { headers } = await makeMember(scene.context.database);
    const add = (email: string) => scene.ask('PUT', `/v2/self/emails/${email}`, { headers });
    assert.equal((await set(scene, 'emails', { value: 2 })).status, 204);
    const same = await Promise.all(Array.from({ length: 4 }, () => add('same@example.com')));
    assert.deepEqual(new Set(same.map(({ status }) => status)), new Set([204]));
    const names = ['a', 'b', 'c', 'd'];
    const answers = await Promise.all(names.map((name) => add(`${name}@example.com`)));
    const refused = answers.filter(({ status }) => status >= 300);
    assert.equal(refused.length, names.length - 1);
    for (const one of refused) assertLimit(one, 'emails');
    assert.equal((await add('same@example.com')).status, 204);
    const path = `/grid/v1/owners/self/limits`;
    const { limits } = (await scene.ask('GET', path, { headers })).json as { limits: Known[] };
    assert.equal(limits.find(({ name }) => name === 'emails')?.used, 2);
  },
);

onSqlite('variables are limited in bytes, and refused before they are encrypted', async (...on) => {
  const scene = await openScene(...on);
  const path = `${applicationPath(scene)}/env`;
  await set(scene, 'variable-bytes', { value: 100 });
  assert.equal((await scene.ask('PUT', path, { body: { A: 'x'.repeat(60) } })).status, 200);
  const more = await scene.ask('PUT', `${path}/B`, { body: { value: 'x'.repeat(60) } });
  assertLimit(more, 'variable-bytes');
  const other = await scene.ask('PUT', `${path}/A`, { body: { value: 'x'.repeat(99) } });
  assert.equal(other.status, 200, 'in place of what was there');
  const many = Array.from({ length: 20_000 }, (_, index) => [`N${index}`, '']);
  const answer = await scene.ask('PUT', path, { body: Object.fromEntries(many) });
  assert.equal(answer.status, 400);
  assert.match(answer.text, /at most 2000 variables/);
});

onEachDatabase('runs that wait are limited, and nodes of each', async (...on) => {
  const scene = await openScene(...on);
  const { context, claimed } = scene;
  const { database } = context;
  const owned = { ownerId: claimed.organizationId, applicationId: scene.applicationId as never };
  const artifactId = 'built';
  const deploymentId = await makeDeployment(database, owned);
  await database.transaction(async (tx) => {
    const start = { command: { name: 'x', argv: [] } } as never;
    const artifact = { id: artifactId, dependenciesKey: undefined, installedKey: undefined, start };
    await recordArtifact(tx, { ...artifact, ...owned, commitId: 'c'.repeat(40), at: 1 });
    const built = { artifactId };
    await tx.updateTable('deployments').set(built).where('id', '=', deploymentId).execute();
  });
  await makeRun(database, { ...owned, deploymentId });
  await set(scene, 'queued-runs', { value: 2 });
  const path = `/grid/v1/owners/${scene.ownerId}/applications/${scene.applicationId}/runs`;
  const start = (body: object = {}) => scene.ask('POST', path, { body });
  const answers = await Promise.all([start(), start(), start()]);
  const refused = answers.filter(({ status }) => status !== 200);
  assert.equal(refused.length, 2);
  for (const one of refused) assertLimit(one, 'queued-runs');
  assert.equal((await read(scene, 'queued-runs')).used, 2);
  await set(scene, 'queued-runs', { value: 5 });
  await set(scene, 'nodes', { value: 2 });
  assertLimit(await start({ nodes: 3 }), 'nodes');
  const size = { name: 'large', instanceVariant: 'ml_python', minInstances: 3, maxInstances: 3 };
  assertLimit(await scene.ask('POST', `${ownerPath(scene)}/applications`, { body: size }), 'nodes');
  const grown = { minInstances: 3, maxInstances: 3 };
  assertLimit(await scene.ask('PUT', applicationPath(scene), { body: grown }), 'nodes');
  await set(scene, 'nodes', { value: 5 });
  await set(scene, 'memory', { value: 2_500 });
  await set(scene, 'gpus', { value: 1 });
  assertLimit(await start({ nodes: 3 }), 'memory');
  assertLimit(
    await scene.ask('POST', `${ownerPath(scene)}/applications`, { body: size }),
    'memory',
  );
  assertLimit(await scene.ask('PUT', applicationPath(scene), { body: grown }), 'memory');
  await set(scene, 'memory', { value: null });
  context.empty = boundless(database);
  assertLimit(await start({ flavor: 'ML_XS', nodes: 2 }), 'gpus');
});

onSqlite('whoever signs in anew signs out where they signed in first', async (...on) => {
  const clock = { now: 1_000_000 };
  const scene = await openScene(...on, clock);
  await set(scene, 'sessions', { value: 2, ownerId: scene.claimed.userId });
  const signIn = async () => {
    clock.now += 1;
    const body = { email: 'ada@example.com', password: PASSWORD };
    const { json } = await scene.ask('POST', '/grid/v1/sign-in', { body });
    const { token, secret } = json as Record<string, string>;
    return { authorization: `Bearer ${token}.${secret}` };
  };
  const isIn = async (headers: Record<string, string>) =>
    (await scene.ask('GET', '/v2/self', { headers })).status === 200;
  const first = await signIn();
  const second = await signIn();
  assert.ok(await isIn(first));
  const third = await signIn();
  assert.deepEqual([await isIn(second), await isIn(third)], [true, true]);
  assert.equal((await scene.ask('GET', '/v2/self')).status, 401, 'the first of all');
});

onEachDatabase('a limit is set for one, for all, and unset again', async (...on) => {
  const scene = await openScene(...on);
  const { ownerId } = scene;
  const value = async () => (await read(scene, 'applications')).value;
  assert.equal(await value(), 250);
  await set(scene, 'applications', { value: 7 });
  assert.equal(await value(), 7);
  await set(scene, 'applications', { value: null, ownerId });
  assert.equal(await value(), null);
  const listed = (await scene.ask('GET', '/grid/v1/limits')).json;
  assert.deepEqual(listed, {
    limits: [
      { name: 'applications', ownerId: null, value: 7 },
      { name: 'applications', ownerId, value: null },
    ],
  });
  await scene.ask('DELETE', `/grid/v1/limits/applications?ownerId=${ownerId}`);
  assert.equal(await value(), 7);
  assert.equal((await set(scene, 'nodes', { value: 41 })).status, 400);
  assert.equal((await set(scene, 'variables', { value: null })).status, 400);
  assert.equal((await set(scene, 'unheard-of', { value: 1 })).status, 404);
  assert.equal((await set(scene, 'applications', { value: 1, ownerId: 'x' })).status, 400);
});

onSqlite('every limit is tried', async (...on) => {
  const elsewhere = ['nodes', 'memory', 'gpus', 'queued-runs', 'sessions', 'variable-bytes'];
  const connections = ['log-followers', 'sockets'];
  const all = [...Object.keys(tried), ...elsewhere, ...connections];
  assert.deepEqual(limitNames.toSorted(), all.toSorted());
  const scene = await openScene(...on);
  await set(scene, 'log-followers', { value: 0 });
  const path = `/v4/logs/organisations/${scene.ownerId}/applications/${scene.applicationId}/logs`;
  const refused = await scene.ask('GET', path);
  assertLimit(refused, 'log-followers');
});

onSqlite('whoever creates too fast is told when to go on', async (...on) => {
  const scene = await openScene(...on);
  const create = () => scene.ask('POST', '/grid/v1/organizations', { body: { name: '' } });
  for (let number = 0; number < 120; number += 1) assert.equal((await create()).status, 400);
  const answer = await create();
  assert.equal(answer.status, 429);
  assert.equal(answer.headers['retry-after'], '1');
  const { headers } = await makeMember(scene.context.database);
  const other = { headers, body: { name: 'theirs' } };
  assert.equal((await scene.ask('POST', '/grid/v1/organizations', other)).status, 200);
});

onEachDatabase(
  'restarts that would do the same are one, those of a Runner are not',
  async (...on) => {
    const { context, claimed } = await openApp(...on);
    const { database } = context;
    const ownerId = claimed.organizationId;
    const deploy = (applicationId: string, commit = 'c', useCache = true) =>
      deployApplication(context, {
        applicationId: applicationId as never,
        ownerId,
        commitId: commit.repeat(40),
        useCache,
        cause: 'Console',
        authorId: null,
      });
    const webapp = await makeApplication(database, { ownerId, variant: 'ml_python_web' });
    const first = await deploy(webapp);
    assert.equal(await deploy(webapp), first);
    const uncached = await deploy(webapp, 'c', false);
    const other = await deploy(webapp, 'd');
    const last = await deploy(webapp);
    assert.equal(new Set([first, uncached, other, last]).size, 4, 'each does something else');
    const runner = await makeApplication(database, { ownerId });
    assert.notEqual(await deploy(runner), await deploy(runner));
  },
);
