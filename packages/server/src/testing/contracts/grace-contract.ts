import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { Exit, InstanceSpec } from '../../workloads/engine.ts';
import { exitOf, prints, run, start, textOf, workloadOf } from '../engine.ts';
import type { Rule, Subject } from '../engine.ts';

/** What each engine must pass of ends that are asked for: the time that is given is the instance's. */
export function graceContract(rule: Rule): void {
  wholeGrace(rule);
  halfOfGrace(rule);
  ends(rule);
  steps(rule);
}

/** Says that it is up, and when it is told to end takes a moment to save, and says that too. */
const SAVER = `trap 'echo saving; sleep 0.4; echo saved; exit 0' TERM
echo up
while :; do sleep 0.05; done`;

/** An instance whose script finds others in `$SAVER` and `$LOADING`. */
const saving = (subject: Subject, script: string, saver = SAVER): InstanceSpec => {
  const made = subject.spec(script);
  return {
    ...made,
    environment: { ...made.environment, SAVER: saver, LOADING, POOL, PASSING, WAITING },
  };
};

/** How the saver comes to be below a command that ends before it. */
const trees: Readonly<Record<string, string>> = {
  'a script that does not give way': 'sh -c "$SAVER"; echo never',
  'a line of several commands': `exec bash -c 'sh -c "$SAVER"; echo never'`,
  'a pipe': 'sh -c "$SAVER" | tee said',
  'pipes through several': 'sh -c "$SAVER" 2>&1 | sed -u s/x/x/ | tee said',
  'a script whose output goes through another': `exec bash -c 'exec > >(tee said); sh -c "$SAVER"'`,
  'a program that dies of it':
    'exec python3 -c \'import os, subprocess; subprocess.run(["sh", "-c", os.environ["SAVER"]])\'',
  'who starts a daemon': 'setsid -f sh -c "$SAVER"; exec sleep 600',
  'who leaves it to nobody': '(sh -c "$SAVER" &); exec sleep 600',
  'who passes it on': `exec python3 -c '
import os, signal, subprocess, sys
workers = [subprocess.Popen(["sh", "-c", os.environ["SAVER"]]) for _ in range(2)]
def end(*_):
    for one in workers: one.terminate()
signal.signal(signal.SIGTERM, end)
for one in workers: one.wait()'`,
  'who needs workers until then': 'python3 -c "$LOADING"; echo never',
  'who saves with a pool': 'python3 -c "$POOL"; echo never',
  'who passes it on to what saves as it hears of it': 'python3 -c "$PASSING"; echo never',
};

/** Who is told only when half of the time is over: nobody whose end is waited for ends before. */
const waiting: Readonly<Record<string, string>> = {
  'workers of who waits for them and does not pass it on': 'exec python3 -c "$WAITING"',
  'two that read from each other':
    'mkfifo a b; exec 3<>a 4<>b; cat <&3 >&4 & cat <&4 >&3 & sh -c "$SAVER"; wait',
};

function wholeGrace(rule: Rule): void {
  rule(
    'who still runs when the first has ended has the time that was given',
    async (subject, t) => {
      const all = Object.entries(trees).map(([what, script]) => ({
        what,
        one: saving(subject, script),
      }));
      await Promise.all(
        all.map(async ({ what, one }) => {
          await start(subject, one, t);
          await prints(one, /up/, t);
          await subject.engine.remove(one.workloadId, 20, t.signal);
          const text = await textOf(one);
          assert.match(text, /saved/, what);
          assert.doesNotMatch(text, /went on|never/, what);
        }),
      );
    },
  );
}

function halfOfGrace(rule: Rule): void {
  rule(
    'who waits for others to end is told at half of the time at the latest',
    async (subject, t) => {
      await Promise.all(
        Object.entries(waiting).map(async ([what, script]) => {
          const one = saving(subject, script);
          await start(subject, one, t);
          await prints(one, /up/, t);
          await subject.engine.remove(one.workloadId, 6, t.signal);
          const text = await textOf(one);
          assert.match(text, /saved/, what);
          assert.doesNotMatch(text, /went on/, what);
        }),
      );
    },
  );
}

/** A training whose workers load its data: one of them that ends before it ends it, whatever it does. */
const LOADING = `
import os, signal, sys, time
def lost(*_): raise RuntimeError("a worker has ended")
def save(*_): print("saving", flush=True); time.sleep(0.4); print("saved", flush=True); sys.exit(0)
signal.signal(signal.SIGTERM, save)
signal.signal(signal.SIGCHLD, lost)
for _ in range(2):
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        while True: time.sleep(0.05)
print("up", flush=True)
while True: time.sleep(0.05)`;

/** What it saves is made by workers that know nothing of TERM. */
const POOL = `
import multiprocessing, signal, time
def work(_): time.sleep(0.2)
asked = []
pool = multiprocessing.get_context("fork").Pool(2)
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
pool.map(work, [1, 2])
print("up", flush=True)
while not asked: time.sleep(0.05)
pool.map(work, range(4))
print("saved", flush=True)`;

/** Its worker says so where it is told once more while it saves. */
const PASSING = `
import os, signal, time
def save(*_):
    if asked: print("never twice", flush=True)
    asked.append(1)
    time.sleep(0.4)
    print("saved", flush=True)
    os._exit(0)
asked = []
signal.signal(signal.SIGTERM, save)
worker = os.fork()
while worker == 0: time.sleep(0.05)
def end(*_):
    time.sleep(0.2)
    os.kill(worker, signal.SIGTERM)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
os.waitpid(worker, 0)`;

/** It hears of everything and tells nobody. */
const WAITING = `
import os, signal, time
def save(*_): time.sleep(0.4); print("saved", flush=True); os._exit(0)
signal.signal(signal.SIGTERM, save)
workers = []
for _ in range(2):
    workers.append(os.fork())
    while 0 in workers: time.sleep(0.05)
signal.signal(signal.SIGCHLD, lambda *_: None)
signal.signal(signal.SIGTERM, lambda *_: None)
print("up", flush=True)
for one in workers: os.waitpid(one, 0)`;

/** Asks for the end without forgetting how it was. */
async function stop(
  subject: Subject,
  one: InstanceSpec,
  { graceSeconds, t }: { graceSeconds: number; t: TestContext },
): Promise<Exit> {
  const workload = { ...workloadOf([one], graceSeconds), instances: [] };
  await subject.engine.ensure(workload, t.signal);
  return exitOf(subject, one, t);
}

/** A command that ends at once when it is told to, with a code of its own, and leaves a saver. */
const FIRST = `trap 'exit 7' TERM; sh -c "$SAVER" & while :; do sleep 0.05; done`;

/** The commands of this machine that have this among their arguments. */
const commandsWith = (marker: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return [];
      }
    })
    .filter((command) => command.split('\0').includes(marker));

const say = (name: string, line: string) => ({ name, argv: ['/bin/sh', '-c', line] as const });

function ends(rule: Rule): void {
  rule('how it ended is how its command did, whoever took longer', async (subject, t) => {
    const stubborn = `trap '' TERM; echo up; while :; do sleep 0.05; done`;
    const others = [
      { left: SAVER, graceSeconds: 20, says: /saved$/ },
      { left: SAVER, graceSeconds: 20, says: /saved$/, before: [say('before', 'true')] },
      { left: stubborn, graceSeconds: 1, says: /went on for 1 s after it was asked to end/ },
    ];
    await Promise.all(
      others.map(async ({ left, graceSeconds, says, before = [] }) => {
        const one = { ...saving(subject, FIRST, left), before };
        await start(subject, one, t);
        await prints(one, /up/, t);
        const exit = await stop(subject, one, { graceSeconds, t });
        assert.deepEqual([exit.reason, exit.exitCode, exit.signal], ['stopped', 7, undefined]);
        assert.match(await textOf(one), says);
      }),
    );
  });

  rule('what a command leaves in the background ends with it, unasked', async (subject, t) => {
    const marker = `600.${randomBytes(4).readUInt32BE()}`;
    const one = subject.spec(`setsid -f sleep ${marker}; (sleep ${marker} &); exit 3`);
    const { reason, exitCode } = await run(subject, one, t);
    assert.deepEqual([reason, exitCode], ['exited', 3]);
    assert.deepEqual(commandsWith(marker), []);
  });
}

function steps(rule: Rule): void {
  rule('a hook after the command runs when all are over', async (subject, t) => {
    const one: InstanceSpec = {
      ...saving(subject, 'sh -c "$SAVER"; echo never'),
      after: { failed: say('failed', 'echo AFTER') },
    };
    await start(subject, one, t);
    await prints(one, /up/, t);
    assert.equal((await stop(subject, one, { graceSeconds: 20, t })).reason, 'stopped');
    assert.match(await textOf(one), /saved\nAFTER$/);
  });

  rule('who is told to end before the command begins it no more', async (subject, t) => {
    const polite = 'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done';
    const hooks = [polite, 'echo up; exec sleep 600'];
    await Promise.all(
      hooks.map(async (hook) => {
        const one = subject.spec('echo never', { before: [say('before', hook)] });
        await start(subject, one, t);
        await prints(one, /up/, t);
        assert.equal((await stop(subject, one, { graceSeconds: 20, t })).reason, 'stopped');
        assert.doesNotMatch(await textOf(one), /never/);
      }),
    );
  });
}
