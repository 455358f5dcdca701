import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, Exit, InstanceSpec, Meter, Observation } from '../workloads/engine.ts';
import { newId } from '../lib/ids.ts';
import type { InstanceId } from '../lib/ids.ts';
import { openLogReader } from '../logs/read-log.ts';
import { lookAtUnended } from '../logs/unended.ts';
import type { GrantedDevice } from '../devices/device.ts';
import type { LogLine } from '../logs/log.ts';

/** An engine under test, with what its tests need to know of it. */
export type Subject = {
  engine: Engine & Meter;
  /** Whether instances are kept apart; without it, what only isolation gives is not required. */
  isolated: boolean;
  /** Whether the address of an instance that is gone is soon another’s. */
  givesAddressesOn: boolean;
  /** Whether it can hold an instance to a number of processes; a fork bomb would end the machine else. */
  boundsProcesses: boolean;
  /** An instance that runs a script of `/bin/sh`; what is given is changed. */
  spec(script: string, changes?: Partial<InstanceSpec>): InstanceSpec;
  /** Two devices that the engine can grant, in place of GPUs; undefined where none can be made. */
  devices(t: TestContext): Promise<readonly [Grantable, Grantable] | undefined>;
  /** A script that answers `GET /` with this text on the port of `$PORT`, until it is ended. */
  serve(text: string): string;
  /** The same engine, as a control plane that starts anew opens it. */
  reopen(): Promise<Engine>;
  /** Ends whatever starts instances; those that run are left alone. */
  loseStarter(): Promise<void>;
};

/** A device, and the file by which whoever is granted it sees it. What is written there is lost. */
export type Grantable = { device: GrantedDevice; path: string };

/**
 * A script that answers `GET /` with this text on the port of `$PORT`. It sends nothing unasked, not even for its own name: whoever reaches it was not told where it is.
 */
export const serve = (text: string): string => `exec python3 -c '
import http.server, os, socketserver
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"${text}")
    def log_message(self, *_): pass
socketserver.TCPServer(("0.0.0.0", int(os.environ["PORT"])), H).serve_forever()'`;

export type Open<Of> = (t: TestContext) => Promise<Of | undefined>;

export type Rule<Of = Subject> = (
  title: string,
  check: (subject: Of, t: TestContext) => Promise<void>,
) => void;

/** Makes tests of a subject, each with one of its own. */
export const ruleFor =
  <Of>(name: string, open: Open<Of>): Rule<Of> =>
  (title, check) => {
    test(`${name}: ${title}`, async (t) => {
      const subject = await open(t);
      if (subject !== undefined) await check(subject, t);
    });
  };

export const workloadOf = (instances: readonly InstanceSpec[], graceSeconds = 5) => ({
  workloadId: instances[0]?.workloadId ?? newId('workload'),
  graceSeconds,
  instances,
});

export const start = (
  { engine }: { engine: Engine },
  spec: InstanceSpec,
  t: TestContext,
): Promise<void> => engine.ensure(workloadOf([spec]), t.signal);

/** Looks until the instance is as wanted. */
async function until<T>(
  engine: Engine,
  id: InstanceId,
  { holds, t }: { holds: (seen: Observation | undefined) => T | undefined; t: TestContext },
): Promise<T> {
  for (;;) {
    t.signal.throwIfAborted();
    const found = holds(await engine.observe(id, t.signal));
    if (found !== undefined) return found;
    await nextTurn();
  }
}

export const exitOf = (
  { engine }: { engine: Engine },
  { instanceId }: InstanceSpec,
  t: TestContext,
) =>
  until<Exit>(engine, instanceId, {
    t,
    holds: (seen) => (seen?.state.status === 'exited' ? seen.state.exit : undefined),
  });

export const runningOf = ({ engine }: { engine: Engine }, spec: InstanceSpec, t: TestContext) =>
  until(engine, spec.instanceId, {
    t,
    holds: (seen) => (seen?.state.status === 'running' ? seen.state : undefined),
  });

/** Runs an instance to its end. */
export async function run(
  subject: { engine: Engine },
  spec: InstanceSpec,
  t: TestContext,
): Promise<Exit> {
  await start(subject, spec, t);
  return exitOf(subject, spec, t);
}

/** Everything that is in the instance's log by now, and whether there will be no more. */
export async function readLog({ instanceId, logDirectory }: InstanceSpec) {
  const source = { id: instanceId, directory: logDirectory, instanceId, deploymentId: '' };
  const reader = openLogReader(source);
  const lines: LogLine[] = [];
  for (let some = await reader.read(); some.length > 0; some = await reader.read())
    lines.push(...some);
  const text = lines.map((line) => line.text).join('\n');
  return { lines, text, over: reader.ended() };
}

export const textOf = async (spec: InstanceSpec): Promise<string> => (await readLog(spec)).text;

/** Resolves when the instance has printed this. */
export async function prints(spec: InstanceSpec, what: RegExp, t: TestContext): Promise<void> {
  for (;;) {
    t.signal.throwIfAborted();
    const { text, over } = await readLog(spec);
    if (what.test(text)) return;
    if (over) throw new Error(`it ended without ${String(what)}: ${text}`);
    await nextTurn();
  }
}

/** The lines of an instance that have not ended, by their streams, once so many are shown. */
export async function showsUnended(
  { instanceId, logDirectory }: InstanceSpec,
  count: number,
  t: TestContext,
): Promise<string[]> {
  const source = { id: instanceId, directory: logDirectory, instanceId, deploymentId: '' };
  for (;;) {
    t.signal.throwIfAborted();
    const lines = await lookAtUnended().changed([source]);
    if (lines.length === count)
      return lines.map(({ stream, text }) => `${stream}: ${text}`).toSorted();
    await nextTurn();
  }
}

export const withLimit = (
  spec: InstanceSpec,
  changes: Partial<InstanceSpec['limits']>,
): InstanceSpec => ({
  ...spec,
  limits: { ...spec.limits, ...changes },
});
