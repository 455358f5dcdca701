import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { events, logs } from '@grid/api';
import { WebSocket } from 'ws';
import type { Database } from '../store/database.ts';
import { openApp } from '../testing/app.ts';
import { onEachDatabase } from '../testing/database.ts';
import { addressOf } from '../testing/endpoints.ts';
import { makeApplication } from '../testing/rows.ts';
import { until } from '../testing/until.ts';
import type { Places } from '../lib/places.ts';

/** More than one user may have of anything. */
const MANY = 150;

/** The platform on a port, and a user of it whose clients leave before they are answered. */
async function open(database: Database, t: TestContext) {
  const { app, context, claimed } = await openApp(database, t);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const { userId, organizationId: ownerId, pair } = claimed;
  const applicationId = await makeApplication(database, { ownerId });
  const authorization = `Bearer ${pair.token}.${pair.secret}`;
  const leave = async (path: string): Promise<void> => {
    const asked = once(app.server, 'request');
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n\r\n`,
    );
    const [request] = (await asked) as [IncomingMessage];
    request.socket.destroy();
    socket.destroy();
  };
  return { app, context, port, userId, ownerId, applicationId, authorization, leave };
}

/** How many places there still are for this key, of at most `most`. */
function countFree(places: Places, key: string, most: number): number {
  const taken: (() => void)[] = [];
  try {
    while (taken.length < most) taken.push(places.take(key));
  } catch {
    // there is none any more
  }
  for (const giveBack of taken) giveBack();
  return taken.length;
}

onEachDatabase('who leaves before it is known who they are keeps no place', async (database, t) => {
  const { context, userId, leave } = await open(database, t);
  for (let count = 0; count < MANY; count += 1) await leave('/v2/self');
  await until(() => countFree(context.crowd.requests, userId, 128) === 128);
});

onEachDatabase('nor does who leaves before a log begins', async (database, t) => {
  const { context, userId, ownerId, applicationId, leave } = await open(database, t);
  const path = addressOf(logs.streamLogs, { ownerId, applicationId });
  for (let count = 0; count < MANY; count += 1) await leave(path);
  await until(() => countFree(context.crowd.streams, '', 2_000) === 2_000);
  await until(() => context.seats.taken('log-followers', userId) === 0);
});

onEachDatabase('nor does who leaves before they may listen to events', async (database, t) => {
  const { app, context, port, userId, authorization } = await open(database, t);
  const hello = JSON.stringify({ message_type: 'Authentication', authorization });
  for (let count = 0; count < MANY; count += 1) {
    const upgraded = once(app.server, 'upgrade');
    const client = new WebSocket(`ws://127.0.0.1:${port}${events.eventSocket.path}`);
    client.on('error', () => undefined);
    const [, socket] = (await upgraded) as [IncomingMessage, IncomingMessage['socket']];
    await once(client, 'open');
    const heard = once(socket, 'data');
    client.send(hello);
    await heard;
    socket.destroy();
    client.terminate();
  }
  await until(() => countFree(context.crowd.sockets, '', 2_000) === 2_000);
  await until(() => context.seats.taken('sockets', userId) === 0);
  assert.equal(countFree(context.crowd.strangers, 'x', 32), 32);
});
