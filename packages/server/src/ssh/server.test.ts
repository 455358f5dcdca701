import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import ssh from 'ssh2';
import type { Client } from 'ssh2';
import { addKey } from '../accounts/manage-keys.ts';
import type { UserId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';
import { onSqlite } from '../testing/database.ts';
import { silentLog } from '../testing/log.ts';
import { openRepository } from '../testing/repository.ts';
import { makeMember } from '../testing/rows.ts';
import { startSshServer } from './server.ts';

type Said = { code: number | undefined; out: string; err: string };

/** A server with two users who may fetch from one repository. */
async function openServer(database: Database, t: TestContext) {
  const { deps, application, user, move } = await openRepository(database, t);
  await move('refs/heads/master', 1_000_000_000);
  const keys = mkdtempSync(join(tmpdir(), 'grid-ssh-'));
  t.after(() => rmSync(keys, { recursive: true }));
  const other = await makeMember(database, {
    organizationId: application.ownerId as never,
    role: 'ADMIN',
  });
  const server = await startSshServer(
    {
      ...deps,
      log: silentLog,
      engines: () => assert.fail('nobody enters an instance'),
      address: () => 'ssh://git@localhost',
    },
    { address: '127.0.0.1', port: 0, keys },
  );
  const open: (Client | Socket)[] = [];
  t.after(async () => {
    for (const one of open) one.destroy();
    await server.close();
  });
  const keyOf = async (id: UserId): Promise<string> => {
    const pair = ssh.utils.generateKeyPairSync('ed25519');
    await addKey({ database, clock: () => 1 }, { userId: id, name: 'key', line: pair.public });
    return pair.private;
  };
  const signIn = async (privateKey: string): Promise<Client> => {
    const client = new ssh.Client();
    open.push(client);
    client.on('error', () => undefined);
    const { port } = server;
    client.connect({ host: '127.0.0.1', port, username: 'git', privateKey });
    await once(client, 'ready');
    client.removeAllListeners('error').on('error', () => undefined);
    return client;
  };
  const silent = (): Socket => {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    open.push(socket);
    return socket;
  };
  return {
    signIn,
    silent,
    mine: await keyOf(user.id),
    others: await keyOf(other.userId),
    fetch: (client: Client) => run(client, `git-upload-pack '${application.id}.git'`),
  };
}

/** Runs a command that asks for nothing more; how it ended. */
const run = (client: Client, command: string): Promise<Said> =>
  new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      const said = { code: undefined as number | undefined, out: '', err: '' };
      channel.on('data', (part: Buffer) => {
        said.out += part.toString('latin1');
        if (said.out.endsWith('0000')) channel.end('0000');
      });
      channel.stderr.on('data', (part: Buffer) => (said.err += part.toString('utf8')));
      channel.on('exit', (code: number) => (said.code = code));
      channel.on('close', () => resolve(said));
    });
  });

const isServed = ({ code, out }: Said): void => {
  assert.equal(code, 0);
  assert.match(out, /refs\/heads\/master/);
};

onSqlite('connections of one user leave everybody else served', async (database, t) => {
  const { signIn, mine, others, fetch } = await openServer(database, t);
  const first = await signIn(mine);
  for (let count = 1; count < 20; count += 1) await signIn(mine);
  const refused = await fetch(await signIn(mine));
  assert.equal(refused.code, 1);
  assert.match(refused.err, /You have 20 connections/);
  const flood = Promise.allSettled(Array.from({ length: 250 }, () => signIn(mine)));
  isServed(await fetch(await signIn(others)));
  await flood;
  isServed(await fetch(await signIn(others)));
  isServed(await fetch(first));
});

onSqlite('fetches on one connection leave everybody else served', async (database, t) => {
  const { signIn, mine, others, fetch } = await openServer(database, t);
  const client = await signIn(mine);
  const fetches = Promise.allSettled(Array.from({ length: 200 }, () => fetch(client)));
  isServed(await fetch(await signIn(others)));
  const ends = await fetches;
  const said = ends.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  assert.equal(said.filter(({ code }) => code === 0).length, 10);
  assert.equal(said.filter(({ err }) => /There are 10 sessions/.test(err)).length, 10);
  isServed(await fetch(client));
});

onSqlite('strangers who only wait go first, also behind the same address', async (database, t) => {
  const { signIn, silent, others, fetch } = await openServer(database, t);
  // who is sent away may learn of it before they know that they were there
  const crowd = (length: number) =>
    Promise.allSettled(Array.from({ length }, () => once(silent(), 'connect')));
  await crowd(250);
  isServed(await fetch(await signIn(others)));
  await crowd(30);
  isServed(await fetch(await signIn(others)));
});

onSqlite('git-lfs is told where contents are kept', async (database, t) => {
  const { signIn, mine } = await openServer(database, t);
  const asked = "git-lfs-authenticate 'x.git' upload";
  const { code, err } = await run(await signIn(mine), asked);
  assert.equal(code, 1);
  assert.match(err, /^Git LFS: contents are not kept here.*lfs\.url/);
});
