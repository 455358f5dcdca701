import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { prints, run, start, textOf } from '../../testing/engine.ts';
import { openProcessEngine, readSystemCalls } from '../../testing/process-engine.ts';

const numbers = new Map(readSystemCalls().map(({ name, number }) => [name, number]));
const call = `import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
add = lambda name, text: libc.syscall(${numbers.get('add_key')}, b"user", name, text, len(text), -3)
find = lambda name: libc.syscall(${numbers.get('keyctl')}, 10, -3, b"user", name, 0)
join = lambda: libc.syscall(${numbers.get('keyctl')}, 1, b"of a login")
`;

const program = join(import.meta.dirname, 'supervisor', 'launcher.py');

/** Starts a launcher as a login does: with a session keyring that others have too, and something in it. */
async function startInKeyring(directory: string, isolation: 'auto' | 'none'): Promise<void> {
  const options = JSON.stringify({ directory, isolation, allowedNetworks: [] });
  const script = `${call}
if join() < 0 or add(b"of-the-login", b"secret") < 0: sys.exit("this kernel keeps no keys")
os.execv(sys.executable, [sys.executable, "-I", "-S", ${JSON.stringify(program)}, sys.argv[1]])`;
  const child = spawn('python3', ['-c', script, options], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  while (child.exitCode === null && !existsSync(join(directory, 'launcher.sock')))
    await new Promise((resolve) => setImmediate(resolve));
}

for (const isolation of ['auto', 'none'] as const)
  test(`what one instance keeps in its keyring no other finds, nor what a login kept (${isolation})`, async (t) => {
    const prepare = (directory: string): Promise<void> => startInKeyring(directory, isolation);
    const subject = await openProcessEngine(t, { isolation, prepare });
    if (subject === undefined) return;
    const one = subject.spec(
      `exec python3 -c '${call}\nadd(b"of-the-first", b"secret"); print("kept", flush=True); time.sleep(600)'`,
    );
    await start(subject, one, t);
    await prints(one, /kept/, t);
    const look = `${call}\nprint([find(name) for name in (b"of-the-first", b"of-the-login")])`;
    const other = subject.spec(`exec python3 -c '${look}'`);
    await run(subject, other, t);
    assert.equal(await textOf(other), '[-1, -1]');
    const command = ['python3', '-c', `${call}\nprint("entered", find(b"of-the-login"))`];
    await subject.engine.exec(one.instanceId, command, t.signal);
    assert.match(await textOf(one), /entered -1/);
  });
