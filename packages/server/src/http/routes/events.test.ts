import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { events, rights } from '@grid/api';
import type { DeploymentAction, EventMessage } from '@grid/api';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { WebSocket } from 'ws';
import { deployApplication } from '../../deployments/deploy-application.ts';
import { findDeployment } from '../../deployments/list-deployments.ts';
import { PLATFORM } from '../../events/actor.ts';
import { appendEvent } from '../../events/append.ts';
import type { EventKind } from '../../events/event.ts';
import { stopApplication } from '../../deployments/stop-application.ts';
import { newId } from '../../lib/ids.ts';
import type { ApplicationId, OwnerId } from '../../lib/ids.ts';
import { may } from '../../organizations/may.ts';
import type { Database } from '../../store/database.ts';
import type { Role } from '../../store/schema.ts';
import { openApp } from '../../testing/app.ts';
import type { TestApp } from '../../testing/app.ts';
import { onEachDatabase, onSqlite } from '../../testing/database.ts';
import { makeApplication } from '../../testing/rows.ts';
import { serveSockets } from '../upgrades.ts';
import { eventSocket } from './events.ts';

const commitId = 'c'.repeat(40);

type Message = Record<string, unknown>;
type Headers = Record<string, string>;

/** A client of the socket: what comes to it one after the other, and how it ended. */
async function connect(app: FastifyInstance, headers: Headers = {}) {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}/v2//events/event-socket`, { headers });
  const messages: Message[] = [];
  let came = (): void => undefined;
  client.on('message', (data: Buffer) => {
    messages.push(JSON.parse(data.toString('utf8')) as Message);
    came();
  });
  const closed = new Promise<string>((resolve) =>
    client.on('close', (code, reason) => resolve(`${code} ${reason.toString('utf8')}`)),
  );
  await new Promise((resolve, reject) => {
    client.on('open', resolve);
    client.on('error', reject);
  });
  const next = async (): Promise<Message> => {
    while (messages.length === 0) await new Promise<void>((resolve) => (came = resolve));
    return messages.shift() ?? {};
  };
  const say = (message: unknown): void => client.send(JSON.stringify(message));
  /** Resolves when all that was said has been taken. */
  const isHeard = (): Promise<unknown> => {
    const heard = new Promise((resolve) => client.once('pong', resolve));
    client.ping();
    return heard;
  };
  return { client, closed, next, say, isHeard };
}

type Client = Awaited<ReturnType<typeof connect>>;

const credentials = (
  scheme: 'OAuth' | 'Bearer',
  { token, secret }: TestApp['claimed']['pair'],
) => ({
  message_type: 'oauth',
  authorization:
    scheme === 'Bearer'
      ? `Bearer ${token}.${secret}`
      : `OAuth oauth_consumer_key="k", oauth_token="${token}", oauth_signature="s%26${secret}"`,
});

async function listen(app: FastifyInstance, pair: TestApp['claimed']['pair']): Promise<Client> {
  const client = await connect(app);
  client.say(credentials('OAuth', pair));
  assert.deepEqual(await client.next(), { message_type: 'socket_ready' });
  assert.equal((await client.next())['heartbeat_msg'], 'ping');
  return client;
}

/** The next event, with its data parsed. */
async function event({
  next,
}: Client): Promise<Omit<EventMessage, 'data'> & { data: DeploymentAction }> {
  const { data, ...message } = (await next()) as EventMessage;
  return { ...message, data: JSON.parse(data) as DeploymentAction };
}

const setRole = (database: Database, role: Role): Promise<unknown> =>
  database.transaction((tx) => tx.updateTable('members').set({ role }).execute());

type DeploymentKind = Extract<EventKind, `deployment.${string}`>;
type Subject = { ownerId: OwnerId; applicationId: ApplicationId; cause?: string };

const record = (database: Database, { cause = 'Git', ...subject }: Subject, kind: DeploymentKind) =>
  database.transaction((tx) => {
    const deploymentId = newId('deployment');
    const data = { deploymentId, commitId, cause, action: 'DEPLOY' } as const;
    const about = { ...subject, kind, subjectId: deploymentId, by: PLATFORM };
    return appendEvent(tx, { ...about, at: 7, data });
  });

onSqlite(
  'whoever has all their sockets open is told so, and may close one',
  async (database, t) => {
    const { app, ask, claimed } = await openApp(database, t);
    await ask('PUT', '/grid/v1/limits/sockets', { body: { value: 1 } });
    const first = await listen(app, claimed.pair);
    const second = await connect(app);
    second.say(credentials('OAuth', claimed.pair));
    assert.match(String((await second.next())['message']), /The limit "sockets" is 1 /);
    assert.match(await second.closed, /^1008 The limit is reached/);
    first.client.close();
    await first.closed;
    const third = await listen(app, claimed.pair);
    third.client.close();
  },
);

onEachDatabase('members hear of deployments as they begin and end', async (database, t) => {
  const { app, context, claimed } = await openApp(database, t);
  const ownerId = claimed.organizationId;
  const applicationId = await makeApplication(database, { ownerId });
  const client = await listen(app, claimed.pair);
  const order = { applicationId, ownerId, commitId, useCache: true, authorId: null };
  const id = await deployApplication(context, { ...order, cause: 'Console' });
  assert.deepEqual(await event(client), {
    event: 'DEPLOYMENT_ACTION_BEGIN',
    date: 1_000_000,
    data: {
      appId: applicationId,
      ownerId,
      uuid: id,
      state: 'WIP',
      action: 'DEPLOY',
      commit: commitId,
      cause: 'Console',
    },
  });
  for (const [kind, state] of [
    ['live', 'OK'],
    ['completed', 'OK'],
    ['failed', 'FAIL'],
    ['cancelled', 'CANCELLED'],
  ] as const) {
    await record(database, { applicationId, ownerId }, `deployment.${kind}` as const);
    const { data, ...message } = await event(client);
    assert.deepEqual(message, { event: 'DEPLOYMENT_ACTION_END', date: 7 });
    assert.deepEqual([data.state, data.action, data.commit], [state, 'DEPLOY', commitId]);
  }
  await database.transaction((tx) =>
    tx.updateTable('deployments').set({ status: 'live' }).execute(),
  );
  await stopApplication(context, { applicationId, authorId: null });
  const begin = await event(client);
  const end = await event(client);
  assert.deepEqual([begin.event, begin.data.state], ['DEPLOYMENT_ACTION_BEGIN', 'WIP']);
  assert.deepEqual([end.event, end.data.state], ['DEPLOYMENT_ACTION_END', 'OK']);
  assert.deepEqual([begin.data.action, begin.data.uuid], ['UNDEPLOY', end.data.uuid]);
  const found = await findDeployment(database.read, applicationId, end.data.uuid);
  assert.equal(found?.action, 'UNDEPLOY');
});

onEachDatabase('nobody hears what is not theirs, or not any more', async (database, t) => {
  const { app, claimed } = await openApp(database, t);
  const { userId, organizationId } = claimed;
  const client = await listen(app, claimed.pair);
  /** Whether an event of the owner is heard before one that surely is. */
  const hears = async (ownerId: OwnerId): Promise<boolean> => {
    const applicationId = newId('application');
    await record(database, { applicationId, ownerId }, 'deployment.live');
    await record(database, { applicationId, ownerId: userId, cause: 'last' }, 'deployment.live');
    const first = (await event(client)).data;
    if (first.cause === 'last') return false;
    assert.equal(first.ownerId, ownerId);
    assert.equal((await event(client)).data.cause, 'last');
    return true;
  };
  assert.equal(await hears(newId('organization')), false);
  assert.equal(await hears(newId('user')), false);
  for (const role of rights.Role.options) {
    await setRole(database, role);
    assert.equal(await hears(organizationId), may(role, events.eventSocket.for), role);
  }
  await database.transaction((tx) => tx.deleteFrom('members').execute());
  assert.equal(await hears(organizationId), false);
});

onEachDatabase('several listen at once, also after all have left', async (database, t) => {
  const { app, claimed } = await openApp(database, t);
  const subject = { applicationId: newId('application'), ownerId: claimed.organizationId };
  for (const round of [1, 2]) {
    const clients = [await listen(app, claimed.pair), await listen(app, claimed.pair)];
    for (const cause of [`${round}a`, `${round}b`]) {
      await record(database, { ...subject, cause }, 'deployment.live');
      for (const client of clients) assert.equal((await event(client)).data.cause, cause);
    }
    for (const { client } of clients) client.close();
    await Promise.all(clients.map(({ closed }) => closed));
    await record(database, subject, 'deployment.live');
  }
});

onEachDatabase('who does not say who they are is told so, and let go', async (database, t) => {
  const platform = await openApp(database, t);
  const { pair } = platform.claimed;
  const wrong = credentials('Bearer', { ...pair, secret: 'x'.repeat(43) });
  const denied = async ({ next, closed }: Client): Promise<void> => {
    const { type, id } = await next();
    assert.deepEqual({ type, id }, { type: 'error', id: 2001 });
    assert.equal(await closed, '1008 Authentication failed.');
  };
  for (const first of [wrong, { message_type: 'oauth' }, { heartbeat_msg: 'pong' }, 'x', null]) {
    const client = await connect(platform.app);
    client.say(first);
    await denied(client);
  }
  const bytes = await connect(platform.app);
  bytes.client.send(Buffer.from([1, 2, 3]));
  await denied(bytes);
  const hurried = fastify();
  serveSockets(hurried, [eventSocket(platform.context, 1)]);
  t.after(() => hurried.close());
  await denied(await connect(hurried));
  const bearer = await connect(platform.app);
  bearer.say(credentials('Bearer', pair));
  assert.deepEqual(await bearer.next(), { message_type: 'socket_ready' });
});

onEachDatabase('listeners answer heartbeats, or are let go', async (database, t) => {
  const { app, claimed } = await openApp(database, t);
  t.mock.timers.enable({ apis: ['setInterval'] });
  const [silent, lively] = [await listen(app, claimed.pair), await listen(app, claimed.pair)];
  const answer = async (): Promise<void> => {
    lively.say({ type: 'heartbeat', heartbeat_msg: 'pong' });
    await lively.isHeard();
  };
  for (let beat = 0; beat < 3; beat += 1) {
    await answer();
    t.mock.timers.tick(8_000);
    const ping = { type: 'heartbeat', heartbeat_msg: 'ping', heartbeat_delay_ms: 8_000 };
    assert.deepEqual(await lively.next(), ping);
  }
  assert.equal(await silent.closed, '1008 A heartbeat was not answered.');
  await answer();
  await database.transaction((tx) => tx.deleteFrom('tokens').execute());
  t.mock.timers.tick(8_000);
  assert.equal(await lively.closed, '1008 Authentication failed.');
});

onEachDatabase('a listener that does not read is let go, and told why', async (database, t) => {
  const { app, claimed } = await openApp(database, t);
  const subject = { applicationId: newId('application'), ownerId: claimed.organizationId };
  const [slow, quick] = [await listen(app, claimed.pair), await listen(app, claimed.pair)];
  slow.client.pause();
  const cause = 'x'.repeat(512 * 1024);
  for (let count = 0; count < 40; count += 1) {
    await record(database, { ...subject, cause }, 'deployment.live');
    await event(quick);
  }
  slow.client.resume();
  assert.equal(await slow.closed, '1008 Messages were not read in time.');
});

onEachDatabase('large messages and pages of other sites are refused', async (database, t) => {
  const { app } = await openApp(database, t);
  const large = await connect(app);
  large.say({ authorization: 'x'.repeat(20_000) });
  assert.match(await large.closed, /^1009 /);
  for (const origin of ['https://elsewhere.example', 'null', 'http://grid.example:81'])
    await assert.rejects(connect(app, { origin, host: 'grid.example' }), /403/);
  const own = await connect(app, { origin: 'http://grid.example', host: 'grid.example' });
  own.client.close();
});

onEachDatabase('listeners are told when the platform ends or fails', async (database, t) => {
  const { app, claimed } = await openApp(database, t);
  const client = await listen(app, claimed.pair);
  await database.transaction((tx) => sql`drop table members`.execute(tx));
  const subject = { applicationId: newId('application'), ownerId: claimed.organizationId };
  await record(database, subject, 'deployment.live');
  assert.match(await client.closed, /^1011 /);
  const next = await listen(app, claimed.pair);
  await app.close();
  assert.match(await next.closed, /^1001 /);
});
