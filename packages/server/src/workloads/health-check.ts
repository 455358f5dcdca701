import { request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { Engine } from './engine.ts';
import type { Clock } from '../lib/clock.ts';
import { SECOND } from '../lib/duration.ts';
import type { InstanceId } from '../lib/ids.ts';
import { judgeHealth, pauseAfter } from './health.ts';
import type { CheckResult, HealthRule } from './health.ts';

/** How long one answer may take. */
const ANSWER_WITHIN = 10 * SECOND;
/** When, and how often, the log says that nothing listens yet. */
const SAY_AFTER = 5 * SECOND;
const SAY_EVERY = 15 * SECOND;

export type HealthChecker = {
  /** Looks at an instance until it is healthy, over, or past its deadline. Asking twice is fine. */
  watch(id: InstanceId): void;
  stop(): void;
};

export type HealthDeps = {
  clock: Clock;
  /** What is to be checked as long as it is, and who connects to it; undefined where there is nothing to watch. */
  rule(id: InstanceId): Promise<(HealthRule & { engine: Engine }) | undefined>;
  /** Whether there still is. */
  isUnproved(id: InstanceId): Promise<boolean>;
  healthy(id: InstanceId, checks: readonly CheckResult[]): Promise<void>;
  unhealthy(id: InstanceId, detail: string): Promise<void>;
  say(id: InstanceId, line: string): Promise<void>;
  failed(error: unknown): void;
};

/** Watches instances that start, at the pace of `pauseAfter`. */
export function createHealthChecker(deps: HealthDeps): HealthChecker {
  const watched = new Map<InstanceId, AbortController>();
  return {
    watch(id) {
      if (watched.has(id)) return;
      const controller = new AbortController();
      watched.set(id, controller);
      void watchInstance(deps, id, controller.signal)
        .catch((error: unknown) => controller.signal.aborted || deps.failed(error))
        .finally(() => watched.delete(id));
    },
    stop: () => watched.forEach((controller) => controller.abort()),
  };
}

async function watchInstance(deps: HealthDeps, id: InstanceId, signal: AbortSignal): Promise<void> {
  const since = deps.clock();
  let sayAt = since + SAY_AFTER;
  const rule = await deps.rule(id);
  if (rule === undefined) return;
  while (await deps.isUnproved(id)) {
    const checks = await checkAll(rule.engine, { id, rule, signal });
    const verdict = judgeHealth(rule, checks, deps.clock());
    if (verdict.healthy) return deps.healthy(id, checks);
    if (verdict.over) return deps.unhealthy(id, verdict.detail);
    if (deps.clock() >= sayAt) {
      sayAt = deps.clock() + SAY_EVERY;
      await deps.say(id, verdict.detail);
    }
    await wait(pauseAfter(deps.clock() - since), undefined, { signal });
  }
}

type Target = { id: InstanceId; rule: HealthRule; signal: AbortSignal };

const checkAll = (engine: Engine, { id, rule, signal }: Target) =>
  Promise.all(rule.paths.map((path) => checkPath(engine, { id, path, port: rule.port, signal })));

/** Asks one path once; undefined where nothing answered. */
async function checkPath(
  engine: Engine,
  { id, path, port, signal }: { id: InstanceId; path: string; port: number; signal: AbortSignal },
): Promise<CheckResult> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN)]);
  try {
    const socket = await engine.connect(id, port, within);
    return { path, listening: true, status: await statusOf(socket, { path, port }, within) };
  } catch {
    signal.throwIfAborted();
    return { path, listening: false, status: undefined };
  }
}

/** The status that `GET path` answers over the connection, or undefined where it breaks. */
const statusOf = (
  socket: Duplex,
  { path, port }: { path: string; port: number },
  signal: AbortSignal,
): Promise<number | undefined> =>
  new Promise((resolve) => {
    const headers = {
      host: `localhost:${port}`,
      'x-clevercloud-monitoring': 'deployment',
      connection: 'close',
    };
    const asked = httpRequest(
      { createConnection: () => socket, path, headers, signal },
      (answer) => {
        resolve(answer.statusCode);
        socket.destroy();
      },
    );
    asked.on('error', () => resolve(undefined));
    asked.on('close', () => socket.destroy());
    asked.end();
  });
