import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { exchange, serveBytes } from '../testing/http.ts';
import { HOST, makeRoute, openTestRouter, upstreamAt } from '../testing/router.ts';

const lines = (...all: string[]): string => `${all.join('\r\n')}\r\n\r\n`;
/** These letters as bytes of UTF-8, each shown as a character. */
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

const NAME = `Content-Disposition: attachment; filename="${utf8('日本 é')}.csv"`;
const LATIN = 'X-Latin: é';
const LOCATION = `Location: ${utf8('/café')}`;
const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket'];
const PLAIN = ['Connection: close'];

/** An application that answers so, and what it heard. */
async function saying(t: TestContext, answer: string) {
  const heard: string[] = [];
  const own = await serveBytes(t, (socket, piece) => {
    heard.push(piece.toString('latin1'));
    socket.write(answer, 'latin1');
  });
  const { port, accesses } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
  const ask = (first: string, ...headers: string[]) =>
    exchange(t, port, {
      bytes: lines(first, `Host: ${HOST}`, ...headers),
      whole: /^HTTP\/1\.1 101 [^]*\r\n\r\n/,
    });
  return { ask, port, heard, accesses };
}

test('the head of an answer reaches the visitor byte for byte, in whatever alphabet and order', async (t) => {
  const headers = ['Content-Length: 0', NAME, LATIN, LOCATION, 'Set-Cookie: a=é'];
  for (const [status, asked] of [
    ['302 Found', PLAIN],
    ['200 Very Fine', PLAIN],
    [`299 ${utf8('schön')}`, PLAIN],
    ['403 Nein', UPGRADE],
    ['401 schön', UPGRADE],
  ] as const) {
    const { ask } = await saying(t, lines(`HTTP/1.1 ${status}`, ...headers));
    const answer = await ask('GET / HTTP/1.1', ...asked);
    assert.ok(answer.startsWith(`HTTP/1.1 ${status}\r\n`), answer);
    for (const header of headers) assert.ok(answer.includes(`${header}\r\n`), answer);
  }
  const agreed = ['HTTP/1.1 101 schön', ...UPGRADE, NAME, LATIN];
  const answer = await (await saying(t, lines(...agreed))).ask('GET / HTTP/1.1', ...UPGRADE);
  for (const line of agreed) assert.ok(answer.includes(`${line}\r\n`), answer);
});

test('the head of a request reaches the application byte for byte', async (t) => {
  for (const asked of [PLAIN, UPGRADE]) {
    const { ask, heard } = await saying(t, lines('HTTP/1.1 200 OK', 'Content-Length: 0'));
    const headers = [NAME, LATIN, `Cookie: a=${utf8('é')}; b=é`];
    await ask(`GET / HTTP/1.1`, ...headers, ...asked);
    for (const header of headers) assert.ok(heard[0]?.includes(`${header}\r\n`), heard[0]);
  }
});

test('an answer’s head may be as large as a request’s; of a larger one the visitor is told', async (t) => {
  const answerOf = (size: number): string =>
    lines('HTTP/1.1 200 OK', 'Content-Length: 0', `X-Big: ${'x'.repeat(size)}`);
  for (const asked of [PLAIN, UPGRADE]) {
    const large = await (await saying(t, answerOf(60_000))).ask('GET / HTTP/1.1', ...asked);
    assert.match(large, /^HTTP\/1\.1 200 OK\r\n/);
    assert.ok(large.includes('x'.repeat(60_000)));
    const { ask, accesses } = await saying(t, answerOf(70_000));
    const refused = await ask('GET / HTTP/1.1', ...asked);
    assert.match(refused, /^HTTP\/1\.1 502 [^]*answer is too large/);
    assert.equal(accesses[0]?.statusCode, 502);
  }
});

test('what is no HTTP is said to be none, and not asked again', async (t) => {
  for (const asked of [PLAIN, UPGRADE]) {
    const { ask, heard } = await saying(t, 'SSH-2.0-OpenSSH\r\n');
    assert.match(await ask('GET / HTTP/1.1', ...asked), /^HTTP\/1\.1 502 [^]*not valid HTTP/);
    assert.equal(heard.length, 1);
  }
});

test('what stands behind the body of an answer is passed on, to whom it can be', async (t) => {
  const trailing = `${lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Trailer: X-Sum')}2\r\nok\r\n0\r\nX-Sum: é\r\n\r\n`;
  const { ask } = await saying(t, trailing);
  const answer = await ask('GET / HTTP/1.1', ...PLAIN);
  assert.match(answer, /\r\nTrailer: X-Sum\r\n[^]*\r\n2\r\nok\r\n0\r\nX-Sum: é\r\n\r\n$/);
  const old = await ask('GET / HTTP/1.0', ...PLAIN);
  assert.match(old, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
  assert.doesNotMatch(old, /X-Sum/);
  const apart = await ask('GET / HTTP/1.1', ...UPGRADE);
  assert.match(apart, /\r\n2\r\nok\r\n0\r\nX-Sum: é\r\n\r\n$/);
});

test('what stands behind the body of a request reaches the application', async (t) => {
  const { port, heard } = await saying(t, '');
  const sent = lines(
    'PUT / HTTP/1.1',
    `Host: ${HOST}`,
    'Transfer-Encoding: chunked',
    'Trailer: X-Sum',
    'TE: trailers',
  );
  void exchange(t, port, { bytes: `${sent}2\r\nok\r\n0\r\nX-Sum: é\r\n\r\n` }).catch(
    () => undefined,
  );
  const whole = /^PUT \/ HTTP\/1\.1\r\n[^]*Trailer: X-Sum\r\n[^]*2\r\nok\r\n0\r\nX-Sum: é\r\n\r\n$/;
  while (!whole.test(heard.join(''))) await new Promise(setImmediate);
  assert.match(heard.join(''), /\r\nTE: trailers\r\n/);
});

test('what stands behind the body of a request brings nothing that its head may not', async (t) => {
  const forwarding = 'X-Forwarded-For X_Forwarded_Proto X-Original-URL X-Real-IP Forwarded Proxy';
  const others = 'X-Request-Id Connection Mine Expect Host Content-Type Cookie Authorization';
  const barred = `${forwarding} ${others}`.split(' ');
  const heard: string[] = [];
  const own = await serveBytes(t, (socket, piece) => {
    heard.push(String(piece));
    if (/\r\n0\r\n([^]*\r\n)?\r\n$/.test(heard.join(''))) socket.end(lines('HTTP/1.1 204 None'));
  });
  const { port } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
  for (const [allowed, passed] of [
    [['X-Sum'], ['Trailer: X-Sum', '0\r\nX-Sum: said']],
    [[], ['X-Request-Id: its-own-id', '0']],
  ] as const) {
    heard.length = 0;
    const names = [...barred, ...allowed];
    const head = ['Connection: close, mine', 'Transfer-Encoding: chunked'];
    head.push(`Trailer: ${names.join(', ')}`, 'X-Request-Id: its-own-id');
    const behind = lines(...names.map((name) => `${name}: said`));
    const sent = `${lines('PUT / HTTP/1.1', `Host: ${HOST}`, ...head)}2\r\nok\r\n0\r\n${behind}`;
    await exchange(t, port, { bytes: sent });
    assert.equal(heard.join('').match(/said/g)?.length ?? 0, allowed.length);
    for (const text of passed) assert.ok(heard.join('').includes(`\r\n${text}\r\n`));
  }
});

test('a question about the whole of a server is passed on', async (t) => {
  const { ask, heard } = await saying(t, lines('HTTP/1.1 204 No Content', 'Allow: GET, HEAD'));
  assert.match(await ask('OPTIONS * HTTP/1.1', ...PLAIN), /^HTTP\/1\.1 204 [^]*Allow: GET, HEAD/);
  assert.match(heard[0] ?? '', /^OPTIONS \* HTTP\/1\.1\r\n/);
});
