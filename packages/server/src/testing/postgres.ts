import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** A PostgreSQL server of this process's own, on a Unix socket. */
export type Postgres = {
  url: string;
  /** The server is gone; what it holds stays. */
  stop(): Promise<void>;
  /** It answers again when this resolves. */
  start(): Promise<void>;
  /** Stops it, and takes away what it holds. */
  remove(): Promise<void>;
};

/** Whether this machine can run one. Debian keeps a folder of programs for each version. */
export const hasPostgres = (): boolean => programs() !== undefined;

function programs(): string | undefined {
  const root = '/usr/lib/postgresql';
  const [newest] = existsSync(root) ? readdirSync(root).toSorted().toReversed() : [];
  return newest === undefined ? undefined : join(root, newest, 'bin');
}

/** Not durable, since nothing of it is kept. */
export async function startPostgres(): Promise<Postgres> {
  const bin = programs() ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'grid-pg-'));
  const identity = process.getuid?.() === 0 ? postgresUser() : {};
  if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid ?? identity.uid);
  const data = join(folder, 'data');
  const options = { ...identity, cwd: folder, stdio: 'ignore' } as const;
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'grid', '-A', 'trust', '-N'], options);
  const quick = ['-c', 'fsync=off', '-c', 'listen_addresses=', '-c', 'max_connections=200'];
  const url = `postgres://grid@localhost/postgres?host=${encodeURIComponent(folder)}`;
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn(join(bin, 'postgres'), ['-D', data, '-k', folder, ...quick], options);
    await untilItAnswers(url);
  };
  const stop = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined) return;
    const ended = new Promise((resolve) => running.once('close', resolve));
    running.kill('SIGINT');
    await ended;
  };
  await start();
  return {
    url,
    start,
    stop,
    async remove() {
      await stop();
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
