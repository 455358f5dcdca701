import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createBuildReader } from './build-output.ts';
import { decodeTrace } from './buildkit-trace.ts';

function encodeNumber(value: number): number[] {
  return value < 0x80
    ? [value]
    : [(value % 0x80) + 0x80, ...encodeNumber(Math.floor(value / 0x80))];
}

function field(number: number, value: string | number | readonly number[]): number[] {
  if (typeof value === 'number') return [number * 8, ...encodeNumber(value)];
  const bytes = typeof value === 'string' ? [...Buffer.from(value)] : value;
  return [...encodeNumber(number * 8 + 2), ...encodeNumber(bytes.length), ...bytes];
}

const vertex = (
  digest: string,
  name: string,
  state: { cached?: boolean; started?: boolean } = {},
) =>
  field(1, [
    ...field(1, digest),
    ...field(2, 'sha256:input'),
    ...field(3, name),
    ...(state.cached === true ? field(4, 1) : []),
    ...(state.started === false ? [] : field(5, [...field(1, 1_780_000_000), ...field(2, 5)])),
  ]);

const log = (digest: string, stream: number, message: string | readonly number[]) =>
  field(3, [...field(1, digest), ...field(3, stream), ...field(4, message)]);

const trace = (...fields: number[][]) => ({
  id: 'moby.buildkit.trace',
  aux: Buffer.from(fields.flat()).toString('base64'),
});

function read(messages: readonly unknown[]) {
  const printed: [string, string][] = [];
  const reader = createBuildReader((stream, text) => void printed.push([stream, text]));
  const errors = messages.map(reader).filter((error) => error !== undefined);
  return { printed, errors };
}

test('BuildKit: a step is printed once, when it starts, and what it needs for itself is not', () => {
  const { printed } = read([
    trace(vertex('i', '[internal] load build definition'), vertex('c', 'copy /context /')),
    trace(
      vertex('a', '[1/2] RUN x', { started: false }),
      vertex('b', '[2/2] RUN y', { cached: true }),
    ),
    trace(vertex('a', '[1/2] RUN x')),
    trace(vertex('a', '[1/2] RUN x'), log('a', 1, 'out\n'), log('a', 2, 'err\n')),
  ]);
  assert.deepEqual(printed, [
    ['stdout', 'CACHED [2/2] RUN y\n'],
    ['stdout', '[1/2] RUN x\n'],
    ['stdout', 'out\n'],
    ['stderr', 'err\n'],
  ]);
});

test('BuildKit: a character that is cut in two is put together', () => {
  const [first = 0, second = 0] = Buffer.from('é');
  const { printed } = read([trace(log('a', 1, [first])), trace(log('a', 1, [second]))]);
  assert.equal(printed.map(([, text]) => text).join(''), 'é');
});

test('classic: steps look like those of BuildKit, and only the output is left', () => {
  const lines = [
    'Step 1/3 : FROM bb:1',
    '\n',
    ' ---> 8dcddcc222da\n',
    'Step 2/3 : RUN a',
    '\n',
    ' ---> Using cache\n',
    ' ---> 8dcddcc222da\n',
    'Step 3/3 : RUN b',
    '\n',
    ' ---> Running in de9b958873ba\n',
    'out\n',
    '\n',
    '\u001b[91merr\n\u001b[0m',
    'Removing intermediate container de9b958873ba\n',
    '[Warning] One or more build-args [X] were not consumed\n',
    'Successfully built de9b958873ba\n',
    'Successfully tagged x:1\n',
  ];
  const { printed } = read(lines.map((stream) => ({ stream })));
  assert.deepEqual(printed, [
    ['stdout', '[1/3] FROM bb:1\n'],
    ['stdout', 'CACHED [2/3] RUN a\n'],
    ['stdout', '[3/3] RUN b\n'],
    ['stdout', 'out\n'],
    ['stdout', '\n'],
    ['stderr', 'err\n'],
  ]);
});

test('an error is answered with its code', () => {
  const message = { errorDetail: { code: 7, message: 'no' }, error: 'no' };
  assert.deepEqual(read([message, { error: 'bare' }]).errors, [
    { message: 'no', code: 7 },
    { message: 'bare', code: undefined },
  ]);
});

test('what is written is read, and what is cut off is refused', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), fc.boolean(), (digest, name, cached) => {
      const bytes = Uint8Array.from(vertex(digest, name, { cached }));
      const clean = (text: string): string => Buffer.from(text).toString();
      assert.deepEqual(decodeTrace(bytes).vertexes, [
        { digest: clean(digest), name: clean(name), cached, started: true },
      ]);
      assert.throws(() => decodeTrace(bytes.subarray(0, -1)), RangeError);
    }),
  );
});
