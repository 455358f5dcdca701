import type { Attack } from '../attack.ts';
import { ask, hold, statusIn } from '../raw.ts';
import { count, pour } from '../tally.ts';

const BIG = 4 * 1024 ** 2;

const shapes: readonly (() => string)[] = [
  () => `[${'1,'.repeat(BIG / 2)}1]`,
  () => '['.repeat(BIG / 2),
  () => `{${Array.from({ length: 300_000 }, (_, at) => `"k${at}":1`).join(',')}}`,
  () => `{"email":"${'a'.repeat(BIG)}","password":"x"}`,
  () => `{"email":${'{"a":'.repeat(BIG / 8)}1${'}'.repeat(BIG / 8)}}`,
];

const JSON_BODY = { 'content-type': 'application/json' };

/** What anybody can ask without an account. */
export const requests: readonly Attack[] = [
  {
    name: 'slow-bodies',
    async run({ platform }, tally, signal) {
      const text = `POST /grid/v1/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"email":`;
      const heads = await hold(platform.port(), { times: 100, text, signal });
      for (const head of heads) count(tally, statusIn(head), 'an unfinished body');
    },
  },
  {
    name: 'followers',
    async run({ platform, attacker }, tally, signal) {
      const { ownerId, webapp, bearer } = attacker;
      const path = `/v4/logs/organisations/${ownerId}/applications/${webapp}/logs`;
      const text = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${bearer}\r\n\r\n`;
      const heads = await hold(platform.port(), { times: 70, text, signal });
      for (const head of heads) count(tally, statusIn(head), 'a follower');
    },
  },
  {
    name: 'big-json',
    run({ platform }, tally, signal) {
      const bodies = shapes.map((make) => make());
      return pour({ times: 60, atOnce: 2, signal }, async (index) => {
        const body = bodies[index % bodies.length] ?? '';
        const asked = { method: 'POST', path: '/grid/v1/sign-in', headers: JSON_BODY, body };
        count(tally, await ask(platform.port(), asked, signal), 'big JSON');
      });
    },
  },
  {
    name: 'long-headers',
    run({ platform }, tally, signal) {
      const values = [`OAuth ${'a'.repeat(15_000)}`, `OAuth ${'a ='.repeat(5_000)}`];
      const more = [`Basic ${'='.repeat(15_000)}`, `Bearer ${'.'.repeat(15_000)}`];
      return pour({ times: 200, atOnce: 8, signal }, async (index) => {
        const authorization = [...values, ...more][index % 4] ?? '';
        const asked = { path: '/v2/self', headers: { authorization } };
        count(tally, await ask(platform.port(), asked, signal), 'a long header');
      });
    },
  },
];

/** The last, since what it does to the innocent account may outlast it. */
export const signIns: readonly Attack[] = [
  {
    name: 'sign-ins',
    run({ platform, innocent }, tally, signal) {
      return pour({ times: 400, atOnce: 40, signal }, async (index) => {
        const email = index % 2 === 0 ? innocent.email : `nobody-${index}@example.com`;
        const body = JSON.stringify({ email, password: 'a wrong password' });
        const asked = { method: 'POST', path: '/grid/v1/sign-in', headers: JSON_BODY, body };
        count(tally, await ask(platform.port(), asked, signal), 'a sign-in');
      });
    },
  },
];
