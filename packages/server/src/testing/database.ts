import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import pg from 'pg';
import { openDatabase } from '../store/database.ts';
import type { Database } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { need } from './need.ts';

/** Runs a test on SQLite and on a real PostgreSQL, each with tables of its own. */
export function onEachDatabase(
  name: string,
  run: (database: Database, t: TestContext) => Promise<void>,
): void {
  test(`${name} (SQLite)`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'grid-test-'));
    const database = openDatabase({ path: join(folder, 'grid.db') });
    try {
      await migrate(database, { now: 1 });
      await run(database, t);
    } finally {
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
  test(`${name} (PostgreSQL)`, async (t) => {
    if (!need(t, programs() !== undefined, 'PostgreSQL (apt-get install postgresql)')) return;
    server ??= startServer();
    const url = await createDatabase(await server);
    const database = openDatabase({ url });
    try {
      await migrate(database, { now: 1 });
      await run(database, t);
    } finally {
      await database.close();
    }
  });
}

type Server = { url: string; stop(): Promise<void> };

let server: Promise<Server> | undefined;
let databases = 0;

after(async () => {
  await (await server)?.stop();
});

/** Debian keeps a folder of programs for each version. */
function programs(): string | undefined {
  const root = '/usr/lib/postgresql';
  const [newest] = existsSync(root) ? readdirSync(root).toSorted().toReversed() : [];
  return newest === undefined ? undefined : join(root, newest, 'bin');
}

/** A server of this process's own, on a Unix socket; not durable, since nothing of it is kept. */
async function startServer(): Promise<Server> {
  const bin = programs() ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'grid-pg-'));
  const identity = process.getuid?.() === 0 ? postgresUser() : {};
  if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid ?? identity.uid);
  const data = join(folder, 'data');
  const options = { ...identity, cwd: folder, stdio: 'ignore' } as const;
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'grid', '-A', 'trust', '-N'], options);
  const quick = ['-c', 'fsync=off', '-c', 'listen_addresses=', '-c', 'max_connections=200'];
  const child = spawn(join(bin, 'postgres'), ['-D', data, '-k', folder, ...quick], options);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const url = `postgres://grid@localhost/postgres?host=${encodeURIComponent(folder)}`;
  await untilItAnswers(url);
  return {
    url,
    async stop() {
      child.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root. */
function postgresUser(): { uid?: number; gid?: number } {
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function untilItAnswers(url: string): Promise<void> {
  const deadline = AbortSignal.timeout(30_000);
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (deadline.aborted) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

async function createDatabase({ url }: Server): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  databases += 1;
  const name = `test_${process.pid}_${databases}`;
  await client.query(`create database ${name}`);
  await client.end();
  return url.replace('/postgres?', `/${name}?`);
}
