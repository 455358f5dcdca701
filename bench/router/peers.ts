import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../test/system/platform.ts';
import { findPort } from '../ports.ts';

export const peers = ['caddy', 'nginx', 'haproxy'] as const;
export type Peer = (typeof peers)[number];

type Later = (step: () => Promise<void> | void) => void;
type Place = { directory: string; port: number; upstream: number };

/** One process, as our router is; logs go to a file through a buffer, as ours do. */
const nginx = ({ directory, port }: Pick<Place, 'directory' | 'port'>, server: string): string => `
daemon off;
worker_processes 1;
pid ${directory}/pid;
error_log ${directory}/error.log;
events { worker_connections 1024; }
http {
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  keepalive_requests 1000000000;
  ${server.replace('PORT', `127.0.0.1:${port}`)}
}`;

const configurations: Record<Peer, (place: Place) => string> = {
  nginx: (place) =>
    nginx(
      place,
      `access_log ${place.directory}/access.log combined buffer=64k flush=500ms;
  upstream app { server 127.0.0.1:${place.upstream}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen PORT;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }`,
    ),
  caddy: ({ directory, port, upstream }) => `
{
  admin off
  auto_https off
  storage file_system ${directory}
}
http://:${port} {
  bind 127.0.0.1
  log {
    output file ${directory}/access.log
  }
  reverse_proxy 127.0.0.1:${upstream}
}
`,
  haproxy: ({ port, upstream }) => `
global
  nbthread 1
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:${port}
  option forwardfor
  default_backend app
backend app
  http-reuse always
  server app 127.0.0.1:${upstream}
`,
};

const commands: Record<Peer, (configuration: string, directory: string) => string[]> = {
  nginx: (configuration, directory) => ['nginx', '-p', directory, '-c', configuration],
  caddy: (configuration) => ['caddy', 'run', '--config', configuration, '--adapter', 'caddyfile'],
  haproxy: (configuration) => ['haproxy', '-db', '-f', configuration],
};

/** Starts a reverse proxy before the upstream, with an access log; its port. */
export async function startPeer(peer: Peer, upstream: number, later: Later): Promise<number> {
  const place = { directory: makeDirectory(later), port: await findPort(), upstream };
  await start(peer, configurations[peer](place), { ...place, later });
  return place.port;
}

/** Answers 1 KiB to whatever is asked, as fast as anything; its port. */
export async function startUpstream(later: Later): Promise<number> {
  const place = { directory: makeDirectory(later), port: await findPort() };
  const body = 'x'.repeat(1024);
  const server = `access_log off; server { listen PORT; location / { return 200 ${body}; } }`;
  await start('nginx', nginx(place, server), { ...place, later });
  return place.port;
}

function makeDirectory(later: Later): string {
  const directory = mkdtempSync(join(tmpdir(), 'grid-bench-'));
  later(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function start(
  peer: Peer,
  configuration: string,
  { directory, port, later }: { directory: string; port: number; later: Later },
): Promise<void> {
  const file = join(directory, 'configuration');
  writeFileSync(file, configuration);
  const [program = '', ...args] = commands[peer](file, directory);
  const output = join(directory, 'output');
  const written = openSync(output, 'a');
  const child = spawn(program, args, {
    stdio: ['ignore', written, written],
    env: { ...process.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory },
  });
  const ended = once(child, 'exit');
  later(async () => {
    child.kill();
    await ended;
  });
  await until(`${peer} listens`, () => {
    if (child.exitCode !== null) throw new Error(`${peer} ended: ${readFileSync(output, 'utf8')}`);
    return listens(port);
  });
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
