import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import ssh from 'ssh2';
import type { ClientChannel, ServerChannel } from 'ssh2';
import { createWriter } from './channel-writer.ts';

/** More than a client's window (2 MiB) holds. */
const MUCH = Buffer.alloc(3 * 2 ** 20, 'x');

/** Both ends of a command's channel. */
async function openChannel(t: TestContext): Promise<[ServerChannel, ClientChannel]> {
  const { private: key } = ssh.utils.generateKeyPairSync('ed25519');
  const served = Promise.withResolvers<ServerChannel>();
  const server = new ssh.Server({ hostKeys: [key] }, (connection) => {
    connection.on('authentication', (context) => context.accept());
    connection.on('session', (accept) => {
      accept().on('exec', (accept) => served.resolve(accept()));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new ssh.Client();
  client.connect({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    username: 'x',
  });
  await once(client, 'ready');
  t.after(() => {
    client.end();
    server.close();
  });
  const opened = await new Promise<ClientChannel>((resolve, reject) => {
    client.exec('anything', (error, channel) => (error ? reject(error) : resolve(channel)));
  });
  return [await served.promise, opened];
}

/** Reads as much as was written. */
async function read(stream: Readable, length: number): Promise<number> {
  let count = 0;
  for await (const part of stream.iterator({ destroyOnReturn: false })) {
    count += (part as Buffer).length;
    if (count >= length) break;
  }
  return count;
}

test('streams that wait for the client in turn get everything once, and nothing twice', async (t) => {
  const [channel, client] = await openChannel(t);
  const write = createWriter(channel, new AbortController().signal);
  for (const [to, from] of [
    [channel, client],
    [channel.stderr, client.stderr],
    [channel, client],
    [channel.stderr, client.stderr],
  ] as const) {
    const written = write(to, MUCH);
    assert.equal(await read(from, MUCH.length), MUCH.length);
    await written;
  }
  const rest = Promise.all([read(client, 1), read(client.stderr, 1)]);
  channel.end();
  assert.deepEqual(await rest, [0, 0]);
});

test('nobody waits for a client that has left', async (t) => {
  const [channel, client] = await openChannel(t);
  const left = new AbortController();
  const write = createWriter(channel, left.signal);
  const written = [write(channel, MUCH), write(channel.stderr, MUCH)];
  await once(client, 'readable');
  left.abort();
  await Promise.all(written);
});
