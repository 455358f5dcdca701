import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  answeredHeaders,
  forwardedHeaders,
  isLoopback,
  originOf,
  requestId,
} from './forwarded-headers.ts';

type Pairs = readonly (readonly [name: string, value: string])[];

/** What an instance is told of a request with these headers, by name; of each name, all values. */
function forwarded(pairs: Pairs, remoteAddress = '192.0.2.7') {
  const headers = Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
  const origin = originOf({ headers, socket: { remoteAddress, localPort: 8080 } });
  const sent = forwardedHeaders({ headers, rawHeaders: pairs.flat() }, { origin, id: 'the-id' });
  const names = sent.filter((_, index) => index % 2 === 0);
  const values = sent.filter((_, index) => index % 2 === 1);
  return Object.fromEntries(
    names.map((name) => [
      name.toLowerCase(),
      values.filter((_, index) => names[index]?.toLowerCase() === name.toLowerCase()),
    ]),
  );
}

const SPOOFED: Pairs = [
  ['Host', 'app.test'],
  ['X-Forwarded-For', '203.0.113.9'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Host', 'other.test'],
  ['X-Forwarded-Port', '443'],
  ['Forwarded', 'for=203.0.113.9'],
  ['X_Forwarded_For', '203.0.113.9'],
  ['X-Forwarded-Server', 'other.test'],
  ['X-Forwarded', 'for=203.0.113.9'],
  ['X-Original-URL', '/admin'],
  ['X-Original-Forwarded-For', '203.0.113.9'],
  ['Proxy', 'http://203.0.113.9'],
];
const OF_PROXIES: Pairs = [
  ['X-Real-IP', '203.0.113.9'],
  ['True-Client-IP', '203.0.113.9'],
  ['CF-Connecting-IP', '203.0.113.9'],
  ['X_Client_IP', '203.0.113.9'],
  ['X-Rewrite-Url', '/admin'],
];

test('what strangers say of where they come from is dropped, underscores for hyphens too', () => {
  assert.deepEqual(forwarded([...SPOOFED, ...OF_PROXIES]), {
    host: ['app.test'],
    'x-forwarded-for': ['192.0.2.7'],
    'x-forwarded-proto': ['http'],
    'x-forwarded-host': ['app.test'],
    'x-forwarded-port': ['8080'],
    'x-request-id': ['the-id'],
  });
});

test('a proxy on this machine is believed, and named after the client', () => {
  for (const proxy of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
    const told = forwarded(SPOOFED, proxy);
    assert.deepEqual(told['x-forwarded-for'], [`203.0.113.9, ${proxy.replace('::ffff:', '')}`]);
    assert.deepEqual(told['x-forwarded-proto'], ['https']);
    assert.deepEqual(told['x-forwarded-host'], ['other.test']);
    assert.deepEqual(told['x-forwarded-port'], ['443']);
    assert.equal(told['forwarded'], undefined);
  }
  const nonsense = forwarded([['X-Forwarded-Proto', 'gopher']], '127.0.0.1');
  assert.deepEqual(nonsense['x-forwarded-proto'], ['http']);
});

test('what else proxies say of who asks comes from one on this machine alone', () => {
  for (const [name, value] of OF_PROXIES) {
    assert.deepEqual(forwarded([[name, value]], '127.0.0.1')[name.toLowerCase()], [value]);
    assert.equal(forwarded([[name, value]])[name.toLowerCase()], undefined, name);
  }
});

test('who reads the first headers alone reads ours', () => {
  const headers = { host: 'app.test' };
  const origin = originOf({ headers, socket: { remoteAddress: '192.0.2.7', localPort: 80 } });
  const sent = forwardedHeaders({ headers, rawHeaders: ['Host', 'app.test'] }, { origin, id: 'x' });
  assert.deepEqual(sent.slice(0, 2), ['X-Forwarded-For', '192.0.2.7']);
});

test('of several proxies, the one that came to us names the client', () => {
  const socket = { remoteAddress: '127.0.0.1', localPort: 80 };
  const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' };
  assert.equal(originOf({ headers, socket }).client, '203.0.113.9');
});

test('whom a proxy on this machine names counts, whatever the client wrote before that', () => {
  const socket = { remoteAddress: '::ffff:127.0.0.1', localPort: 80 };
  const client = '203.0.113.9';
  for (const written of ['unknown', '<script>', '', ' , ', '10.0.0.1:80, ', '1, '.repeat(1_000)]) {
    const headers = { 'x-forwarded-for': `${written}, ${client}` };
    const origin = originOf({ headers, socket });
    assert.equal(origin.client, client, written);
    assert.match(origin.forwardedFor, /^([\d.]+, )*203\.0\.113\.9, 127\.0\.0\.1$/);
    assert.ok(origin.forwardedFor.length < 300);
  }
  const ports = { 'x-forwarded-for': '203.0.113.9:4711, [2001:db8::1]:80' };
  assert.equal(
    originOf({ headers: ports, socket }).forwardedFor,
    '203.0.113.9, 2001:db8::1, 127.0.0.1',
  );
  const nothing = originOf({ headers: { 'x-forwarded-for': 'unknown' }, socket });
  assert.deepEqual([nothing.client, nothing.forwardedFor], ['127.0.0.1', '127.0.0.1']);
});

test('headers of one connection stay there, those that Connection names too', () => {
  const told = forwarded([
    ['Connection', 'close, X-Mine, Secret_Sauce'],
    ['X-Mine', '1'],
    ['Secret-Sauce', '1'],
    ['Keep-Alive', 'timeout=5'],
    ['TE', 'trailers'],
    ['Upgrade', 'h2c'],
    ['Proxy-Authorization', 'Basic x'],
    ['Transfer-Encoding', 'chunked'],
    ['Authorization', 'Bearer x'],
    ['Cookie', 'a=1'],
  ]);
  assert.deepEqual(
    Object.keys(told).filter((name) => !name.startsWith('x-')),
    ['authorization', 'cookie', 'te'],
  );
  assert.equal(told['x-mine'], undefined);
  assert.deepEqual(told['te'], ['trailers'], 'it is said for the connection to the instance');
  const answer = [
    ['Connection', 'close, X-Mine'],
    ['X-Mine', '1'],
    ['Keep-Alive', 'timeout=5'],
    ['Transfer-Encoding', 'chunked'],
    ['Upgrade', 'h2,h2c'],
    ['ETag', '1'],
  ] as const;
  assert.deepEqual(answered(answer), ['ETag', '1', 'X-Request-Id', 'the-id']);
});

const GET = { httpVersion: '1.1', method: 'GET' };

/** What a client is told of an answer with these headers. */
const answered = (pairs: Pairs, given: { status?: number; cookie?: string } = {}): string[] =>
  answeredHeaders(pairs.flat(), { visit: { id: 'the-id', request: GET }, status: 200, ...given });

test('what an application says of its answer is said once, and by itself', () => {
  assert.deepEqual(answered([['X-Request-Id', 'theirs']]), ['X-Request-Id', 'theirs']);
  const theirs = ['Set-Cookie', 'session=1', 'Set-Cookie', 'b=2'] as const;
  const cookies: Pairs = [
    ['Set-Cookie', 'session=1'],
    ['Set-Cookie', 'b=2'],
  ];
  assert.deepEqual(answered(cookies, { cookie: 'grid_instance=x' }).slice(0, 6), [
    ...theirs,
    'Set-Cookie',
    'grid_instance=x',
  ]);
  for (const name of ['Via', 'Server', 'Date', 'X-Forwarded-For', 'Alt-Svc'])
    assert.deepEqual(answered([[name, 'theirs']]).slice(0, 2), [name, 'theirs']);
  assert.ok(answered([['Upgrade', 'TLS/1.0']], { status: 426 }).includes('TLS/1.0'));
});

test('a promise of trailers is passed on where they can follow', () => {
  const chunked: Pairs = [
    ['Trailer', 'X-Sum'],
    ['Transfer-Encoding', 'chunked'],
  ];
  assert.deepEqual(answered(chunked).slice(0, 2), ['Trailer', 'X-Sum']);
  assert.ok(!answered(chunked, { status: 304 }).includes('Trailer'));
  assert.ok(!answered([...chunked.slice(0, 1), ['Content-Length', '1']]).includes('Trailer'));
});

test('whatever is sent, an instance is told once and by us where it came from', () => {
  const names = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port'];
  const name = fc
    .constantFrom(...names, 'x-request-id', 'connection', 'accept')
    .chain((text) => fc.mixedCase(fc.constant(text)))
    .chain((text) => fc.constantFrom(text, text.replaceAll('-', '_')));
  const value = fc.oneof(fc.constantFrom(...names), fc.stringMatching(/^[\w.:, -]{0,20}$/));
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
      const told = forwarded(pairs);
      assert.deepEqual(told['x-forwarded-for'], ['192.0.2.7']);
      assert.deepEqual(told['x-request-id'], ['the-id']);
      for (const one of names) {
        assert.equal(told[one]?.length, 1);
        assert.equal(told[one.replaceAll('-', '_')], undefined);
      }
    }),
  );
});

test('the id of a request is the client’s where it is harmless', () => {
  const id = (given?: string) =>
    requestId({ headers: given === undefined ? {} : { 'x-request-id': given } });
  assert.equal(id('build-1234.5'), 'build-1234.5');
  for (const harmful of [undefined, '', 'short', 'x'.repeat(129), 'a b c d e f', '<script>alert()'])
    assert.match(id(harmful), /^[\da-f-]{36}$/);
});

test('loopback is 127.0.0.0/8 and ::1', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
    assert.equal(isLoopback(address), true, address);
  for (const address of ['10.0.0.1', '1127.0.0.1', '::12', '192.0.2.127', '', undefined])
    assert.equal(isLoopback(address), false, address);
});
