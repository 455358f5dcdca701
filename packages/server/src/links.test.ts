import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..', '..', '..');
/** Pages are made of these in the folder above. */
const folderOf = (page: string): string =>
  page.endsWith('.in.md') ? dirname(dirname(page)) : dirname(page);

const pages = globSync(['*.md', 'docs/**/*.md', 'examples/*/*.md', 'bench/*.md'], { cwd: root });

for (const page of pages)
  test(`every link of ${page} leads to a file`, () => {
    const text = readFileSync(join(root, page), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g))
      assert.ok(existsSync(join(root, folderOf(page), target)), target);
  });

test('every file that a comment names by its folder is there', () => {
  const sources = globSync(
    ['packages/*/src/**/*.{ts,py}', 'test/**/*.ts', '{bench,scripts}/**/*.ts'],
    {
      cwd: root,
    },
  );
  const all = globSync(['*', '{packages,test,bench,scripts,docs}/**/*.{ts,py,sql,md}'], {
    cwd: root,
    exclude: ['**/node_modules/**'],
  });
  const named = sources.flatMap((path) =>
    [
      ...readFileSync(join(root, path), 'utf8').matchAll(
        /`((?:[\w-]+\/)+[\w.-]+\.(?:ts|py|sql|md))`/g,
      ),
    ].map(([, file = '']) => ({ path, file })),
  );
  assert.ok(named.length > 1, `only ${named.length} were found`);
  assert.deepEqual(
    named.filter(({ file }) => !all.some((one) => `/${one}`.endsWith(`/${file}`))),
    [],
  );
});
