import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { need } from '../../../testing/need.ts';

/** What these Python statements print, run in a folder of their own. */
function print(t: TestContext, statements: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'grid-limits-'));
  t.after(() => execFileSync('rm', ['-rf', folder]));
  const program = `import os, sys; sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
import disk, limits
${statements}`;
  const options = { cwd: folder, encoding: 'utf8' } as const;
  return execFileSync('python3', ['-c', program, import.meta.dirname], options).trim();
}

test('what is written is counted in every place, links are not followed', (t) => {
  const out = print(
    t,
    `os.makedirs('a/deeper'); os.makedirs('b'); os.symlink('/usr', 'a/usr')
open('a/deeper/x', 'w').write('x' * 100_000); open('b/y', 'w').write('y' * 200_000)
print(300_000 < disk.used_disk(['a', 'b', 'none']) < 350_000)`,
  );
  assert.equal(out, 'True');
});

test('files take room that are empty', (t) => {
  const out = print(
    t,
    `for number in range(1000): open(str(number), 'w').close()
print(disk.used_disk(['.']) >> 20)`,
  );
  assert.equal(out, '3');
});

test('a file that was removed takes its room until it is closed, on a disk and not in memory', (t) => {
  const out = print(
    t,
    `one = open('x', 'wb'); os.unlink('x'); one.write(b'x' * 100_000); one.flush(); same = os.dup(one.fileno())
other = os.memfd_create('y'); os.write(other, b'y' * 200_000)
held = disk.removed_files([os.getpid(), -1], ['.', 'none'])
one.close(); os.close(same)
print(disk.used_disk(['.']), 100_000 <= held < 150_000, disk.removed_files([os.getpid()], ['.']))`,
  );
  assert.equal(out, '0 True 0');
});

test('a file that was removed takes its room as long as it is mapped', (t) => {
  if (!need(t, process.getuid?.() === 0, 'root, who alone is shown what is mapped')) return;
  const out = print(
    t,
    `import mmap
file = open('x', 'w+b'); file.write(b'x' * 100_000); file.flush()
mapped = mmap.mmap(file.fileno(), 0); os.unlink('x'); os.closerange(3, 100)
print(disk.removed_files([os.getpid()], ['.']) > 0)`,
  );
  assert.equal(out, 'True');
});

test('folders nested deeper than a path can say are no place to hide', (t) => {
  const out = print(
    t,
    `top = os.getcwd()
for _ in range(300): os.mkdir('x' * 20); os.chdir('x' * 20)
try: print(disk.used_disk([top]))
except disk.TooDeep: print('too deep')`,
  );
  assert.equal(out, 'too deep');
});

test('the time of processes counts, and that of those that they waited for', (t) => {
  const out = print(
    t,
    `import subprocess, time
before = limits.used_time([os.getpid()])
burn = 'import time\\nend = time.process_time() + 0.3\\nwhile time.process_time() < end: pass'
subprocess.run([sys.executable, '-c', burn])
waited = limits.used_time([])
end = time.process_time() + 0.3
while time.process_time() < end: pass
print(waited >= 300, limits.used_time([os.getpid(), -1]) - before >= 600)`,
  );
  assert.equal(out, 'True True');
});
