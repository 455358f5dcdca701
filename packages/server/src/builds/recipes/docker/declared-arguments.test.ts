import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { atOnce } from '../../../testing/at-once.ts';
import { declaredArguments, seenArguments } from './declared-arguments.ts';

test('arguments are read as the builder reads them: in any case, several on a line, over several lines', () => {
  const text = `# syntax=docker/dockerfile:1
ARG BASE=busybox
FROM $BASE
# ARG COMMENTED
  arg LOWER QUOTED="a B=c" LAST='x y'
ARG CONTINUED=1 \\
  # ARG INSIDE
  NEXT
onbuild ARG LATER
RUN echo ARG NOT \\
  ARG NEITHER`;
  assert.deepEqual(declaredArguments(text), [
    'BASE',
    'CONTINUED',
    'LAST',
    'LATER',
    'LOWER',
    'NEXT',
    'QUOTED',
  ]);
});

test('another escape character is known by its directive', () => {
  assert.deepEqual(declaredArguments('# escape=`\nFROM x\nARG A `\n B\nRUN dir c:\\\nARG C'), [
    'A',
    'B',
    'C',
  ]);
});

test('what is no Dockerfile says nothing', () => {
  for (const text of ['', 'docker/Dockerfile', 'ARG A', '# FROM x'])
    assert.equal(declaredArguments(text), undefined, text);
});

test('every declared name is found, whatever its value', () => {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.stringMatching(/^[\w=.:/-]*$/))), (pairs) => {
      const lines = pairs.map(([one, value]) => `ARG ${one}=${value}`);
      const found = declaredArguments(['FROM x', ...lines].join('\n'));
      assert.deepEqual(found, [...new Set(pairs.map(([one]) => one))].toSorted());
    }),
  );
});

test('steps see what is declared, proxies without that, and perhaps anything where nobody knows', () => {
  const seen = seenArguments('FROM x\nARG MODEL') ?? [];
  for (const name of ['MODEL', 'HTTP_PROXY', 'https_proxy', 'SOURCE_DATE_EPOCH'])
    assert.ok(seen.includes(name), name);
  assert.ok(!seen.includes('OTHER'));
  for (const text of ['', 'docker/Dockerfile', 'from node:8-onbuild\nARG MODEL'])
    assert.equal(seenArguments(text), undefined, text);
});

test('a Dockerfile is looked through once, however long it is', () => {
  for (const filling of ['\n', ' ', '"', '\\"', "'", '# escape\n', 'FROM x\n', 'ARG A="\\'])
    for (const line of ['ARG A="', "ARG A='", '']) {
      const text = `FROM x\n${line}${filling.repeat(262_144 / filling.length)}x\nARG LAST`;
      assert.ok(atOnce(() => seenArguments(text))?.includes('LAST'), `${line} and ${filling}`);
    }
});
