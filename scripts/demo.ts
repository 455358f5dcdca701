import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * The whole product in a minute, by nothing but its public interfaces: the platform on a fresh data
 * directory, a training pushed as a Runner, a model server pushed as a Webapp, and what they cost.
 */
const { values } = parseArgs({
  options: {
    once: { type: 'boolean' },
    isolation: { type: 'string', default: process.env['GRID_ISOLATION'] ?? 'auto' },
  },
});
const root = join(import.meta.dirname, '..');
const grid = join(root, 'bin', 'grid');
const home = mkdtempSync(join(tmpdir(), 'clever-grid-demo-'));
const data = join(home, 'data');
const key = join(home, 'key');

const email = 'ada@example.com';
const password = randomBytes(9).toString('base64url');

/** Settings of another platform of this user's must not reach this one; what the machine needs may. */
const KEPT = /^GRID_(ALLOWED_NETWORKS|MEMORY_RESERVE_MIB|LOG_LEVEL|ALLOW_UNISOLATED)$/;

const environment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('GRID_') || KEPT.test(name)),
  ),
  XDG_CONFIG_HOME: home,
  NODE_COMPILE_CACHE: join(home, 'compile-cache'),
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_SSH_COMMAND: `ssh -i ${key} -o IdentitiesOnly=yes -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=${join(home, 'known_hosts')} -o LogLevel=ERROR`,
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: email,
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: email,
};

const bold = (text: string): string => (process.stdout.isTTY ? `\u001B[1m${text}\u001B[0m` : text);
const title = (text: string): boolean => process.stdout.write(`\n${bold(`▸ ${text}`)}\n`);

type RunOptions = { cwd?: string; quiet?: boolean; env?: Record<string, string> };

/** Runs a program to its end and passes its output on; what it printed. */
function run(
  file: string,
  args: readonly string[],
  { cwd, quiet, env }: RunOptions = {},
): Promise<string> {
  const child = spawn(file, args, {
    cwd,
    env: { ...environment, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (part: Buffer) => {
    text += part.toString('utf8');
    if (quiet !== true) process.stdout.write(part);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0
        ? resolve(text)
        : reject(new Error(`${file} ${args.join(' ')} failed (exit code ${code})`)),
    );
  });
}

let platform: ChildProcess | undefined;

/** Starts the platform; it is ready when its last start line says so. */
function startPlatform(): Promise<void> {
  const ports = ['--http-port', '0', '--https-port', '0', '--ssh-port', '0'];
  const args = ['up', '--data-directory', data, ...ports];
  const child = spawn(grid, [...args, '--isolation', values.isolation], {
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  platform = child;
  return new Promise((resolve, reject) => {
    let text = '';
    child.on('error', reject);
    child.on('exit', (code) =>
      reject(new Error(`the platform ended (exit code ${code}): ${text}`)),
    );
    child.stdout.on('data', (part: Buffer) => {
      text += part.toString('utf8');
      if (text.includes('Ready at ')) resolve();
    });
  });
}

async function pushExample(name: string, variables: readonly string[]): Promise<void> {
  const folder = join(home, name);
  cpSync(join(root, 'examples', name), folder, { recursive: true });
  const git = (...args: string[]) => run('git', args, { cwd: folder, quiet: true });
  await git('init', '--quiet', '--initial-branch=master');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'First commit');
  const env = variables.flatMap((variable) => ['--env', variable]);
  const type = name === 'train-digits' ? 'ml_python' : 'ml_python_web';
  await run(grid, ['app', 'create', name, '--type', type, ...env], { cwd: folder });
  await run(grid, ['deploy'], { cwd: folder });
}

type Status = { httpsPort: number; url: string; caPath: string };

/** Asks the Webapp through the router, as a visitor would. */
function visit({ httpsPort: port, caPath }: Status, host: string, body: object): Promise<string> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = { host, 'content-type': 'application/json', 'content-length': text.length };
    const place = { host: '127.0.0.1', port, servername: host, ca: readFileSync(caPath) };
    const options = { ...place, path: '/predict', method: 'POST', headers };
    const asked = request(options, (answer) => {
      let received = '';
      answer.on('data', (part: Buffer) => (received += part.toString('utf8')));
      answer.on('end', () =>
        answer.statusCode === 200
          ? resolve(received)
          : reject(new Error(`${answer.statusCode}: ${received}`)),
      );
    });
    asked.on('error', reject);
    asked.end(text);
  });
}

/** A handwritten 3 of scikit-learn's set. */
const THREE = [
  0, 0, 7, 15, 13, 1, 0, 0, 0, 8, 13, 6, 15, 4, 0, 0, 0, 2, 1, 13, 13, 0, 0, 0, 0, 0, 2, 15, 11, 1,
  0, 0, 0, 0, 0, 1, 12, 12, 1, 0, 0, 0, 0, 0, 1, 10, 8, 0, 0, 0, 8, 4, 5, 14, 9, 0, 0, 0, 7, 13, 13,
  9, 0, 0,
];

async function demo(): Promise<Status> {
  title('Starting the platform on a fresh data directory');
  await startPlatform();
  const status = JSON.parse(
    await run(grid, ['status', '--data-directory', data, '--json'], { quiet: true }),
  ) as Status;
  process.stdout.write(`It is up at ${status.url}\n`);

  title('The first user, their organization and their key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'demo', '-f', key]);
  const claim = ['--email', email, '--organization', 'Ada’s lab', '--ssh-key', `${key}.pub`];
  const env = { GRID_PASSWORD: password };
  await run(grid, ['claim', '--data-directory', data, ...claim], { env });

  title('A Runner: a real training, pushed by git over SSH');
  await pushExample('train-digits', ['CC_MLPYTHON_RUN_MAIN=train.py']);

  title('A Webapp: a model server');
  await pushExample('predict-digits', ['CC_MLPYTHON_RUN_MAIN=server.py']);

  title('Asking it through the router: which digit is this?');
  const shown = JSON.parse(
    await run(grid, ['status', '--app', 'predict-digits', '--json'], { quiet: true }),
  ) as { application: { vhosts: { fqdn: string }[] } };
  const host = shown.application.vhosts[0]?.fqdn ?? '';
  process.stdout.write(`https://${host}:${status.httpsPort}/predict\n`);
  process.stdout.write(`${await visit(status, host, { pixels: THREE })}\n`);

  title('What that cost so far');
  await run(grid, ['usage']);
  return status;
}

/** Ends everything that was started and takes it away. */
async function cleanUp(): Promise<void> {
  if (platform?.exitCode === null && platform.kill()) await once(platform, 'exit');
  if (existsSync(data))
    await run(grid, ['down', '--apps', '--data-directory', data], { quiet: true });
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}

const interrupted = new AbortController();

/** Ctrl-C leaves as little behind as a demo that came to its end. */
function cleanUpOnSignal(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      interrupted.abort();
      process.stderr.write('\nEnding the demo …\n');
      void cleanUp().finally(() => process.exit(130));
    });
}

cleanUpOnSignal();
try {
  const { url } = await demo();
  if (values.once === true) {
    await cleanUp();
    process.stdout.write('\nEverything is ended, and nothing is left behind.\n');
  } else {
    title('It stays up');
    process.stdout.write(`Address  ${url}
Sign in  ${grid} login --url ${url} --email ${email}
         with the password ${password}
Or use   export XDG_CONFIG_HOME=${home}
Then     ${grid} app list
Stop     ${grid} down --apps --data-directory ${data} && rm -r ${home}
`);
    process.exit(0);
  }
} catch (error) {
  if (interrupted.signal.aborted) await new Promise(() => undefined);
  process.stderr.write(`\nThe demo failed: ${(error as Error).message}\n`);
  const log = join(data, 'control-plane.log');
  if (existsSync(log))
    process.stderr.write(readFileSync(log, 'utf8').split('\n').slice(-20).join('\n'));
  await cleanUp().catch(() => undefined);
  process.exit(1);
}
