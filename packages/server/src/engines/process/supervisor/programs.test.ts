import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';

const sources = globSync(join(import.meta.dirname, '*.py')).map((path) => ({
  name: basename(path),
  lines: readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => !/^\s*#/.test(line)),
}));

/** Lines that hold this, with the file that they are in. */
const linesWith = (pattern: RegExp): string[] =>
  sources.flatMap(({ name, lines }) =>
    lines.filter((line) => pattern.test(line)).map((line) => `${name}: ${line.trim()}`),
  );

const EXECUTES =
  /\b(subprocess\b|os\.(exec|spawn|posix_spawn|system|popen)|pty\.spawn|multiprocessing\b|exec(v|l)p?e?\()/;

test('one file starts other programs', () => {
  const elsewhere = linesWith(EXECUTES).filter((line) => !line.startsWith('programs.py: '));
  assert.deepEqual(elsewhere, []);
});

test('whatever is started is given its environment: one of ours, or one that its caller names', () => {
  assert.deepEqual(linesWith(/(subprocess\.\w+|os\.exec\w+)\(/), [
    'programs.py: return subprocess.run(argv, input=text.encode(), capture_output=True, env=TOOLS, **how)',
    'programs.py: return subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True, env=TOOLS, **how)',
    'programs.py: os.execve(program, argv, environment)',
    'programs.py: os.execvpe(argv[0], argv, environment)',
  ]);
  assert.deepEqual(linesWith(/programs\.(run|start)\(.*env=/), []);
});

test('bubblewrap and the holder of the network have no variable at all, the router those of its starter', () => {
  assert.deepEqual(linesWith(/programs\.become\w*\(/).toSorted(), [
    'enter.py: programs.become(program[0], program, dict(os.environ))',
    "keeper.py: programs.become_inside(order['argv'], order['environment'])",
    'network.py: programs.become(sys.executable, argv, {})',
    'start_plain.py: programs.become(find_program(argv[0], given), argv, given)',
    'start_sandboxed.py: programs.become(supervisor.host.bwrap, program.argv, {})',
  ]);
  assert.deepEqual(linesWith(/\benviron\b|getenv|putenv/), [
    'enter.py: programs.become(program[0], program, dict(os.environ))',
  ]);
});

test("an instance's variables go into files in memory, and to the instance itself", () => {
  assert.deepEqual(linesWith(/spec\['environment'\]|spec\.get\('environment'\)/).toSorted(), [
    "start_plain.py: changed = {name: plain_path(value, places) for name, value in supervisor.spec['environment'].items()}",
    "start_sandboxed.py: options = sandbox.bwrap_options(spec, wiring) + variables.as_words(spec['environment'])",
    "start_sandboxed.py: supervisor.variables = variables.keep_variables(supervisor.spec['environment'])",
    "start_sandboxed.py: variables.check_words(['bwrap', '--args', 'descriptor', *options, *command], spec['environment'])",
  ]);
});

/** What these Python statements print. */
function print(statements: string): string {
  const program = `import os, sys; sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
${statements}`;
  return execFileSync('python3', ['-c', program, import.meta.dirname], { encoding: 'utf8' }).trim();
}

test('a process that is not of the sandbox is never taken for its first', () => {
  const answer = print(`
import json, start_sandboxed, types
from refused import Refused
child = os.fork()
if child == 0:
    grandchild = os.fork()
    if grandchild == 0: os.execv('/bin/sleep', ['sleep', '60'])
    os.waitpid(grandchild, 0); os._exit(0)
import linux
while not linux.children(child): pass
inner = linux.children(child)[0]
def told(pid):
    reading, writing = os.pipe()
    os.write(writing, json.dumps({'child-pid': pid}).encode() + b'\\n')
    os.close(writing)
    try:
        return start_sandboxed.read_inner(types.SimpleNamespace(child=child), reading)
    except Refused as refused:
        return str(refused)
print(told(inner) == inner)
for other in (1, 0, -1, os.getpid(), os.getppid(), child, 'x', None): print('none of its own' in told(other))
os.kill(inner, 9); os.waitpid(child, 0)
print('none of its own' in told(inner))`);
  assert.deepEqual(
    answer.split('\n'),
    Array.from({ length: 10 }, () => 'True'),
  );
});

test('a signal goes to what is below, and to nothing else', () => {
  const answer = print(`
import linux, signal
def sleeper():
    pid = os.fork()
    if pid == 0: os.execv('/bin/sleep', ['sleep', '60'])
    return pid
stranger = sleeper()
child = os.fork()
if child == 0:
    sleeper(); os.wait(); os._exit(0)
while not linux.children(child): pass
inner = linux.children(child)[0]
linux.signal_below(stranger, child, signal.SIGKILL)
linux.signal_below(inner, child, signal.SIGKILL)
os.waitpid(child, 0)
print(os.waitpid(stranger, os.WNOHANG)[0])
os.kill(stranger, 9)`);
  assert.equal(answer, '0');
});

test('a supervisor waits for no stream that an instance could read away', () => {
  const answer = print(`
import streams
one = streams.Streams()
out = next(iter(one.read))
print([os.get_blocking(end) for end in (*one.read, *one.inside)])
os.write(one.inside[0], b'said')
print(streams.read_what_is_there(out), streams.read_what_is_there(out))`);
  assert.deepEqual(answer.split('\n'), ['[False, False, False, True, True, True]', "b'said' None"]);
});
