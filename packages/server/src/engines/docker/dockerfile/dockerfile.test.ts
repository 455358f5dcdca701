import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readDockerfile, readTriggers } from './dockerfile.ts';
import type { Dialect } from './dockerfile.ts';

const BUILDKIT: Dialect = { builder: 'buildkit', hereDocuments: true };
const CLASSIC: Dialect = { builder: 'classic', hereDocuments: false };

const imagesOf = (text: string, values: Record<string, string> = {}): [string, number][] =>
  readDockerfile(text, values, BUILDKIT).images.map(({ reference, line }) => [reference, line]);

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
  const { stages } = readDockerfile(text, {}, BUILDKIT);
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
FROM w-\${TARGETARCH:-no}
FROM v:\${TAG`;
  const references = (values: Record<string, string>): string[] =>
    imagesOf(text, values).map(([reference]) => reference);
  assert.deepEqual(references({}), ['base:1', 'x:1', 'y:7', 'z:set', 'w-no', 'v:1']);
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
  assert.deepEqual(readDockerfile(text, {}, BUILDKIT).arguments, ['A', 'B', 'C']);
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
  const { images } = readDockerfile('# syntax=docker/dockerfile:1\nFROM a\n', {}, BUILDKIT);
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

const given = (text: string, dialect = BUILDKIT): string => {
  const read = readDockerfile(text, { TARGETPLATFORM: 'linux/amd64', X: 'x' }, dialect);
  assert.equal(read.mistake, undefined, text);
  return read.text;
};

test('an engine is given whole names, on the same lines, and nothing that it might read otherwise', () => {
  const text = `# syntax=docker/dockerfile:1
# a comment
from --platform=linux/amd64 c91 AS one
RUN a \\
  # between
  b

FROM one
COPY --chown=a --from=c91 / /
COPY --from=ONE --from=0 / /
RUN --mount=type=bind,from=c91,target=/x --mount=type=cache,target=/y true
ONBUILD copy --from=index.docker.io/a/b / /
ADD a.txt $FILE /
RUN <<EOF
FROM no
EOF
CMD ["x"]`;
  assert.equal(
    given(text),
    `# syntax=docker.io/docker/dockerfile:1

FROM --platform=linux/amd64 docker.io/library/c91:latest AS one
RUN a   b



FROM one
COPY --chown=a --from=docker.io/library/c91:latest / /
COPY --from=ONE --from=0 / /
RUN --mount=type=bind,from=docker.io/library/c91:latest,target=/x --mount=type=cache,target=/y true
ONBUILD COPY --from=docker.io/a/b:latest / /
ADD a.txt ./$FILE /
RUN <<EOF
FROM no
EOF
CMD ["x"]
`,
  );
});

test('the classic builder is given names only, and builds for its own platform', () => {
  const own = 'FROM --platform=$TARGETPLATFORM c91';
  assert.equal(given(own, CLASSIC), 'FROM docker.io/library/c91:latest\n');
  assert.equal(given('FROM 914', CLASSIC), 'FROM docker.io/library/914:latest\n');
  assert.equal(given('FROM sha256:c91', CLASSIC), 'FROM docker.io/library/sha256:c91\n');
  const later = 'FROM a\nCOPY --from=c91 / /\nFROM b AS c91\n';
  assert.match(given(later, CLASSIC), /--from=docker\.io\/library\/c91:latest/);
  assert.match(given(later), /--from=c91 /);
});

const mistakes: [text: string, line: number, why: RegExp, dialect?: Dialect][] = [
  [`FROM ${'c91'.padEnd(64, '0')}`, 1, /no image's name/],
  [`FROM sha256:${'c91'.padEnd(64, '0')}`, 1, /no image's name/],
  ['FROM Upper', 1, /no image's name/],
  ['FROM docker-image://a', 1, /no image's name/],
  ['FROM $NOTHING', 1, /a variable has no value/],
  ['FROM ${X#x}a', 1, /write the image out/],
  ['FROM a\nCOPY --from=1 / /', 2, /no stage 1/],
  ['FROM a\nCOPY --from=91409140914091409140 / /', 2, /no stage 9140/],
  ['FROM a\nCOPY --from=+1 / /', 2, /no stage \+1/],
  ['FROM a\nCOPY --from=$X / /', 2, /no image's name/],
  ['FROM a\nCOPY --from="c91" / /', 2, /without quotes/],
  ['FROM a\nCOPY --fr\\om=c91 / /', 2, /without quotes/],
  ['FROM a\nCOPY --chown="a b" --from=c91 / /', 2, /without quotes/],
  ['FROM a\nRUN --mount="type=bind, from=c91" x', 2, /without quotes/],
  ['FROM a\nRUN --mount=type=bind,"from=c91" x', 2, /without quotes/],
  ['FROM a\nRUN --mount=type=bind,FROM=c9!,target=/x x', 2, /no image's name/],
  ['FROM a\nRUN --x\u0085--mount=from=C91 x', 2, /no image's name/],
  ['FROM a\nRUN --x\u00e9--mount=from=c91 x', 2, /without quotes/],
  ['FROM a\nONBUILD ONBUILD COPY --from=c91 / /', 2, /ONBUILD does not take/],
  ['FROM a\nRUN echo \\\\\nFROM b', 2, /ends with/],
  ['FROM a\nRUN <<EOF\nFROM c91\nEOF', 2, /BuildKit/, CLASSIC],
  ['FROM a\nRUN <<EOF\nFROM c91\nEOF', 2, /BuildKit/, { ...BUILDKIT, hereDocuments: false }],
  ['# syntax=docker/dockerfile:1.2\nFROM a\nRUN <<EOF\nEOF', 3, /BuildKit/],
  [`# syntax=docker/dockerfile:1@sha256:${'0'.repeat(64)}\nFROM a\nRUN <<EOF\nEOF`, 3, /BuildKit/],
  ['FROM a\nRUN <<EOF\nno end', 2, /no end/],
  ["FROM a\nRUN <<'E\\'\nx\nE\\\nFROM c91", 2, /name it by letters/],
  ['FROM a\nADD http://127.0.0.1/x /', 2, /no addresses/],
  ['FROM a\nADD "HTTP"://127.0.0.1/x /', 2, /no addresses/],
  ['FROM a\nADD ["a", "https://example.com/x", "/"]', 2, /no addresses/],
  ['FROM a\nONBUILD ADD git@example.com:x.git /', 2, /no addresses/],
  ['# syntax=evil/frontend\nFROM a', 1, /docker\/dockerfile, not by evil\/frontend/],
  ['# syntax=registry.example.com/docker/dockerfile:1 x\nFROM a', 1, /not by registry/],
  ['//syntax=evil/frontend\nFROM a', 1, /no instruction/],
  ['{"syntax":"evil/frontend"}', 1, /no instruction/],
  ['# escape=`\n# escape=\\\nFROM a', 2, /a second time/],
  ['FROM --platform=linux/arm64 a', 1, /for linux\/amd64, not for linux\/arm64/, CLASSIC],
  ['FROM --platform="linux c91" a', 1, /does not take/],
];

for (const [text, line, why, dialect] of mistakes)
  test(`it is a mistake, with its line: ${JSON.stringify(text).slice(0, 90)}`, () => {
    const values = { TARGETPLATFORM: 'linux/amd64', X: 'x' };
    const { mistake } = readDockerfile(text, values, dialect ?? BUILDKIT);
    assert.match(mistake?.detail ?? '', why);
    assert.equal(mistake?.line, line);
  });

test('what triggers of a base name is needed, too, and may be no id', () => {
  const stages = [{ name: 'c91', from: 'x', line: 1 }];
  const read = (trigger: string, line = 2) =>
    readTriggers([trigger], { stages, line, dialect: CLASSIC });
  assert.deepEqual(
    read('copy --from=a/b:1 / /').images.map(({ reference }) => reference),
    ['a/b:1'],
  );
  assert.equal(read('COPY --from=c91 / /').mistake, undefined);
  assert.match(read('COPY --from=c91 / /', 1).mistake?.detail ?? '', /may be an id/);
  assert.match(read('COPY --from=sha256:c91 / /').mistake?.detail ?? '', /may be an id/);
  assert.match(read('RUN x\nCOPY --from=c92 / /').mistake?.detail ?? '', /several lines/);
  assert.match(read('ADD http://127.0.0.1/x /').mistake?.detail ?? '', /no addresses/);
  assert.match(read('ADD $X /').mistake?.detail ?? '', /with variables/);
  assert.match(read('ONBUILD COPY --from=c92 / /').mistake?.detail ?? '', /does not take/);
});

const PIECES: readonly string[] = [
  'FROM |ARG |RUN |COPY | AS |ONBUILD |--from=|--mount=from=|<<E|\n|\nE\n|\r|# escape=`\n'.split(
    '|',
  ),
  '\\|`|$|{|}|"|\'|a|0|#|\u0085|\u00a0|\ufeff|\u2028|:-|c91|../'.split('|'),
].flat();

test('whatever the text, what the engine is given reads as the same, and has whole names', () => {
  const pieces = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 });
  const texts = pieces.map((all) => all.join(''));
  const dialect = fc.constantFrom(BUILDKIT, CLASSIC, { ...BUILDKIT, hereDocuments: false });
  fc.assert(
    fc.property(texts, dialect, (text, by) => {
      const once = readDockerfile(text, { a: 'b' }, by);
      if (once.mistake !== undefined) return;
      const again = readDockerfile(once.text, { a: 'b' }, by);
      assert.equal(again.mistake, undefined);
      assert.equal(again.text, once.text);
      assert.ok(again.images.every(({ reference }) => /^docker\.io\/\S+:\w+$/.test(reference)));
    }),
    { numRuns: 3_000 },
  );
});
