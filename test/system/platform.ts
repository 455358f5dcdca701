import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { RouterStatus } from '../../packages/server/src/routing/route-table.ts';
import { findRouters } from '../../packages/server/src/routing/router-process.ts';

/** The program as shipped, from outside: `grid`, git and HTTP, on a data directory of its own. */
export type Platform = {
  home: string;
  data: string;
  organizationId: string;
  token: string;
  secret: string;
  /** Of http, and of https. */
  port(): number;
  httpsPort(): number;
  grid(args: readonly string[], options?: RunOptions): Promise<Ran>;
  git(args: readonly string[], folder: string): Promise<Ran>;
  /** A folder with a repository of these files, committed. */
  repository(files: Files): Promise<string>;
  /** Creates an application in the folder; its id. */
  create(
    folder: string,
    options: { type: string; env?: string[]; args?: string[] },
  ): Promise<string>;
  visit(host: string, path?: string): Promise<{ status: number; body: string }>;
  /** Asks the platform as the first user; its answer, as JSON. */
  ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Starts the control plane, also by another program than this one's. */
  start(program?: string): Promise<void>;
  /** Ends the control plane as a crash would, and starts it with other settings. */
  restart(settings?: Record<string, string>): Promise<void>;
  /** Kills the control plane, as a crash would. */
  kill(): void;
  running(): boolean;
  end(): Promise<void>;
  query<Row>(sql: string): Row[];
  /** Changes rows behind the platform's back. */
  change(sql: string): void;
};

export type Ran = { code: number; out: string };
type RunOptions = { folder?: string; env?: Record<string, string> };
export type Files = Record<
  string,
  string | { text: string | Uint8Array; mode?: number } | { link: string }
>;

export const root = join(import.meta.dirname, '..', '..');
export const bin = join(root, 'bin', 'grid');

export function run(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(file, [...args], { ...options, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, out: stdout + stderr });
    });
  });
}

/** Several organizations are let in, also where memory is looked at and no more. */
export const several = { GRID_ALLOW_UNISOLATED: 'true' };

export async function openPlatform(
  settings: Record<string, string> = {},
  /** Makes the data directory what it is to be before the first start. */
  prepare: (data: string) => Promise<unknown> = async () => undefined,
): Promise<Platform> {
  const home = mkdtempSync(join(tmpdir(), 'grid-system-'));
  const data = join(home, 'data');
  await prepare(data);
  const key = join(home, 'key');
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    ...settings,
    XDG_CONFIG_HOME: home,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_SSH_COMMAND: `ssh -i ${key} -o IdentitiesOnly=yes -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=${join(home, 'known')} -o LogLevel=ERROR`,
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
  };
  let child: ChildProcess | undefined;
  let ports = { http: '0', https: '0', ssh: '0' };
  let repositories = 0;

  async function start(program = bin, more: Record<string, string> = {}): Promise<void> {
    const { http, https, ssh } = ports;
    const listening = ['--http-port', http, '--https-port', https, '--ssh-port', ssh];
    const args = ['up', '--data-directory', data, ...listening];
    child = spawn(program, args, {
      env: { ...environment, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const started = child;
    let text = '';
    await new Promise<void>((resolve, reject) => {
      started.on('exit', (code) => reject(new Error(`the platform ended (${code}): ${text}`)));
      for (const stream of [started.stdout, started.stderr])
        stream?.on('data', (part: Buffer) => {
          text += part.toString('utf8');
          if (text.includes('Ready at ')) resolve();
        });
    });
    const { out } = await run(bin, ['status', '--data-directory', data, '--json'], {
      env: environment,
    });
    const { httpPort, httpsPort, sshPort } = JSON.parse(out) as Record<string, number>;
    ports = { http: String(httpPort), https: String(httpsPort), ssh: String(sshPort) };
  }

  const grid = (args: readonly string[], { folder, env }: RunOptions = {}) =>
    run(bin, args, { cwd: folder ?? home, env: { ...environment, ...env } });
  const git = (args: readonly string[], folder: string) =>
    run('git', args, { cwd: folder, env: environment });

  await start();
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const claim = ['--email', 'ada@example.com', '--organization', 'Lab', '--ssh-key', `${key}.pub`];
  const { out } = await grid(['claim', '--data-directory', data, ...claim, '--json']);
  const claimed = JSON.parse(out) as { organizationId: string; token: string; secret: string };

  return {
    home,
    data,
    ...claimed,
    port: () => Number(ports.http),
    httpsPort: () => Number(ports.https),
    grid,
    git,
    async repository(files) {
      repositories += 1;
      const folder = join(home, `repository-${repositories}`);
      mkdirSync(folder);
      writeFiles(folder, files);
      await git(['init', '--quiet', '--initial-branch=master'], folder);
      await git(['add', '--all'], folder);
      await git(['commit', '--quiet', '--message', 'one'], folder);
      return folder;
    },
    async create(folder, { type, env = [], args = [] }) {
      const variables = env.flatMap((one) => ['--env', one]);
      const name = `app-${folder.split('-').at(-1)}`;
      const made = await grid(
        ['app', 'create', name, '--type', type, ...variables, ...args, '--format', 'json'],
        { folder },
      );
      return (JSON.parse(made.out) as { id: string }).id;
    },
    visit: (host, path = '/') => visit(Number(ports.http), host, path),
    async ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
      const answer = await fetch(`http://127.0.0.1:${ports.http}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${claimed.token}.${claimed.secret}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return JSON.parse(text || 'null') as Answer;
    },
    start,
    async restart(more) {
      child?.kill('SIGKILL');
      await until('the control plane is dead', () => child?.signalCode !== null);
      await start(bin, more);
    },
    kill: () => child?.kill('SIGKILL'),
    running: () => child?.exitCode === null && child.signalCode === null,
    async end() {
      await grid(['down', '--apps', '--data-directory', data]);
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
    query: <Row>(sql: string) =>
      onDatabase(true, (database) => database.prepare(sql).all() as Row[]),
    change: (sql) => onDatabase(false, (database) => database.exec(sql)),
  };

  function onDatabase<T>(readOnly: boolean, use: (database: DatabaseSync) => T): T {
    const database = new DatabaseSync(join(data, 'grid.db'), { readOnly, timeout: 5_000 });
    try {
      return use(database);
    } finally {
      database.close();
    }
  }
}

export function writeFiles(folder: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof content === 'object' && 'link' in content) {
      symlinkSync(content.link, path);
      continue;
    }
    const { text, mode } =
      typeof content === 'string' ? { text: content, mode: 0o644 } : { mode: 0o644, ...content };
    writeFileSync(path, text);
    chmodSync(path, mode);
  }
}

export const copyExample = (name: string, into: string): void =>
  cpSync(join(root, 'examples', name), into, { recursive: true });

function visit(
  port: number,
  host: string,
  path: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path, headers: { host }, agent: false },
      (answer) => {
        let body = '';
        answer.on('data', (part: Buffer) => (body += part.toString('utf8')));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
        answer.on('error', reject);
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

export const hostOf = (applicationId: string): string =>
  `${applicationId.replace('app_', 'app-')}.grid.localhost`;

/** Asks again and again until it holds; fails after `within` milliseconds. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  within = 60_000,
): Promise<void> {
  const deadline = AbortSignal.timeout(within);
  while (!(await holds())) {
    if (deadline.aborted) throw new Error(`it never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A Webapp in a few lines: answers with `text`, and says when it is told to end. */
export const serverOf = (text: string): string => `
import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = ${JSON.stringify(text)}.encode()
        self.send_response(200); self.send_header('content-length', str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(('0.0.0.0', int(os.environ['PORT'])), Handler).serve_forever()
`;

/** What the router that takes visitors says of itself. */
export async function findRouter(data: string): Promise<RouterStatus> {
  const [newest] = await findRouters(join(data, 'router'), AbortSignal.timeout(10_000));
  assert.ok(newest, 'no router runs');
  return newest.status;
}
