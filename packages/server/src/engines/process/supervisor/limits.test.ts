import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
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
import disk, limits, watch_disk
${statements}`;
  const options = { cwd: folder, encoding: 'utf8' } as const;
  return execFileSync('python3', ['-c', program, import.meta.dirname], options).trim();
}

test('what is written is counted in every place, links are not followed', (t) => {
  const out = print(
    t,
    `os.makedirs('a/deeper'); os.makedirs('b'); os.symlink('/usr', 'a/usr')
open('a/deeper/x', 'w').write('x' * 100_000); open('b/y', 'w').write('y' * 200_000)
print(300_000 < disk.measure(['a', 'b', 'none'])[0] < 350_000)`,
  );
  assert.equal(out, 'True');
});

test('files take room that are empty', (t) => {
  const out = print(
    t,
    `for number in range(1000): open(str(number), 'w').close()
print(disk.measure(['.'])[0] >> 20)`,
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
print(disk.measure(['.'])[0], 100_000 <= held < 150_000, disk.removed_files([os.getpid()], ['.']))`,
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

test('folders nested deeper than anybody looks are no place to hide', (t) => {
  const out = print(
    t,
    `top = os.getcwd()
for _ in range(600): os.mkdir('x' * 20); os.chdir('x' * 20)
try: print(disk.measure([top]))
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

test('the disk is looked at more often while it gets less, or is little and changes', (t) => {
  const out = print(
    t,
    `GIB = 1 << 30
low = (5 * GIB, 1000)
def every(before, now): return watch_disk.pause((before, 9000), (now, 9000), low)
print(every(50 * GIB, 50 * GIB), every(50 * GIB, 48 * GIB), every(49 * GIB, 50 * GIB))
print(every(50 * GIB, 50 * GIB - (64 << 20)), every(9 * GIB, 9 * GIB), every(9 * GIB, 9 * GIB - 1), watch_disk.pause((0, 9000), (0, 8000), (0, 1000)))`,
  );
  assert.equal(out, '0.5 0.1 0.5\n0.5 0.5 0.1 0.1');
});

test('who fills the disk is who wrote most of it, the less is left the smaller a part', (t) => {
  const out = print(
    t,
    `GIB = 1 << 30
def fills(grew, fell, left): return watch_disk.fills((grew, 0), (fell, 0), (left, 9000), (5 * GIB, 1000))
print(fills(9 * GIB, 10 * GIB, 6 * GIB), fills(9 * GIB, 10 * GIB, 4 * GIB), fills(GIB, 10 * GIB, 4 * GIB))
print(fills(GIB, 10 * GIB, GIB // 2), fills(1 << 20, 1 << 20, 0), fills(32 << 20, 10 * GIB, 0))
print(watch_disk.fills((0, 8000), (0, 9000), (50 * GIB, 500), (5 * GIB, 1000)))`,
  );
  assert.equal(out, 'False True False\nTrue False True\nTrue');
});

test('who goes on writing while it is counted is told by what is left afterwards, and who fills the last of it too', (t) => {
  const out = print(
    t,
    `import os, types
MIB = 1 << 20
left = [380]
def statvfs(path): return types.SimpleNamespace(f_blocks=400, f_frsize=MIB, f_bavail=left[0], f_files=0)
os.statvfs = statvfs
def watch():
    ended = []
    one = types.SimpleNamespace(scratch='/', spec={'limits': {'diskMiB': 2048}}, end=lambda *why: ended.append(why[0]))
    return watch_disk.DiskWatch(one, (['/'], None), None, None), ended
one, ended = watch()
left[0] = 10
one.judge([365 * MIB, 1])
print(ended)
left[0] = 380
one, ended = watch()
left[0] = 25
one.judge([355 * MIB, 1])
left[0] = 10
one.judge([370 * MIB, 1])
print(ended)`,
  );
  assert.equal(out, "['disk_full']\n['disk_full']");
});

/** What is written to a delegated group of version 2 that offers these controllers, and where groups are made. */
const delegated = (t: TestContext, offered: string): string =>
  print(
    t,
    `def make(path):
    os.makedirs(path); open(f'{path}/cgroup.controllers', 'w').write('${offered}')
    for name in ('cgroup.procs', 'cpu.weight', 'io.weight', 'memory.max', 'pids.max'): open(f'{path}/{name}', 'w').close()
    os.mkfifo(f'{path}/cgroup.subtree_control')
    return os.open(f'{path}/cgroup.subtree_control', os.O_RDWR)
top = os.getcwd()
open('cgroup.controllers', 'w').close()
told = [make(f'{top}/user/{name}') for name in ('', 'platform', 'clever-grid', 'clever-grid/one')][::2]
def said(path): return open(f'user/{path}').read()
roots = limits.find_cgroups(top, '/user')
if roots:
    group = limits.Group(limits.group_paths(roots, 'one'), 256, 4)
    print(roots == {'unified': f'{top}/user'}, [os.read(one, 999).decode() for one in told])
    for name in ('platform', 'clever-grid/one'): print(said(f'{name}/cpu.weight'), said(f'{name}/io.weight'))
    print(said('clever-grid/one/memory.max') == str(256 << 20), said('clever-grid/one/pids.max'))
print(roots == {}, limits._platforms_group(top, '/user/platform'), limits._platforms_group(top, '/else/platform'))`,
  );

test('of version 2 an instance weighs by its processors, and the platform more than all', (t) => {
  assert.deepEqual(delegated(t, 'cpuset cpu io memory pids').split('\n'), [
    "True ['+memory +pids+cpu+io', '+memory +pids+cpu+io']",
    '1000 default 1000',
    '400 default 400',
    'True 2048',
    'False /user /else/platform',
  ]);
});

test('of version 2 memory and processes are enough, and less is not', (t) => {
  const [first] = delegated(t, 'memory pids').split('\n');
  assert.equal(first, "True ['+memory +pids', '+memory +pids']");
  assert.equal(delegated(t, 'cpu io'), 'True /user /else/platform');
});

test('of version 1 an instance weighs by its processors', (t) => {
  const there = existsSync('/sys/fs/cgroup/cpu/cpu.shares') && process.getuid?.() === 0;
  if (!need(t, there, 'control groups of version 1, and root')) return;
  const out = print(
    t,
    `paths = limits.group_paths(limits.find_cgroups(), 'weighed')
group = limits.Group(paths, 64, 4)
def said(kind, name): return open(f'{paths[kind]}/{name}').read().strip()
weighs = [one for one in ('blkio.bfq.weight', 'blkio.weight') if os.path.exists(f"{paths.get('blkio')}/{one}")]
print(said('cpu', 'cpu.shares'), {said('blkio', one) for one in weighs} <= {'400', 'default 400'})
group.remove()`,
  );
  assert.equal(out, '4096 True');
});
