import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalName, isOurs, mayBeId, parseReference } from './image-reference.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

const whole = (text: string): string | undefined => {
  const name = parseReference(text);
  return name === undefined ? undefined : canonicalName(name);
};

const spellings: readonly [written: string, whole: string][] = [
  ['python', 'docker.io/library/python:latest'],
  ['python:3.12', 'docker.io/library/python:3.12'],
  ['library/python', 'docker.io/library/python:latest'],
  ['docker.io/python', 'docker.io/library/python:latest'],
  ['index.docker.io/python', 'docker.io/library/python:latest'],
  ['INDEX.docker.IO/library/python', 'docker.io/library/python:latest'],
  ['ada/b:1', 'docker.io/ada/b:1'],
  ['index.docker.io/clever-grid/app_1:x', 'docker.io/clever-grid/app_1:x'],
  ['c91', 'docker.io/library/c91:latest'],
  ['914', 'docker.io/library/914:latest'],
  ['sha256:c91', 'docker.io/library/sha256:c91'],
  ['localhost/a', 'localhost/a:latest'],
  ['Registry/a', 'registry/a:latest'],
  ['h:5000/a/b', 'h:5000/a/b:latest'],
  ['h:5000', 'docker.io/library/h:5000'],
  ['registry.example.com/a', 'registry.example.com/a:latest'],
  ['[2001:db8::1]:5000/a', '[2001:db8::1]:5000/a:latest'],
  [`a@${DIGEST}`, `docker.io/library/a@${DIGEST}`],
  [`h.io/a:1@${DIGEST}`, `h.io/a:1@${DIGEST}`],
  ['a__b/c-d.e---f', 'docker.io/a__b/c-d.e---f:latest'],
];

test('an image has one whole name, however it is written', () => {
  for (const [written, expected] of spellings) {
    assert.equal(whole(written), expected, written);
    assert.equal(whole(expected), expected.replace(/^registry\//, 'docker.io/registry/'));
    assert.equal(mayBeId(expected), false);
  }
});

test('what names no image, or leads elsewhere at the engine, is no reference', () => {
  const hex = 'c91'.padEnd(64, '0');
  const none = ['', ' ', '../x', 'a/../b', '/a', 'a//b', '.', 'a/', 'a?b', 'a#b', 'a b', 'a%2e'];
  const ids = [hex, hex.toUpperCase(), `sha256:${hex}`];
  const wrong = ['A', 'a:', 'a@', 'a:1:2', 'a@sha256:00', `a@${DIGEST}@${DIGEST}`, 'a...b', 'a__'];
  const others = ['docker-image://a', 'http://a/b', '$a', 'a:é', 'a\n', '-a', 'h:x/a', '-h.io/a'];
  for (const text of [...none, ...ids, ...wrong, ...others, 'a'.repeat(300)])
    assert.equal(whole(text), undefined, text);
});

test('what the platform made is known by every name that leads to it', () => {
  const ours = ['clever-grid/a:1', 'docker.io/clever-grid/a', 'index.docker.io/clever-grid/a'];
  for (const text of [...ours, 'Docker.io/clever-grid/a:1', `clever-grid/a@${DIGEST}`]) {
    const name = parseReference(text);
    assert.ok(name !== undefined && isOurs(name), text);
  }
  for (const text of ['clever-gridx/a', 'h.io/clever-grid/a', 'clever-grid']) {
    const name = parseReference(text);
    assert.ok(name !== undefined && !isOurs(name), text);
  }
});
