import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh from 'ssh2';
import { addKey, removeKey } from '../accounts/manage-keys.ts';
import { onSqlite } from '../testing/database.ts';
import { makeOwner } from '../testing/rows.ts';
import { readHostKey } from './host-key.ts';
import { awaitSignIn } from './sign-in.ts';

onSqlite('a connection ends soon after its key is on the account no more', async (database, t) => {
  const folder = mkdtempSync(join(tmpdir(), 'grid-ssh-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { userId } = await makeOwner(database);
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
  });
  const parsed = ssh.utils.parseKey(pair.privateKey);
  assert.ok(!(parsed instanceof Error));
  const line = `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`;
  await addKey({ database, clock: () => 1 }, { userId, name: 'laptop', line });

  const server = new ssh.Server({ hostKeys: [readHostKey(folder)] }, (connection) => {
    connection.on('error', () => undefined);
    awaitSignIn(database.read, connection, () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  t.mock.timers.enable({ apis: ['setInterval'] });
  const client = new ssh.Client();
  t.after(() => client.end());
  const { port } = server.address() as AddressInfo;
  client.connect({ host: '127.0.0.1', port, username: 'git', privateKey: pair.privateKey });
  await once(client, 'ready');
  const closed = once(client, 'close');
  await removeKey({ database, clock: () => 1 }, { userId, name: 'laptop' });
  t.mock.timers.tick(30_000);
  await closed;
});
