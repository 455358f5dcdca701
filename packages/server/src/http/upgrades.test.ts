import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { openApp } from '../testing/app.ts';
import { onSqlite } from '../testing/database.ts';

/** All that is answered to these bytes until the connection ends. */
function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answered = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (part) => (answered += part.toString('utf8')));
    socket.on('error', reject);
    socket.on('close', () => resolve(answered));
  });
}

onSqlite('what follows an upgrade is not taken for a request', async (database, t) => {
  const { app } = await openApp(database, t);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  for (const protocol of ['h2c', 'anything'])
    for (const path of ['/v4/x', '/grid/v1/status']) {
      const lines = `Host: localhost\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
      const second = 'GET /grid/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n';
      const answered = await exchange(port, `GET ${path} HTTP/1.1\r\n${lines}${second}`);
      const [head = '', body = '', ...more] = answered.split('\r\n\r\n');
      assert.match(head, /^HTTP\/1\.1 404 .*Content-Type: application\/json\r\n/s);
      const { error, message } = JSON.parse(body) as { error?: string; message?: string };
      assert.equal(path === '/v4/x' ? error : message, `Nothing at ${path} speaks ${protocol}.`);
      assert.deepEqual(more, []);
    }
});
