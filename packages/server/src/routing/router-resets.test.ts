import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect as connectSecurely } from 'node:tls';
import { makeCertificate } from '../testing/certificate.ts';
import { serveHttp } from '../testing/http.ts';
import { HOST, makeRoute, openTestRouter, upstreamAt } from '../testing/router.ts';

const ROUNDS = 2_400;
const AT_A_TIME = 24;
const INNOCENT_EVERY = 100;

const head = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`;
const upgrade = (host: string, path = '/'): string =>
  head(`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: Upgrade', 'Upgrade: websocket');

/** What strangers send before they are gone. */
const sent: readonly string[] = [
  upgrade('nobody.test'),
  upgrade('nobody.test'),
  upgrade(HOST, '/agree'),
  upgrade(HOST, '/refuse'),
  upgrade(HOST, '/reset'),
  upgrade(HOST, '/silent'),
  upgrade('localhost', '/nothing'),
  upgrade('gone.test'),
  `${head('POST / HTTP/1.1', `Host: ${HOST}`, 'Content-Length: 100000')}half of a body`,
  head('POST / HTTP/1.1', 'Host: localhost', 'Transfer-Encoding: chunked') + 'ffff\r\nhalf',
  head('POST / HTTP/1.1', `Host: ${HOST}`, 'Content-Length: 9', 'Expect: 100-continue'),
  head('GET /large HTTP/1.1', `Host: ${HOST}`),
  head('GET /reset HTTP/1.1', `Host: ${HOST}`),
  head('GET / HTTP/1.1', 'Host: nobody.test').repeat(20),
  head('GET /large HTTP/1.1', `Host: ${HOST}`).repeat(3) + upgrade('nobody.test'),
  head('CONNECT nobody.test:443 HTTP/1.1', 'Host: nobody.test'),
  'GET / HTTP/1.1\r\nHost',
  'no HTTP at all\r\n\r\n',
  head('GET / HTTP/1.1', `Host: ${HOST}`, `X-Long: ${'x'.repeat(100_000)}`),
  '',
];

/** Numbers below `below` in an order that is the same each time. */
function dice(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** An application that is as odd as its visitors. */
async function odd(t: TestContext): Promise<number> {
  const { server, port } = await serveHttp(t, (request, response) => {
    request.on('error', () => undefined);
    if (request.url === '/reset') request.socket.resetAndDestroy();
    else if (request.url === '/large') response.end(Buffer.alloc(1024 * 1024));
    else request.resume().on('end', () => response.end('served'));
  });
  server.on('upgrade', (request, socket: Socket) => {
    socket.on('error', () => undefined);
    if (request.url === '/agree') socket.write(head('HTTP/1.1 101 OK', 'Upgrade: websocket'));
    if (request.url === '/refuse') socket.end(head('HTTP/1.1 403 No', 'Content-Length: 5'));
    if (request.url === '/reset') socket.resetAndDestroy();
    t.after(() => socket.destroy());
  });
  return port;
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

type Where = { port: number; roll(below: number): number };

/** Says something, and resets the connection: at once, soon, or when something is heard. */
async function comeAndGo({ port, roll }: Where): Promise<void> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  const gone = new Promise((resolve) => socket.once('close', resolve));
  await Promise.race([once(socket, 'connect').catch(() => undefined), gone]);
  socket.write(sent[roll(sent.length)] ?? '');
  if (roll(4) === 0) {
    const heard = new Promise((resolve) => socket.once('data', resolve));
    await Promise.race([heard, gone, turns(50)]);
  } else await turns(roll(12));
  socket.resetAndDestroy();
  await gone;
}

/** The same over TLS: in the handshake, or behind it. */
async function comeAndGoSecurely({ port, roll }: Where): Promise<void> {
  const raw = connect(port, '127.0.0.1').on('error', () => undefined);
  const gone = new Promise((resolve) => raw.once('close', resolve));
  if (roll(3) === 0) raw.write(Buffer.from('16030100c8010000c40303', 'hex'));
  else {
    const secure = connectSecurely({ socket: raw, rejectUnauthorized: false, servername: HOST });
    secure.on('error', () => undefined);
    const ready = new Promise((resolve) => secure.once('secureConnect', resolve));
    if (roll(3) > 0) await Promise.race([ready, gone]);
    secure.write(sent[roll(sent.length)] ?? '');
  }
  await turns(roll(12));
  raw.resetAndDestroy();
  await gone;
}

test('connections that are reset at any moment end alone: everybody else is served', async (t) => {
  const { tls } = await makeCertificate(t);
  const routes = [
    makeRoute({ upstreams: [upstreamAt(await odd(t))] }),
    makeRoute({ host: 'gone.test', upstreams: [upstreamAt(1)] }),
  ];
  const { port, httpsPort, ask } = await openTestRouter(t, routes, { tls, platformHoldMs: 1 });
  const roll = dice();
  let left = ROUNDS;
  const strangers = Array.from({ length: AT_A_TIME }, async () => {
    while (left > 0) {
      left -= 1;
      if (left % INNOCENT_EVERY === 0) assert.equal((await ask()).body, 'served');
      if (roll(6) === 0) await comeAndGoSecurely({ port: httpsPort, roll });
      else await comeAndGo({ port, roll });
    }
  });
  await Promise.all(strangers);
  assert.equal((await ask()).body, 'served');
});
