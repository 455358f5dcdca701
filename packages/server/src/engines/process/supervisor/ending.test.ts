import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

/** What these Python statements print of processes, of which `start` makes some, and `asked` their ending. */
function printed(statements: string): unknown {
  const program = `import sys; sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
import atexit, json, os, subprocess, ending
from subprocess import PIPE
started = []
atexit.register(lambda: [one.kill() for one in started])
def start(words, **streams):
    started.append(subprocess.Popen(words, **streams))
    return started[-1]
def end(one): one.kill(); one.wait(); started.remove(one)
asked = ending.Ending('/nonexistent')
asked.asked, asked.grace = 100.0, 10.0
${statements}`;
  const text = execFileSync('python3', ['-c', program, import.meta.dirname], { encoding: 'utf8' });
  return JSON.parse(text);
}

const PIPELINE = `
first = start(['sleep', '600'], stdout=PIPE)
second = start(['cat'], stdin=first.stdout, stdout=PIPE)
third = start(['cat'], stdin=second.stdout)
every = {'third': third, 'second': second, 'first': first}
def choose(moment):
    told = asked.choose([one.pid for one in every.values()], moment)
    return [name for name, one in every.items() if one.pid in told]
`;

test('who reads from others is told when those are over', () => {
  const told = printed(`${PIPELINE}
told = [choose(100), choose(101)]
end(every.pop('first')); told.append(choose(102))
end(every.pop('second')); told.append(choose(103))
print(json.dumps(told))`);
  assert.deepEqual(told, [['first'], [], ['second'], ['third']]);
});

test('at half of the grace nobody waits any more, and nobody is told twice', () => {
  const told = printed(`${PIPELINE}
print(json.dumps([choose(100), choose(104.9), choose(105), choose(106)]))`);
  assert.deepEqual(told, [['first'], [], ['third', 'second'], []]);
});

test('whoever looks again from time to time looks at no process twice, however many wait', () => {
  const looks = printed(`
writer = start(['sleep', '600'], stdout=PIPE)
every = [writer.pid, *(start(['cat'], stdin=writer.stdout).pid for _ in range(50))]
looks, look = [], os.stat
def counting(path, *rest, **more):
    looks.append(path)
    return look(path, *rest, **more)
os.stat = counting
told = asked.choose(every, 100)
for _ in range(100): assert asked.choose(every, 101) == []
assert told == [writer.pid], told
print(len(looks))`);
  assert.ok(Number(looks) <= 4 * 51, `${String(looks)} looks at 51 processes`);
});
