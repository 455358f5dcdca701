import assert from 'node:assert/strict';
import { existsSync, globSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { run, textOf } from '../../testing/engine.ts';
import { need } from '../../testing/need.ts';
import { openProcessEngine, readSystemCalls } from '../../testing/process-engine.ts';
import type { ProcessSubject } from '../../testing/process-engine.ts';
import type { InstanceSpec } from '../../workloads/engine.ts';

type Call = readonly [name: string, ...args: number[]];

const NEW_USER = 0x1000_0000;
const CHILD = 17;

/** What needs more than a name to be judged, and what an instance is answered. */
const byArgument: readonly (readonly [call: Call, answer: string])[] = [
  [['socket', 1, 1, 0], 'ok'],
  [['socket', 2, 1, 0], 'ok'],
  [['socket', 10, 1, 0], 'ok'],
  [['socket', 16, 3, 0], 'ok'],
  // packets, ALG, VSOCK, TIPC, XDP and what else a kernel loads modules for
  ...[3, 4, 9, 17, 21, 29, 30, 31, 38, 39, 40, 41, 43, 44].map(
    (family) => [['socket', family, 5, 0], 'EAFNOSUPPORT'] as const,
  ),
  // the kernel looks at the lower half only
  [['socket', 2 ** 32 + 40, 1, 0], 'EAFNOSUPPORT'],
  [['socketpair', 30, 5, 0, 0], 'EAFNOSUPPORT'],
  [['personality', 0xffff_ffff], 'ok'],
  [['personality', 0x004_0000], 'EPERM'],
  [['clone', NEW_USER + CHILD, 0, 0, 0, 0], 'EPERM'],
  ...[0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x2000_0000, 0x4000_0000].map(
    (flag) => [['clone', flag + CHILD, 0, 0, 0, 0], 'EPERM'] as const,
  ),
  [['clone', CHILD, 0, 0, 0, 0], 'ok'],
  [['ioctl', 0, 0x5412, 0], 'EPERM'],
  [['ioctl', 0, 0x541c, 0], 'EPERM'],
  [['unshare', NEW_USER], 'EPERM'],
  [['unshare', 0x4000_0000], 'EPERM'],
];

const numbers = new Map(readSystemCalls().map(({ name, number }) => [name, number]));

/** How an instance is answered that makes these calls. */
async function answersOf(
  subject: ProcessSubject,
  calls: readonly (readonly number[])[],
  { t, changes }: { t: TestContext; changes?: Partial<InstanceSpec> },
): Promise<string[]> {
  const input = JSON.stringify(calls);
  const one = subject.spec(`echo '${input}' | python3 calls.py`, changes);
  const exit = await run(subject, one, t);
  const text = await textOf(one);
  assert.equal(exit.exitCode, 0, text);
  return JSON.parse(text) as string[];
}

const judge = (calls: readonly Call[]): number[][] =>
  calls.map(([name, ...args]) => [numbers.get(name) ?? Number.NaN, ...args]);

test('each system call that is not for instances is refused, by its name', async (t) => {
  const subject = await openProcessEngine(t);
  if (subject === undefined) return;
  const closed = readSystemCalls().filter(({ answer }) => answer === 'no' || answer === 'nested');
  assert.ok(closed.length > 50);
  const answers = await answersOf(
    subject,
    closed.map(({ number }) => [number, 0, 0, 0, 0, 0, 0]),
    { t },
  );
  assert.deepEqual(
    closed.map(({ name }, index) => [name, answers[index]]),
    closed.map(({ name }) => [name, name === 'clone3' ? 'ENOSYS' : 'EPERM']),
  );
});

test('of what depends on an argument, an instance has what programs need', async (t) => {
  const subject = await openProcessEngine(t);
  if (subject === undefined) return;
  const answers = await answersOf(subject, judge(byArgument.map(([call]) => call)), { t });
  assert.deepEqual(
    byArgument.map(([call], index) => [...call, answers[index]]),
    byArgument.map(([call, answer]) => [...call, answer]),
  );
});

test('what nobody knows yet, and calls of other machines, are not implemented', async (t) => {
  const subject = await openProcessEngine(t);
  if (subject === undefined) return;
  const x32 = 0x4000_0000 + 39;
  assert.deepEqual(await answersOf(subject, [[1000], [x32]], { t }), ['ENOSYS', 'ENOSYS']);
});

test('who may nest sandboxes can, and is refused all else', async (t) => {
  const subject = await openProcessEngine(t);
  if (subject === undefined) return;
  const changes = { sandbox: 'nested' } as const;
  const calls = judge([
    ['unshare', NEW_USER],
    ['clone', NEW_USER + CHILD, 0, 0, 0, 0],
    ['keyctl', 0],
    ['io_uring_setup', 0],
    ['socket', 40, 1, 0],
  ]);
  const expected = ['ok', 'ok', 'EPERM', 'EPERM', 'EAFNOSUPPORT'];
  assert.deepEqual(await answersOf(subject, calls, { t, changes }), expected);
});

test('whoever enters an instance has its filter of system calls, and gains no rights', async (t) => {
  const subject = await openProcessEngine(t);
  if (subject === undefined) return;
  const look = "grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status";
  const one = subject.spec(`${look}; sleep 600`);
  await subject.engine.ensure(
    { workloadId: one.workloadId, graceSeconds: 1, instances: [one] },
    t.signal,
  );
  const command = [
    '/bin/sh',
    '-c',
    `${look}; echo '[[${numbers.get('keyctl')}, 0]]' | python3 calls.py`,
  ];
  for (;;) {
    t.signal.throwIfAborted();
    const end = await subject.engine.exec(one.instanceId, command, t.signal).catch(() => undefined);
    if (end === undefined) continue;
    assert.deepEqual(end, { exitCode: 0 });
    break;
  }
  const words = (await textOf(one)).split(/\s+/);
  const own = ['NoNewPrivs:', '1', 'Seccomp:', '2'];
  assert.deepEqual(words, [...own, ...own, '["EPERM"]']);
});

/** What is to be read, and what is there: an empty file stands in place of what tells of the machine. */
const files = {
  read: {
    '/proc/keys': 'nothing',
    '/proc/key-users': 'nothing',
    '/proc/kallsyms': 'nothing',
    '/proc/interrupts': 'nothing',
    '/proc/cmdline': 'nothing',
    '/proc/diskstats': 'nothing',
    '/proc/partitions': 'nothing',
    '/proc/softirqs': 'nothing',
    '/proc/iomem': 'nothing',
    '/proc/cpuinfo': 'something',
    '/proc/meminfo': 'something',
    '/proc/stat': 'something',
    '/proc/loadavg': 'something',
    '/proc/uptime': 'something',
    '/proc/version': 'something',
    '/proc/devices': 'something',
    '/proc/self/status': 'something',
  },
  write: {
    '/': 'EROFS',
    '/mnt': 'EROFS',
    '/home': 'EROFS',
    '/usr': 'EROFS',
    '/etc': 'EROFS',
    '/var': 'EROFS',
    '/dev': 'EROFS',
    '/home/bas': 'written',
    '/home/bas/app': 'written',
    '/tmp': 'written',
    '/var/tmp': 'written',
    '/run': 'written',
    '/dev/shm': 'written',
  },
  /** Of what is in memory, in MiB, of an instance of 512. */
  size: { '/dev/shm': 256, '/run': 64 },
};

test('an instance sees of the machine what programs need, and writes where there is a bound', async (t) => {
  const subject = await openProcessEngine(t);
  if (subject === undefined) return;
  const one = subject.spec(
    `echo '${JSON.stringify({
      read: Object.keys(files.read),
      write: Object.keys(files.write),
      size: Object.keys(files.size),
    })}' | python3 files.py`,
  );
  const exit = await run(subject, one, t);
  const text = await textOf(one);
  assert.equal(exit.exitCode, 0, text);
  const there = (path: string): boolean => !path.startsWith('/proc/') || existsSync(path);
  const read = Object.fromEntries(Object.entries(files.read).filter(([path]) => there(path)));
  const seen = JSON.parse(text) as typeof files;
  assert.deepEqual(
    {
      ...seen,
      read: Object.fromEntries(Object.entries(seen.read).filter(([path]) => there(path))),
    },
    { ...files, read },
  );
});

test('what an instance may read of the machine lies where it lies there, in /etc too', async (t) => {
  const subject = await openProcessEngine(t);
  if (subject === undefined) return;
  const one = subject.spec('ls -d /etc/init.d /etc/fstab /etc/hosts');
  const readOnly = ['/etc/init.d', '/etc/fstab'];
  const exit = await run(subject, { ...one, files: { ...one.files, readOnly } }, t);
  assert.equal(exit.exitCode, 0, await textOf(one));
});

test('programs of Python run: threads, processes, shared memory, sockets', async (t) => {
  const subject = await openProcessEngine(t);
  if (subject === undefined) return;
  const environment = { PATH: '/usr/bin:/bin', HOME: '/home/bas' };
  const one = subject.spec('python3 programs.py', { environment });
  await run(subject, one, t);
  assert.equal(await textOf(one), 'all tried');
});

test('programs of Java run, of each version that is here', async (t) => {
  const compilers = globSync('/usr/lib/jvm/*/bin/javac').map((path) => realpathSync(path));
  if (!need(t, compilers.length > 0, 'a JDK (apt-get install openjdk-17-jdk-headless)')) return;
  const subject = await openProcessEngine(t);
  if (subject === undefined) return;
  for (const home of new Set(compilers.map((path) => dirname(path)))) {
    const one = subject.spec(`exec ${home}/java -Xmx256m Programs.java`, {
      limits: { cpus: 2, memoryMiB: 1024, diskMiB: 1024 },
    });
    await run(subject, one, t);
    assert.match(await textOf(one), /^all tried by \d+$/, home);
  }
});
