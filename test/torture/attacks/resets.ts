import { randomBytes } from 'node:crypto';
import { connect as connectTls } from 'node:tls';
import type { Attack } from '../attack.ts';
import { dial, sendAndReset } from '../raw.ts';
import { pour } from '../tally.ts';

const MANY = 5_000;

const upgradeOf = (host: string, path = '/'): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;

const bodyOf = (host: string, path: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"a":"${'x'.repeat(2_000)}`;

/** Connections that are reset at every moment that a stream has. */
export const resets: readonly Attack[] = [
  {
    name: 'resets-upgrade',
    run({ platform, attacker }, tally, signal) {
      const hosts = ['nobody.example.com', attacker.host, `127.0.0.1:${platform.port()}`];
      return pour({ times: MANY, atOnce: 16, signal }, async (index) => {
        tally.tries += 1;
        const host = hosts[index % hosts.length] ?? '';
        await sendAndReset(platform.port(), upgradeOf(host, '/v2/events/event-socket'));
      });
    },
  },
  {
    name: 'resets-body',
    run({ platform, attacker }, tally, signal) {
      const port = platform.port();
      const texts = [
        bodyOf(attacker.host, '/'),
        bodyOf(`127.0.0.1:${port}`, '/grid/v1/sign-in'),
        bodyOf(`127.0.0.1:${port}`, `/git/${attacker.webapp}.git/git-receive-pack`),
        bodyOf('nobody.example.com', '/'),
        'GET / HTTP/1.1\r\nHost: a\r\nX: ',
        Buffer.from([0x16, 3, 1, 0, 200]).toString('latin1'),
      ];
      return pour({ times: MANY, atOnce: 16, signal }, async (index) => {
        tally.tries += 1;
        await sendAndReset(port, texts[index % texts.length] ?? '');
      });
    },
  },
  {
    name: 'resets-tls',
    run({ platform }, tally, signal) {
      const port = platform.httpsPort();
      return pour({ times: MANY, atOnce: 8, signal }, async (index) => {
        tally.tries += 1;
        if (index % 2 === 0) return sendAndReset(port, beginHandshake());
        const socket = await dial(port);
        if (socket === undefined) return undefined;
        const tls = connectTls({
          socket,
          rejectUnauthorized: false,
          servername: 'nobody.localhost',
        });
        tls.on('error', () => undefined);
        await new Promise((resolve) => tls.once('secureConnect', resolve).once('close', resolve));
        tls.write(upgradeOf('nobody.localhost'));
        socket.resetAndDestroy();
        return undefined;
      });
    },
  },
];

/** The beginning of a client's hello, and noise. */
const beginHandshake = (): Buffer =>
  Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), randomBytes(40)]);
