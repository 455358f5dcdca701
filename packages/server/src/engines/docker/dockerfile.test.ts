import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isReference, readDockerfile } from './dockerfile.ts';

const imagesOf = (text: string, values: Record<string, string> = {}): [string, number][] =>
  readDockerfile(text, values).images.map(({ reference, line }) => [reference, line]);

test('bases are found with their lines; stages, numbers and scratch are none', () => {
  const text = `# a comment
FROM --platform=linux/amd64 python:3.12 AS Build

from build as next
FROM scratch
COPY --from=0 / /
COPY --from=next / /
COPY --chown=1 --from=busybox:1 / /
RUN --mount=type=bind,from=alpine,target=/x true
`;
  assert.deepEqual(imagesOf(text), [
    ['python:3.12', 2],
    ['busybox:1', 8],
    ['alpine', 9],
  ]);
  const { stages } = readDockerfile(text, {});
  assert.deepEqual(
    stages.map(({ name, line }) => [name, line]),
    [
      ['build', 2],
      ['next', 4],
      [undefined, 5],
    ],
  );
});

test('variables in FROM take what is given, then the default, then nothing', () => {
  const text = `ARG TAG=1 NAME="some\\ name"
ARG FULL=base:\${TAG}
FROM $FULL
FROM x:\${TAG:-9}
FROM y:\${OTHER:-7}
FROM z:\${TAG:+set}
FROM w-$TARGETARCH
FROM v:\${TAG`;
  const references = (values: Record<string, string>): string[] =>
    imagesOf(text, values).map(([reference]) => reference);
  assert.deepEqual(references({}), ['base:1', 'x:1', 'y:7', 'z:set', 'w-', 'v:1']);
  assert.deepEqual(references({ TAG: '2', TARGETARCH: 'arm64', OTHER: 'hidden' }), [
    'base:2',
    'x:2',
    'y:7',
    'z:set',
    'w-arm64',
    'v:2',
  ]);
});

test('ARG is known anywhere, but only what is before the first FROM counts in FROM', () => {
  const text = 'ARG A=1\nFROM x\nARG B=2\nARG C\nFROM y:$B\n';
  assert.deepEqual(readDockerfile(text, {}).arguments, ['A', 'B', 'C']);
  assert.deepEqual(imagesOf(text), [['x', 2]]);
});

test('lines that go on, with comments and empty lines between, are one instruction', () => {
  assert.deepEqual(imagesOf('RUN a \\\n# FROM no\n\n  FROM no\nFROM \\\n  yes\n'), [['yes', 5]]);
});

test('an escape directive makes the backslash a character', () => {
  assert.deepEqual(imagesOf('# escape=`\nRUN dir C:\\\nFROM a\nRUN x `\nFROM b\n'), [['a', 3]]);
  assert.deepEqual(imagesOf('# hello\n# escape=`\nRUN dir \\\nFROM a\n'), []);
});

test('a syntax line names an image of another use', () => {
  const { images } = readDockerfile('# syntax=docker/dockerfile:1\nFROM a\n', {});
  assert.deepEqual(
    images.map(({ reference, use }) => [reference, use]),
    [
      ['docker/dockerfile:1', 'syntax'],
      ['a', 'base'],
    ],
  );
});

test('what is in a here-document is no instruction', () => {
  const text = `RUN <<EOF cat 3<<-"TWO"
FROM no
EOF
FROM no
\tTWO
RUN echo "a <<NOT b" x<<NOT <<<EOF
FROM yes
`;
  assert.deepEqual(imagesOf(text), [['yes', 7]]);
});

test('whatever the text, it is read, and every reference is one', () => {
  const piece = fc.constantFrom(
    'FROM ',
    'ARG ',
    'RUN ',
    '<<E',
    '\n',
    '\\',
    '$',
    '{',
    '}',
    ':-',
    '"',
    'a',
    '#',
    '../',
  );
  fc.assert(
    fc.property(
      fc.array(piece).map((all) => all.join('')),
      (text) => {
        const { images } = readDockerfile(text, { a: 'b' });
        assert.ok(images.every(({ reference }) => isReference(reference)));
      },
    ),
  );
});

test('a reference cannot lead to another path of the engine', () => {
  for (const text of ['../x', 'a/../b', 'a?b', 'a#b', 'a b', '', '/a', 'a//b', '.', 'a%2e'])
    assert.equal(isReference(text), false, text);
  for (const text of ['a', 'a/b:1', 'h:5000/a/b', 'h.io/a@sha256:00ff', 'h:1/a:t@sha256:00'])
    assert.equal(isReference(text), true, text);
});
