import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { exitOf, prints, start, textOf, withLimit } from '../../testing/engine.ts';
import { makeSpec } from '../../testing/instance.ts';
import { silentLog } from '../../testing/log.ts';
import { need } from '../../testing/need.ts';
import { createProcessEngine } from './process-engine.ts';

/** An engine on a machine where no control group can be written. */
async function open(t: TestContext, isolation: 'auto' | 'none') {
  const directory = mkdtempSync(join(tmpdir(), 'grid-memory-'));
  const options = { directory, isolation, controlGroups: 'none', allowedNetworks: [] } as const;
  const engine = await createProcessEngine({ ...options, log: silentLog });
  t.after(async () => {
    const signal = AbortSignal.timeout(30_000);
    for (const { workloadId } of await engine.list(signal))
      await engine.remove(workloadId, 0, signal);
    await engine.destroy();
    rmSync(directory, { recursive: true, force: true });
  });
  return { engine, directory };
}

const LIMIT = 96;

/** What each program begins with: so much is taken of each kind. */
const BEGIN = `import ctypes, mmap, os, resource, socket, sys, threading, time
MIB = 1 << 20
TAKEN = 200 * MIB
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
def fill(file):
    for _ in range(TAKEN // MIB): file.write(bytes(MIB))
    file.flush()
def try_to_fill(path):
    try: fill(open(path, 'wb', buffering=0))
    except OSError as error: print(error, flush=True)
def memfd():
    file = os.fdopen(os.memfd_create('x'), 'w+b', buffering=0)
    fill(file)
    return file
def send(one):
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * MIB)
    one.setblocking(False)
    try:
        while True: one.send(bytes(65536))
    except BlockingIOError: pass
`;

/** Of it nothing is in a process's own memory when it has been taken. */
const KINDS: Readonly<Record<string, string>> = {
  'a file in memory': 'keep = memfd()',
  'a file in memory that is mapped alone': `file = memfd()
keep = mmap.mmap(file.fileno(), TAKEN); file.close(); keep.madvise(mmap.MADV_DONTNEED)`,
  'a file in memory that one thread has open, the others not': `def work():
    libc.unshare(0x400); os.memfd_create; hold.append(memfd()); time.sleep(600)
hold = []; threading.Thread(target=work, daemon=True).start()`,
  'memory that processes share': `keep = mmap.mmap(-1, TAKEN)
for at in range(0, TAKEN, 4096): keep[at] = 1
keep.madvise(mmap.MADV_DONTNEED)`,
  'the shared memory and the folder of sockets': `try_to_fill('/run/x'); try_to_fill('/dev/shm/x')`,
  'a file that was removed from the folder of sockets': `keep = open('/run/x', 'wb', buffering=0); os.unlink('/run/x')
try: fill(keep)
except OSError as error: print(error, flush=True)
try_to_fill('/dev/shm/y')`,
  'empty files in the shared memory': `for number in range(150_000): os.close(os.open(f'/dev/shm/{number}', os.O_CREAT))`,
  'a segment that nothing is attached to': `one = libc.shmget(0, TAKEN, 0o1600)
at = libc.shmat(one, None, 0); ctypes.memset(at, 1, TAKEN); libc.shmdt(ctypes.c_void_p(at))`,
  'sets of semaphores': `for _ in range(120): print(libc.semget(0, 32000, 0o1600) >= 0, flush=True)`,
  'messages that nobody receives': `text = ctypes.create_string_buffer(b'\\1' + bytes(8200))
for _ in range(8_000):
    queue = libc.msgget(0, 0o1600)
    for _ in range(2): libc.msgsnd(queue, text, 8180, 0o4000)`,
  'what sockets were sent': `keep = [socket.socketpair() for _ in range(100)]
for one, _ in keep: send(one)`,
  'what sockets of the network were sent': `door = socket.socket(); door.bind(('127.0.0.1', 0)); door.listen(4096)
keep = []
for _ in range(100):
    visitor = socket.create_connection(door.getsockname()); keep.append(visitor); keep.append(door.accept()[0])
    send(visitor)`,
  'tables of pages that are empty': `span = 150 << 30
keep = mmap.mmap(-1, span, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)
keep.madvise(mmap.MADV_NOHUGEPAGE)
for at in range(0, span, 2 * MIB): keep[at]`,
  'a program whose first thread has ended': `keep = bytearray(b'x') * TAKEN
threading.Thread(target=lambda: time.sleep(6)).start()
libc.syscall(60)`,
};

for (const [kind, program] of Object.entries(KINDS))
  test(`without control groups memory counts of every kind: ${kind}`, async (t) => {
    const { engine, directory } = await open(t, 'auto');
    if (!need(t, engine.host.isolated, 'isolation (grid doctor)')) return;
    const code = `${BEGIN}${program}\nprint('taken', flush=True)\ntime.sleep(6)\n`;
    const spec = makeSpec(directory, '', {
      command: { name: 'take', argv: ['python3', '-c', code] },
    });
    const one = withLimit(spec, { memoryMiB: LIMIT });
    await start({ engine }, one, t);
    const { reason, detail } = await exitOf({ engine }, one, t);
    assert.equal(reason, 'memory_limit', await textOf(one));
    assert.match(detail ?? '', /^memory_limit \(sampled\): it used \d+ MiB of 96 MiB/);
  });

const TAKE_WATCHES = `import ctypes, time
libc = ctypes.CDLL(None)
while libc.inotify_init() >= 0: pass
print('taken', flush=True)
time.sleep(600)`;

test('an instance leaves the platform watches of its own, whatever it takes', async (t) => {
  const { engine, directory } = await open(t, 'auto');
  if (!need(t, engine.host.isolated, 'isolation (grid doctor)')) return;
  const spec = makeSpec(directory, '', {
    command: { name: 'take', argv: ['python3', '-c', TAKE_WATCHES] },
  });
  await start({ engine }, spec, t);
  await prints(spec, /taken/, t);
  const ask = 'import ctypes; print(ctypes.CDLL(None).inotify_init() >= 0)';
  assert.equal(execFileSync('python3', ['-c', ask], { encoding: 'utf8' }), 'True\n');
});
