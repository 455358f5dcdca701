import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { newId } from '../../lib/ids.ts';
import type { OwnerId } from '../../lib/ids.ts';
import {
  prints,
  readLog,
  ruleFor,
  run,
  runningOf,
  showsUnended,
  start,
  textOf,
  withLimit,
} from '../engine.ts';
import type { Grantable, Open, Rule, Subject } from '../engine.ts';
import { need } from '../need.ts';
import { filesContract } from './files-contract.ts';
import { graceContract } from './grace-contract.ts';
import { lifeContract } from './life-contract.ts';
import type { End, Living } from './life-contract.ts';
import type { Engine, InstanceMeasure, InstanceSpec } from '../../workloads/engine.ts';

/** What each engine must pass: the platform is written against this, and against nothing else. */
export function engineContract(name: string, open: Open<Subject>): void {
  lifeContract(name, async (t) => living(await open(t)));
  const rule = ruleFor(name, open);
  hooks(rule);
  stopping(rule);
  graceContract(rule);
  output(rule);
  files(rule);
  limits(rule);
  filesContract(rule);
  devices(rule);
  network(rule);
  measures(rule);
  adoption(rule);
}

const scripts: Record<Exclude<End, 'never started'>, string> = {
  well: 'exit 0',
  'with 3': 'exit 3',
  killed: 'kill -KILL $$',
  never: 'exec sleep 600',
};

const NO_PROGRAM = { command: { name: 'nothing', argv: ['/no/such/program'] } } as const;

const living = (subject: Subject | undefined): Living | undefined =>
  subject && {
    ...subject,
    ending: (end, changes) =>
      end === 'never started'
        ? subject.spec('true', { ...NO_PROGRAM, ...changes })
        : subject.spec(scripts[end], changes),
  };

function hooks(rule: Rule): void {
  rule(
    'hooks run around the command, and one that fails before it ends the instance',
    async (subject, t) => {
      const say = (name: string, line: string) => ({
        name,
        argv: ['/bin/sh', '-c', line] as const,
      });
      const hooked = (line: string, before: string): InstanceSpec => {
        const made = subject.spec(line);
        return {
          ...made,
          before: [say('CC_PRE_RUN_HOOK', before)].map(({ name, argv }) => ({
            name,
            argv: [...argv],
          })),
          after: {
            succeeded: { name: 'succeeded', argv: ['/bin/sh', '-c', 'echo SUCCEEDED'] },
            failed: { name: 'failed', argv: ['/bin/sh', '-c', 'echo FAILED'] },
          },
        };
      };
      const well = hooked('echo COMMAND', 'echo BEFORE');
      assert.equal((await run(subject, well, t)).exitCode, 0);
      assert.equal(await textOf(well), 'BEFORE\nCOMMAND\nSUCCEEDED');
      const ill = hooked('echo COMMAND; exit 4', 'echo BEFORE');
      assert.equal((await run(subject, ill, t)).exitCode, 4);
      assert.equal(await textOf(ill), 'BEFORE\nCOMMAND\nFAILED');
      const early = hooked('echo COMMAND', 'exit 9');
      const exit = await run(subject, early, t);
      const told = [exit.reason, exit.step];
      assert.deepEqual(told, ['before_failed', 'CC_PRE_RUN_HOOK'], exit.detail);
      assert.doesNotMatch(await textOf(early), /COMMAND/);
    },
  );
}

function stopping(rule: Rule): void {
  rule('what is removed is told to end, and killed when its grace is over', async (subject, t) => {
    const { engine, spec } = subject;
    const polite = spec('trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.05; done');
    await start(subject, polite, t);
    await prints(polite, /up/, t);
    await engine.remove(polite.workloadId, 20, t.signal);
    assert.match(await textOf(polite), /bye/);
    const stubborn = spec('trap "" TERM; echo up; while :; do sleep 0.05; done');
    await start(subject, stubborn, t);
    await prints(stubborn, /up/, t);
    await engine.remove(stubborn.workloadId, 1, t.signal);
    assert.match(await textOf(stubborn), /went on for 1 s after it was asked to end/);
    assert.doesNotMatch(await textOf(polite), /went on/);
  });
}

function output(rule: Rule): void {
  rule(
    'a line that has not ended is shown as it is now, and kept as it was when its instance was ended',
    async (subject, t) => {
      const bar = "printf '\\r 1%%|#  |\\r 2%%|## |' >&2";
      const one = subject.spec(`echo up; printf 'Password: '; ${bar}; exec sleep 600`);
      await start(subject, one, t);
      assert.deepEqual(await showsUnended(one, 2, t), ['stderr:  2%|## |', 'stdout: Password: ']);
      assert.equal(await textOf(one), 'up');
      await subject.engine.remove(one.workloadId, 5, t.signal);
      assert.equal(existsSync(join(one.logDirectory, 'unended')), false);
      const { lines } = await readLog(one);
      const texts = lines.map(({ stream, text }) => `${stream}: ${text}`);
      assert.deepEqual(texts.toSorted(), ['stderr:  2%|## |', 'stdout: Password: ', 'stdout: up']);
      assert.deepEqual(
        lines,
        lines.toSorted((a, b) => a.at - b.at),
      );
    },
  );
  rule(
    'both streams are kept apart, in order, whole, and closed at the end',
    async (subject, t) => {
      const line = 'i=0; while [ $i -lt 2000 ]; do echo out-$i; echo err-$i >&2; i=$((i+1)); done';
      const one = subject.spec(`${line}; printf 'no newline'`);
      await run(subject, one, t);
      const { lines } = await readLog(one);
      const of = (stream: string) =>
        lines.filter((found) => found.stream === stream).map(({ text }) => text);
      const counted = (name: string) => Array.from({ length: 2000 }, (_, at) => `${name}-${at}`);
      assert.deepEqual(of('stdout'), [...counted('out'), 'no newline']);
      assert.deepEqual(of('stderr'), counted('err'));
      assert.ok(existsSync(join(one.logDirectory, 'closed')));
    },
  );

  rule(
    'the environment is what was asked for, to the letter, and nothing of ours',
    async (subject, t) => {
      const odd = {
        QUOTES: `a "b" 'c' $HOME \`id\` \\`,
        LINES: 'one\ntwo',
        EMPTY: '',
        UTF8: 'é✓😀',
      };
      const script = 'printf "%s|%s|%s|%s\\n" "$QUOTES" "$LINES" "$EMPTY" "$UTF8"; env';
      const made = subject.spec(script);
      const one = { ...made, environment: { ...made.environment, ...odd } };
      await run(subject, one, t);
      const text = await textOf(one);
      assert.ok(text.includes(`${odd.QUOTES}|${odd.LINES}|${odd.EMPTY}|${odd.UTF8}`), text);
      assert.doesNotMatch(text, /GRID_|DATABASE_URL/);
    },
  );
}

const LIST = 'LC_ALL=C ls -b . d*p; cat l*nk; readlink data';
const LISTED = String.raw`.:
data
d\351p
l\357nk

d\351p:
f1
text/mnt/datasets`;

function files(rule: Rule): void {
  rule(
    'files of an application are called as they are, byte by byte, and links lead where they did',
    async (subject, t) => {
      for (const access of ['throw-away', 'writable'] as const) {
        const made = subject.spec(LIST);
        const application = { ...made.files.application, access };
        const at = (name: string): Buffer => Buffer.from(`${application.source}/${name}`, 'latin1');
        mkdirSync(at('d\xe9p'));
        writeFileSync(at('d\xe9p/f1'), 'text');
        symlinkSync(Buffer.from('d\xe9p/f1', 'latin1'), at('l\xefnk'));
        symlinkSync('/mnt/datasets', at('data'));
        const one = { ...made, files: { ...made.files, application } };
        const exit = await run(subject, one, t);
        assert.equal(await textOf(one), LISTED, `${access}: ${exit.detail}`);
      }
    },
  );
}

function limits(rule: Rule): void {
  rule('too much memory ends an instance with that reason', async (subject, t) => {
    const eat = 'x=$(head -c 400m /dev/zero | tr "\\0" x); echo "${#x}"; sleep 3';
    const exit = await run(subject, withLimit(subject.spec(eat), { memoryMiB: 96 }), t);
    assert.equal(exit.reason, 'memory_limit', JSON.stringify(exit));
  });

  rule('a full disk ends an instance with that reason', async (subject, t) => {
    const fill = 'head -c 200m /dev/zero > big; echo written; exec sleep 600';
    const exit = await run(subject, withLimit(subject.spec(fill), { diskMiB: 64 }), t);
    assert.equal(exit.reason, 'disk_full', JSON.stringify(exit));
  });

  rule('a fork bomb ends, and others still start', async (subject, t) => {
    if (!need(t, subject.boundsProcesses, 'control groups that can be written')) return;
    const bomb = subject.spec('bomb() { bomb & bomb; }; bomb 2>/dev/null; sleep 2; exit 1');
    await start(subject, bomb, t);
    const other = await run(subject, subject.spec('exit 0'), t);
    assert.equal(other.exitCode, 0);
    await subject.engine.remove(bomb.workloadId, 0, t.signal);
    assert.equal(await subject.engine.observe(bomb.instanceId, t.signal), undefined);
  });
}

/** What an instance sees of a device, and whether it can use it. */
const lookAt = ({ path }: Grantable): string =>
  `if [ ! -e ${path} ]; then echo hidden; elif echo text > ${path}; then echo usable; else echo seen; fi`;

function devices(rule: Rule): void {
  rule('an instance sees the devices that it is granted, and no others', async (subject, t) => {
    const made = subject.isolated ? await subject.devices(t) : undefined;
    if (made === undefined) return;
    const script = made.map(lookAt).join('; ');
    for (const [granted, seen] of [
      [[], 'hidden\nhidden'],
      [[made[0]], 'usable\nhidden'],
      [[made[1]], 'hidden\nusable'],
      [made, 'usable\nusable'],
    ] as const) {
      const one = subject.spec(script, { devices: granted.map(({ device }) => device) });
      const exit = await run(subject, one, t);
      assert.equal(await textOf(one), seen, exit.detail);
    }
  });
}

/** A server of one owner's, once it answers. */
async function serving(subject: Subject, text: string, t: TestContext, ownerId?: OwnerId) {
  const spec = subject.spec(subject.serve(text), { port: 8080, ...(ownerId && { ownerId }) });
  await start(subject, spec, t);
  const { endpoint } = await runningOf(subject, spec, t);
  assert.ok(endpoint !== undefined);
  while ((await ask(subject.engine, spec, t)) === undefined) await nextTurn();
  return { spec, endpoint };
}

/** What the instance answers on its port, or undefined where it does not. */
async function ask(engine: Engine, { instanceId }: InstanceSpec, t: TestContext) {
  try {
    const socket = await engine.connect(instanceId, 8080, t.signal);
    socket.end('GET / HTTP/1.0\r\n\r\n');
    let text = '';
    for await (const part of socket) text += String(part);
    return text === '' ? undefined : text;
  } catch (error) {
    t.signal.throwIfAborted();
    assert.doesNotMatch(String(error), /timed out/, 'a connection is made or refused, never lost');
    return undefined;
  }
}

function network(rule: Rule): void {
  rule('each instance has a port 8080 of its own, reached from outside', async (subject, t) => {
    const [one, two] = [await serving(subject, 'one', t), await serving(subject, 'two', t)];
    assert.match((await ask(subject.engine, one.spec, t)) ?? '', /one/);
    assert.match((await ask(subject.engine, two.spec, t)) ?? '', /two/);
  });

  rule(
    'an address that is given on is reached as soon as its new holder listens',
    async (subject, t) => {
      if (!subject.givesAddressesOn) return;
      const ownerId = newId('organization');
      await serving(subject, 'neighbour', t, ownerId);
      const held = new Set<string>();
      for (let before = 0; before === held.size; before += 1) {
        const { spec, endpoint } = await serving(subject, 'here', t, ownerId);
        held.add(endpoint.host);
        await subject.engine.remove(spec.workloadId, 0, t.signal);
      }
    },
  );

  rule('those of one owner reach each other, those of others do not', async (subject, t) => {
    if (!subject.isolated) return;
    const ownerId = newId('organization');
    const { endpoint } = await serving(subject, 'hello', t, ownerId);
    const url = `http://${endpoint.host}:${endpoint.port}/`;
    const fetch = `python3 -c 'import sys,urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=3).read().decode())' ${url}`;
    const friend = subject.spec(fetch, { ownerId });
    assert.equal((await run(subject, friend, t)).exitCode, 0, await textOf(friend));
    assert.match(await textOf(friend), /hello/);
    const stranger = subject.spec(fetch);
    assert.notEqual((await run(subject, stranger, t)).exitCode, 0);
    assert.doesNotMatch(await textOf(stranger), /hello/);
  });
}

/** Asks until the instance is measured as wanted. */
async function measuredAs(
  { engine }: Subject,
  { instanceId }: InstanceSpec,
  { holds, t }: { holds: (found: InstanceMeasure) => boolean; t: TestContext },
): Promise<InstanceMeasure> {
  for (;;) {
    const found = (await engine.measure(t.signal)).find((one) => one.instanceId === instanceId);
    if (found !== undefined && holds(found)) return found;
    await nextTurn();
  }
}

const HELD = 64 * 1024 * 1024;
/** What an interpreter, and the shell around it, may hold besides. */
const BESIDES = 48 * 1024 * 1024;

function measures(rule: Rule): void {
  rule('who computes and holds memory is measured so', async (subject, t) => {
    const idle = subject.spec('echo up; exec sleep 600');
    const busy = subject.spec(`exec python3 -c 'held = b"x" * ${HELD}
print("up", flush=True)
while True: pass'`);
    for (const one of [idle, busy]) {
      await start(subject, one, t);
      await prints(one, /up/, t);
    }
    const first = await measuredAs(subject, busy, {
      t,
      holds: ({ cpuMilliseconds = 0, memoryBytes = 0 }) =>
        cpuMilliseconds > 0 && memoryBytes > HELD,
    });
    assert.ok((first.memoryBytes ?? 0) < HELD + BESIDES, JSON.stringify(first));
    const later = (first.cpuMilliseconds ?? 0) + 500;
    const hasWorked = ({ cpuMilliseconds = 0 }: InstanceMeasure) => cpuMilliseconds >= later;
    await measuredAs(subject, busy, { t, holds: hasWorked });
    const isKnown = ({ cpuMilliseconds }: InstanceMeasure) => cpuMilliseconds !== undefined;
    const still = await measuredAs(subject, idle, { t, holds: isKnown });
    const { cpuMilliseconds = 0, memoryBytes = 0 } = still;
    assert.ok(cpuMilliseconds < 500 && memoryBytes < BESIDES, `${cpuMilliseconds} ${memoryBytes}`);
  });

  rule('what comes and goes by its own network is counted', async (subject, t) => {
    const text = 'x'.repeat(50_000);
    const { spec } = await serving(subject, text, t);
    const before = await measuredAs(subject, spec, { t, holds: () => true });
    if (!subject.isolated) {
      assert.deepEqual([before.receivedBytes, before.sentBytes], [undefined, undefined]);
      return;
    }
    assert.match((await ask(subject.engine, spec, t)) ?? '', /xxx/);
    const { receivedBytes = 0, sentBytes = 0 } = before;
    assert.ok(receivedBytes > 0 && sentBytes > text.length);
    await measuredAs(subject, spec, {
      t,
      holds: (now) =>
        (now.sentBytes ?? 0) > sentBytes + text.length && (now.receivedBytes ?? 0) > receivedBytes,
    });
  });
}

function adoption(rule: Rule): void {
  rule(
    'what starts instances may die: those that run go on, and new ones start',
    async (subject, t) => {
      const one = subject.spec('echo up; exec sleep 600');
      await start(subject, one, t);
      await prints(one, /up/, t);
      await subject.loseStarter();
      assert.equal((await runningOf(subject, one, t)).status, 'running');
      assert.equal((await run(subject, subject.spec('exit 0'), t)).exitCode, 0);
    },
  );

  rule('a command runs inside, with the environment of the instance', async (subject, t) => {
    const made = subject.spec('echo up; exec sleep 600');
    const one = { ...made, environment: { ...made.environment, COLOUR: 'blue' } };
    await start(subject, one, t);
    await prints(one, /up/, t);
    const argv = ['/bin/sh', '-c', 'echo "it is $COLOUR"; exit 7'];
    assert.deepEqual(await subject.engine.exec(one.instanceId, argv, t.signal), { exitCode: 7 });
    await prints(one, /it is blue/, t);
  });
}
