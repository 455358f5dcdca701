import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import type { TestContext } from 'node:test';
import { closeDocker, openDocker } from '../../packages/server/src/testing/docker.ts';
import type { Docker } from '../../packages/server/src/testing/docker.ts';
import { importPython } from './docker-images.ts';
import { copyExample, hostOf, openPlatform, until } from './platform.ts';
import type { Files, Platform, Ran } from './platform.ts';

export const PYTHON_IMAGE = 'python:3.12-slim';

/** A platform with a Docker engine of the tests' own, in which the base image of the examples is. */
export type Scene = { platform: Platform; docker: Docker };

let scene: Promise<Scene | undefined> | undefined;

/** The scene of this test file, or undefined where this machine cannot have one. */
export function openScene(
  t: TestContext,
  settings: Record<string, string> = {},
): Promise<Scene | undefined> {
  scene ??= makeScene(t, settings);
  return scene;
}

async function makeScene(t: TestContext, settings: Record<string, string>) {
  const docker = await openDocker(t);
  if (docker === undefined || !(await importPython(docker, PYTHON_IMAGE, t))) return undefined;
  return {
    docker,
    platform: await openPlatform({ GRID_DOCKER_SOCKET: docker.socketPath, ...settings }),
  };
}

after(async () => {
  await (await scene)?.platform.end();
  await closeDocker();
});

/** One that never serves is not waited for longer. */
const PATIENCE = 'CG_START_TIMEOUT=30';

type Options = { type?: string; env?: string[]; args?: string[]; example?: string };

export type Row = { number: number; status: string; reason: string | null; detail: string | null };

/** An application with these files; a Docker Webapp where nothing else is said. */
export async function openApplication(
  { platform }: Scene,
  files: Files,
  { type = 'ml_docker_web', env = [], args = [], example }: Options = {},
) {
  const folder = await platform.repository({ '.keep': '', ...files });
  if (example !== undefined) {
    copyExample(example, folder);
    await commit(platform, folder);
  }
  const patience = env.some((one) => one.startsWith('CG_START_TIMEOUT')) ? [] : [PATIENCE];
  const id = await platform.create(folder, { type, env: [...patience, ...env], args });
  const host = hostOf(id);
  const of = `application_id = '${id}'`;
  return {
    id,
    folder,
    host,
    of,
    path: `/v2/organisations/${platform.organizationId}/applications/${id}`,
    deploy: (): Promise<Ran> => platform.grid(['deploy'], { folder }),
    restart: (): Promise<Ran> => platform.grid(['restart'], { folder }),
    /** Commits these files; `push` brings the head to the platform and waits for nothing. */
    async change(changed: Record<string, string>): Promise<void> {
      for (const [name, text] of Object.entries(changed)) writeFileSync(join(folder, name), text);
      await commit(platform, folder);
    },
    push: (): Promise<Ran> => platform.git(['push', 'grid', 'HEAD:master'], folder),
    set: (...settings: string[]): Promise<Ran> =>
      platform.grid(['env', 'set', ...settings], { folder }),
    logs: async (...args: string[]): Promise<string> =>
      (await platform.grid(['logs', ...args], { folder })).out,
    visit: (path?: string) => platform.visit(host, path),
    deployments: (): Row[] =>
      platform.query(
        `select number, status, reason, detail from deployments where ${of} order by number`,
      ),
    /** How many images were made for it; a build that found one is not counted. */
    builds: (): number =>
      platform.query(
        `select i.id from instances i join workloads w on w.id = i.workload_id where w.subject_kind = 'build' and i.${of} and i.started_at is not null`,
      ).length,
    async serves(text: string): Promise<void> {
      await until(`it serves ${text}`, async () => (await platform.visit(host)).body === text);
    },
  };
}

export type Application = Awaited<ReturnType<typeof openApplication>>;

async function commit(platform: Platform, folder: string): Promise<void> {
  await platform.git(['add', '--all'], folder);
  await platform.git(['commit', '--quiet', '--allow-empty', '--message', 'next'], folder);
}

/** The engine as its own command line sees it. */
export const docker = ({ docker: engine }: Scene, ...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const all = ['--host', `unix://${engine.socketPath}`, ...args];
    execFile('docker', all, (error, stdout, stderr) =>
      error === null ? resolve(stdout.trim()) : reject(new Error(stderr)),
    );
  });

/** The containers of an application that run. */
export const containersOf = async (scene: Scene, { id }: Application): Promise<string[]> =>
  (await docker(scene, 'ps', '--quiet', '--filter', `label=clever-grid.application=${id}`))
    .split('\n')
    .filter((one) => one !== '');

/** A Webapp of Python's own server in an image: answers with its text, and goes on `PORT`. */
export const webapp = (text: string, more = ''): Files => ({
  Dockerfile: `FROM ${PYTHON_IMAGE}\n${more}COPY server.py /\nCMD ["python", "/server.py"]\n`,
  'server.py': `
import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = ${JSON.stringify(text)}.encode()
        self.send_response(500 if self.path == '/broken' else 200)
        self.send_header('content-length', str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(('0.0.0.0', int(os.environ['PORT'])), Handler).serve_forever()
`,
});

/** A Runner that runs these lines of Python. */
export const runner = (lines: string): Files => ({
  Dockerfile: `FROM ${PYTHON_IMAGE}\nCOPY main.py /\nCMD ["python", "-u", "/main.py"]\n`,
  'main.py': lines,
});
