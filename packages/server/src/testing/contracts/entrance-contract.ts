import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { newId } from '../../lib/ids.ts';
import { exitOf, prints, ruleFor, start, textOf, withLimit } from '../engine.ts';
import type { Subject } from '../engine.ts';
import type {
  CommandEnd,
  Engine,
  Entered,
  Entrance,
  InstanceSpec,
} from '../../workloads/engine.ts';

type Enterable = Subject & { engine: Engine & Entrance };
type Rule = ReturnType<typeof ruleFor<Enterable>>;

/** What each engine that lets somebody in must pass. */
export function entranceContract(
  name: string,
  open: (t: TestContext) => Promise<Enterable | undefined>,
): void {
  const rule = ruleFor(name, open);
  commands(rule);
  rights(rule);
  terminals(rule);
  endings(rule);
}

const TERMINAL = { type: 'xterm', columns: 91, rows: 33 };

/** An instance that has run a script, and then waits. */
async function openInstance(
  subject: Enterable,
  t: TestContext,
  { script = ':', changes = {} }: { script?: string; changes?: Partial<InstanceSpec> } = {},
): Promise<InstanceSpec> {
  const made = subject.spec(`${script}; echo up; exec sleep 600`, changes);
  const PATH = '/opt/of-the-application:/usr/bin:/bin';
  const spec = { ...made, environment: { ...made.environment, PATH, COLOUR: `"b l u e" 'é'` } };
  await start(subject, spec, t);
  await prints(spec, /up/, t);
  return spec;
}

type Told = { said: string; complained: string; end: CommandEnd | undefined };

const shell = (line: string) => ['/bin/bash', '-l', '-c', line] as const;

const begin = (
  { engine }: Enterable,
  { instanceId }: InstanceSpec,
  { line, terminal, t }: { line: string; terminal?: typeof TERMINAL; t: TestContext },
): Promise<Entered> => engine.enter(instanceId, { argv: shell(line), terminal }, t.signal);

async function read(stream: Readable): Promise<string> {
  let text = '';
  for await (const part of stream.setEncoding('utf8')) text += part;
  return text;
}

/** Runs a line inside to its end. */
async function tell(
  subject: Enterable,
  spec: InstanceSpec,
  { line, input = '', t }: { line: string; input?: string; t: TestContext },
): Promise<Told> {
  const entered = await begin(subject, spec, { line, t });
  entered.input.end(input);
  const [said, complained] = await Promise.all([read(entered.output), read(entered.errors)]);
  return { said, complained, end: await entered.ended };
}

/** Reads until this was said. */
async function says(stream: Readable, what: RegExp): Promise<string> {
  let text = '';
  for await (const part of stream.iterator({ destroyOnReturn: false })) {
    text += String(part);
    if (what.test(text)) return text;
  }
  throw new Error(`it never said ${String(what)}: ${text}`);
}

function commands(rule: Rule): void {
  rule('a command that enters has its streams and its end', async (subject, t) => {
    const spec = await openInstance(subject, t);
    const told = await tell(subject, spec, { line: 'cat; echo no >&2; exit 3', input: 'typed', t });
    assert.deepEqual(told, { said: 'typed', complained: 'no\n', end: { exitCode: 3 } });
    const killed = await tell(subject, spec, { line: 'kill -KILL $$', t });
    assert.deepEqual(killed.end, { signal: 'SIGKILL' });
    const argv = ['/no/such/program'] as const;
    const { instanceId } = spec;
    const missing = await subject.engine.enter(instanceId, { argv, terminal: undefined }, t.signal);
    assert.match(await read(missing.errors), /no\/such\/program/);
    assert.deepEqual(await missing.ended, { exitCode: 127 });
    assert.doesNotMatch(await textOf(spec), /typed|no/);
  });

  rule('who enters finds what the instance’s own command found', async (subject, t) => {
    const look = 'echo "$PATH|$COLOUR|$HOME|$PWD|$(umask)"';
    const spec = await openInstance(subject, t, { script: look });
    const { said } = await tell(subject, spec, { line: look, t });
    assert.match(said, /^\/opt\/of-the-application:\/usr\/bin:\/bin\|"b l u e" 'é'\|/);
    assert.equal(`${said}up`, await textOf(spec));
  });

  rule('streams may be of any size and of any bytes, whoever is slow', async (subject, t) => {
    const spec = await openInstance(subject, t);
    const entered = await begin(subject, spec, { line: 'tee /dev/stderr', t });
    const data = randomBytes(5 * 2 ** 20);
    entered.input.end(data);
    const digest = (parts: readonly Buffer[]): string =>
      createHash('sha256').update(Buffer.concat(parts)).digest('hex');
    const all = async (stream: Readable): Promise<string> => digest(await stream.toArray());
    const found = await Promise.all([all(entered.errors), all(entered.output)]);
    assert.deepEqual(found, [digest([data]), digest([data])]);
  });

  rule('what does not run is not entered', async (subject, t) => {
    const unknown = { ...subject.spec('exit 0'), instanceId: newId('instance') };
    await assert.rejects(tell(subject, unknown, { line: 'id', t }), /\w/);
    const over = subject.spec('exit 0');
    await start(subject, over, t);
    await exitOf(subject, over, t);
    await assert.rejects(tell(subject, over, { line: 'id', t }), /\w/);
  });
}

function rights(rule: Rule): void {
  rule('who enters has the rights of the instance’s own command', async (subject, t) => {
    const look =
      "sed -nE '/^(Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs|Seccomp):/p' /proc/self/status; cat /proc/self/limits; readlink /proc/self/ns/*";
    const spec = await openInstance(subject, t, { script: look });
    const { said } = await tell(subject, spec, { line: look, t });
    assert.equal(`${said}up`, await textOf(spec));
  });

  rule('the memory of who enters is the instance’s', async (subject, t) => {
    const made = await openInstance(subject, t, {
      changes: { limits: withLimit(subject.spec(''), { memoryMiB: 96 }).limits },
    });
    const eat = 'x=$(head -c 400m /dev/zero | tr "\\0" x); echo "${#x}"; sleep 600';
    const [exit] = await Promise.all([
      exitOf(subject, made, t),
      tell(subject, made, { line: eat, t }),
    ]);
    assert.equal(exit.reason, 'memory_limit', JSON.stringify(exit));
  });
}

function terminals(rule: Rule): void {
  rule('a terminal is the instance’s own, and as large as it is said', async (subject, t) => {
    const spec = await openInstance(subject, t);
    const line =
      'trap "stty size; exit 5" WINCH; tty; stty size; echo $TERM; while :; do sleep 0.01; done';
    const entered = await begin(subject, spec, { line, terminal: TERMINAL, t });
    await says(entered.output, /\/dev\/pts\/\d+\r\n33 91\r\nxterm\r\n/);
    entered.resize({ columns: 120, rows: 40 });
    assert.match(await says(entered.output, /\n/), /^40 120\r\n/);
    assert.deepEqual(await entered.ended, { exitCode: 5 });
    assert.equal(await read(entered.errors), '');
  });

  rule('keys that mean signals are signals, and the end of input is a key', async (subject, t) => {
    const spec = await openInstance(subject, t);
    const interrupted = await begin(subject, spec, {
      line: 'trap "exit 6" INT; echo ready; while :; do sleep 0.01; done',
      terminal: TERMINAL,
      t,
    });
    await says(interrupted.output, /ready/);
    interrupted.input.write('\u0003');
    assert.deepEqual(await interrupted.ended, { exitCode: 6 });
    const ended = await begin(subject, spec, { line: 'cat; exit 7', terminal: TERMINAL, t });
    ended.input.end('typed\n');
    assert.match(await read(ended.output), /typed\r\ntyped\r\n/);
    assert.deepEqual(await ended.ended, { exitCode: 7 });
  });
}

/** How many processes of the instance bear this in their arguments, or in whoever's sight it is. */
async function count(
  subject: Enterable,
  spec: InstanceSpec,
  { marker, t }: { marker: string; t: TestContext },
): Promise<number> {
  const [first, rest] = [marker.slice(0, 1), marker.slice(1)];
  const line = `for one in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$one; echo; done 2>/dev/null | grep -c '[${first}]${rest}'`;
  return Number((await tell(subject, spec, { line, t })).said);
}

function endings(rule: Rule): void {
  /** Starts things that would outlive a shell, and says so. */
  const daemons = (marker: string): string =>
    `nohup sleep ${marker} & setsid -f sleep ${marker}; (trap "" HUP TERM; sleep ${marker}) & echo ready;`;

  for (const terminal of [undefined, TERMINAL]) {
    const where = terminal === undefined ? '' : ' on a terminal';
    rule(`what a command started ends with it${where}`, async (subject, t) => {
      const spec = await openInstance(subject, t);
      const marker = `600.${randomBytes(4).readUInt32BE()}`;
      const line = `${daemons(marker)} exit 3`;
      const entered = await begin(subject, spec, { line, ...(terminal && { terminal }), t });
      assert.match(await read(entered.output), /ready/);
      assert.deepEqual(await entered.ended, { exitCode: 3 });
      assert.equal(await count(subject, spec, { marker, t }), 0);
    });

    rule(`it is told when its caller leaves, and then it ends${where}`, async (subject, t) => {
      const spec = await openInstance(subject, t);
      const marker = `600.${randomBytes(4).readUInt32BE()}`;
      const line = `trap 'echo told >~/told; exit' HUP; ${daemons(marker)} while :; do sleep 0.01; done`;
      const entered = await begin(subject, spec, { line, ...(terminal && { terminal }), t });
      await says(entered.output, /ready/);
      entered.leave();
      assert.equal(await entered.ended, undefined);
      while ((await count(subject, spec, { marker, t })) > 0) t.signal.throwIfAborted();
      assert.equal((await tell(subject, spec, { line: 'cat ~/told', t })).said, 'told\n');
    });
  }

  rule('it ends with the instance', async (subject, t) => {
    const spec = await openInstance(subject, t);
    const entered = await begin(subject, spec, { line: 'echo ready; exec sleep 600', t });
    await says(entered.output, /ready/);
    await subject.engine.remove(spec.workloadId, 1, t.signal);
    assert.equal(await entered.ended, undefined);
    assert.equal(await read(entered.output), '');
  });
}
