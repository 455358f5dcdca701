import assert from 'node:assert/strict';
import { validateHeaderValue } from 'node:http';
import { test } from 'node:test';
import fc from 'fast-check';
import { ownPath } from './own-path.ts';

/** Where a browser at the platform goes. */
const leadsTo = (path: string): string => new URL(path, 'https://grid.example.com').origin;

const CONTROLS = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code))
  .filter((one) => /\p{Cc}/u.test(one))
  .concat('\u2028', '\u2029', '\u00a0', '\ufeff');

test('a path of ours is gone on at, with its query', () => {
  for (const path of ['/', '/cli-oauth?cli_token=x&cli_version=1', '/a/b', '/%09/x'])
    assert.equal(ownPath(path), path);
  assert.equal(ownPath('cli-oauth'), '/cli-oauth');
  assert.equal(ownPath('/a#fragment'), '/a');
});

test('what leads elsewhere leads home', () => {
  const controls = CONTROLS.flatMap((one) => [`/${one}/evil.example`, `${one}//evil.example`]);
  const elsewhere = ['//evil.example', '/\\evil.example', '\\\\evil.example', '/.//evil.example'];
  const more = [
    'https://evil.example',
    'javascript:alert(1)',
    'http:evil.example',
    '/x/..//evil.example',
  ];
  for (const wanted of [...controls, ...elsewhere, ...more, 'http://[', '///evil.example']) {
    const path = ownPath(wanted);
    assert.match(path, /^\/(?![/\\])/, JSON.stringify(wanted));
    assert.equal(leadsTo(path), 'https://grid.example.com', JSON.stringify(wanted));
    validateHeaderValue('location', path);
  }
});

test('so does whatever can be written', () => {
  const piece = fc.oneof(
    fc.constantFrom('/', '\\', '.', ':', '@', '?', '#', 'http:', 'evil.example', ...CONTROLS),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const path = ownPath(pieces.join(''));
      assert.equal(leadsTo(path), 'https://grid.example.com');
      validateHeaderValue('location', path);
    }),
    { numRuns: 2_000 },
  );
});
