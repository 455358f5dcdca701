import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const PLAN = `
import json, runpy, sys
program = runpy.run_path(sys.argv[1])
print(json.dumps(program['plan'](json.loads(sys.argv[2]))))`;

type Files = Record<string, string | Buffer>;

/** Options for uv, or the reason why pip alone installs it. */
function plan(files: Files, variables: Record<string, string> = {}): string[] | string {
  const folder = mkdtempSync(join(tmpdir(), 'grid-install-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    mkdirSync(join(folder, 'libs'));
    const program = join(import.meta.dirname, 'install_packages.py');
    const given = { kind: 'list', path: 'requirements.txt', uv: '/uv', pip: '', pipAlone: [] };
    const args = ['-I', '-c', PLAN, program, JSON.stringify(given)];
    const out = execFileSync('python3', args, {
      cwd: folder,
      env: { ...process.env, ...variables },
    });
    const [options, why] = JSON.parse(out.toString('utf8')) as [string[] | null, string];
    return options ?? why;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const list = (text: string | Buffer, others: Files = {}) =>
  plan({ 'requirements.txt': text, ...others });

const FOR_UV = `
# what is written most
six
Six == 1.16.0
numpy>=1.20,<2 ; python_version >= '3.9'  # why
uvicorn[standard] ~= 0.30
torch==2.5.0+cpu
wheel!=0.40.*
tiny @ git+https://example.com/tiny.git@v1
https://example.com/a-1.0-py3-none-any.whl
-e ./libs
./libs
--no-binary six
--index-url https://example.com/simple
--no-index
-f https://example.com/wheels
packaging==24.0 \\
    --hash=sha256:0123abcd \\
    --hash=sha256:4567
`;

test('what means the same to uv is uv’s', () => {
  assert.deepEqual(list(FOR_UV), []);
  assert.deepEqual(
    list('-r other.txt\n-c limits.txt', { 'other.txt': 'six', 'limits.txt': '' }),
    [],
  );
  assert.deepEqual(list('-r missing.txt'), [], 'it says itself that it is missing');
});

test('what uv would pass over in a list is said to it', () => {
  assert.deepEqual(list('--pre\nsix'), ['--prerelease', 'allow']);
  assert.deepEqual(list('--trusted-host a.test\nsix'), ['--allow-insecure-host', 'a.test']);
  assert.deepEqual(list('-r o.txt', { 'o.txt': '--require-hashes' }), ['--require-hashes']);
});

const EXTRA = { 'requirements.txt': '--extra-index-url https://download.example/cpu\ntorch' };
const BEST = ['--index-strategy', 'unsafe-best-match'];

test('no index comes before another where they are named as pip names them, unless uv is told otherwise', () => {
  assert.deepEqual(plan(EXTRA), BEST);
  const variable = { PIP_EXTRA_INDEX_URL: 'https://a', UV_INDEX: 'https://a' };
  assert.deepEqual(plan({ 'requirements.txt': 'six' }, variable), BEST);
  const ended = { ...variable, PIP_EXTRA_INDEX_URL: ' https://a \n' };
  assert.deepEqual(plan({ 'requirements.txt': 'six' }, ended), BEST);
  assert.deepEqual(plan(EXTRA, { UV_INDEX_STRATEGY: 'first-index' }), []);
  assert.deepEqual(plan(EXTRA, { UV_INDEX: 'ours=https://b' }), []);
});

for (const [line, named] of [
  ['-e git+https://example.com/tiny.git@abc#egg=tiny', '-e'],
  ['git+git@example.com:x/y.git', ''],
  ['svn+https://example.com/x#egg=x', ''],
  ['six --config-settings "--global-option=--quiet"', '--config-settings'],
  ['six --global-option=build', '--global-option'],
  ['psycopg2>=2.7 --no-binary psycopg2', '--no-binary'],
  ['--no-binary six,attrs', '--no-binary'],
  ['--prefer-binary', '--prefer-binary'],
  ['--use-feature=fast-deps', '--use-feature'],
  ['--index-url https://a --extra-index-url https://b', '--index-url'],
  ['--extra-index https://a', '--extra-index'],
  ['-rother.txt', '-r'],
  ['-r "other.txt"', '-r'],
  ['-f missing-folder', '-f'],
  ['six==${SIX_VERSION}', ''],
  ['six>=1.0.*', ''],
  ['six==1.16.0 --hash sha256:00', '--hash'],
] as const)
  test(`what pip alone takes is pip’s, and the log says which line: ${line}`, () => {
    const why = list(`wheel\n\n${line}\n`, { 'other.txt': 'six' });
    const more = named === '' ? '' : ` (${named})`;
    assert.equal(why, `requirements.txt says in line 3 what pip alone takes${more}`);
  });

test('so is a list that pip alone can read, and one that another names', () => {
  assert.match(String(list(Buffer.from('\ufeffsix', 'utf16le'))), /not written in UTF-8/);
  assert.match(String(list('\ufeffsix')), /begins with a mark of its encoding/);
  assert.match(String(list('six # \u2028--pre')), /ends a line for pip alone/);
  const latin = Buffer.from('# -*- coding: latin-1 -*-\n# caf\xe9\nsix', 'latin1');
  assert.match(String(list(latin)), /not written in UTF-8/);
  assert.match(String(list('-r o.txt', { 'o.txt': '--prefer-binary' })), /^o\.txt says in line 1/);
});

for (const line of [
  '-i https://me:secret@a.test/simple --no-index',
  '-i https://me:p@secret@a.test/simple --no-index',
  '-ihttps://me:secret@a.test/simple',
  '--index-url "https://a.test/simple?token=secret"',
  `-e git+https://${'x'.repeat(90)}secret@example.com/x.git#egg=x`,
  'git+ssh://secret @example.com/x',
  `--extra-index-url=secret/${'x'.repeat(90)}`,
])
  test(`nothing that somebody signs in with is repeated of such a line: ${line}`, () => {
    assert.match(String(list(line)), /line 1 what pip alone takes/);
    assert.doesNotMatch(String(list(line)), /secret|xxx/);
  });

test('scripts that pip has written find the Python beside them, wherever they are by then', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'grid-scripts-'));
  t.after(() => rmSync(root, { recursive: true }));
  const bin = join(root, 'an env', 'bin');
  mkdirSync(bin, { recursive: true });
  const body = 'print("hello")\n';
  const long = `#!/bin/sh\n'''exec' "${bin}/python3" "$0" "$@"\n' '''\n`;
  const begins = { short: `#!${bin}/python\n`, long, other: '#!/usr/bin/env python3\n' };
  for (const [name, first] of Object.entries(begins))
    writeFileSync(join(bin, name), first + body, { mode: 0o555 });
  const python = execFileSync('which', ['python3'], { encoding: 'utf8' }).trim();
  for (const name of ['python', 'python3']) symlinkSync(python, join(bin, name));
  const program = join(import.meta.dirname, 'install_packages.py');
  const call = 'import runpy, sys\nrunpy.run_path(sys.argv[1])["free_scripts"](sys.argv[2])';
  execFileSync('python3', ['-I', '-c', call, program, join(root, 'an env')]);
  renameSync(join(root, 'an env'), join(root, 'moved'));
  for (const name of Object.keys(begins))
    assert.equal(execFileSync(join(root, 'moved', 'bin', name), { encoding: 'utf8' }), 'hello\n');
});
