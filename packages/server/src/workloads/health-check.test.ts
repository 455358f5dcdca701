import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { newId } from '../lib/ids.ts';
import type { Engine } from './engine.ts';
import { createHealthChecker } from './health-check.ts';

test('what is to be checked is read once for an instance, however often it is checked', async (t) => {
  const server = createServer((socket) =>
    socket.on('error', () => undefined).end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n'),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const asked = { rules: 0, proofs: 0, connections: 0 };
  const engine = {
    async connect() {
      asked.connections += 1;
      if (asked.connections < 4) throw new Error('nothing listens yet');
      return connect(port, '127.0.0.1');
    },
  } as Partial<Engine> as Engine;
  const healthy = Promise.withResolvers<void>();
  const checker = createHealthChecker({
    clock: () => 1,
    async rule() {
      asked.rules += 1;
      return { engine, port, paths: ['/'], configured: false, deadline: 1_000 };
    },
    async isUnproved() {
      asked.proofs += 1;
      return true;
    },
    healthy: async () => healthy.resolve(),
    unhealthy: async () => healthy.reject(new Error('unhealthy')),
    say: async () => undefined,
    failed: healthy.reject,
  });
  checker.watch(newId('instance'));
  await healthy.promise;
  assert.deepEqual(asked, { rules: 1, proofs: 4, connections: 4 });
});
