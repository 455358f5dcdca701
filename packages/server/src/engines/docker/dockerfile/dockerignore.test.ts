import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readIgnore } from './dockerignore.ts';
import type { Verdict } from './dockerignore.ts';

/** As a walk decides: each folder on the way first. */
function isIgnored(rules: string, path: string): boolean {
  const ignore = readIgnore(rules);
  let verdict: Verdict | undefined;
  for (const [end] of [...`${path}/`.matchAll(/\//g)].map(({ index }) => [index]))
    verdict = ignore.decide(path.slice(0, end), verdict);
  return verdict?.ignored === true;
}

const cases: [rules: string, ignored: string[], kept: string[]][] = [
  ['*.md', ['a.md'], ['a/b.md', 'a.mdx', 'md']],
  ['**/*.md', ['a.md', 'a/b.md', 'a/b/c.md'], ['a.mdx']],
  ['*/temp*', ['a/temp', 'a/temporary/x'], ['temp', 'a/b/temp']],
  ['a?', ['ab', 'ab/c'], ['a', 'a/b', 'abc']],
  ['node_modules', ['node_modules', 'node_modules/x/y'], ['a/node_modules']],
  ['/build/', ['build', 'build/x'], ['a/build']],
  ['./x//y', ['x/y'], ['x']],
  ['**', ['a', 'a/b'], []],
  ['a/**', ['a/b', 'a/b/c'], ['a', 'b']],
  ['**a', ['a', 'b/a', 'b/a/c'], ['ba']],
  ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['ab', 'a/xb']],
  ['*\n!a.txt', ['b.txt'], ['a.txt']],
  ['*\n!keep\n*.log', ['x', 'a.log'], ['keep', 'keep/b.log']],
  ['[a-c]x\n[^a-y]y', ['ax', 'zy'], ['dx', 'ay']],
  ['# a\n\n  b  \n!', ['b'], ['# a', 'a']],
  ['a\\*b', ['a*b'], ['axb']],
  ['a.b(c)+', ['a.b(c)+'], ['axb(c)+', 'a.bcc']],
  ['A', ['A'], ['a']],
];

for (const [rules, ignored, kept] of cases)
  test(`${JSON.stringify(rules)} leaves out what Docker leaves out`, () => {
    assert.deepEqual(
      ignored.filter((path) => !isIgnored(rules, path)),
      [],
    );
    assert.deepEqual(
      kept.filter((path) => isIgnored(rules, path)),
      [],
    );
  });

test('what a plain path names is left out with all that is in it, and nothing else is', () => {
  const name = fc.stringMatching(/^[a-c]{1,2}$/);
  const path = fc.array(name, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(path, path, (rule, other) => {
      const within = rule.every((part, index) => other[index] === part);
      assert.equal(isIgnored(rule.join('/'), other.join('/')), within);
    }),
  );
});

test('no pattern takes long', () => {
  const rules = `${'**/*'.repeat(200)}x\n(a+)+$`;
  const path = `${'a'.repeat(100)}/`.repeat(20);
  assert.equal(isIgnored(rules, `${path}y`), false);
});
