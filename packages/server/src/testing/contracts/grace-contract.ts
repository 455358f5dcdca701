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
  return { ...made, environment: { ...made.environment, SAVER: saver, LOADING } };
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
