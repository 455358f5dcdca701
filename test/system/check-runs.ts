import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Platform } from './platform.ts';

/** What the platform says of one node of an attempt of a run. */
type Node = {
  runId: string;
  attempt: number;
  instanceId: string;
  number: number;
  life: number;
};

type Run = { id: string; status: string; reason: string | null; retries: number; nodes: number };
type Attempt = { runId: string; number: number; status: string; reason: string | null };

/** What a node said of itself. */
type Line = { attempt: number; instanceId: string; what: 'start' | 'alive' | 'end'; at: number };

/** Causes that the platform answers for, with three tries of its own. */
const LOST = new Set(['supervisor_lost', 'start_failed', 'barrier_timeout']);
const PROGRAM = new Set(['exited', 'before_failed']);
const PLATFORM_RETRIES = 3;

/** In ms: what two processes may differ by in what they read from the machine's clock. */
const CLOCKS = 5;

/** Nothing is lost: whatever was accepted is over, and what failed had used up what it could be tried again. */
export function checkNothingLost(platform: Platform, applicationId: string, accepted: string[]) {
  const runs = readRuns(platform, applicationId);
  const attempts = readAttempts(platform, applicationId);
  const ids = new Set(runs.map(({ id }) => id));
  assert.deepEqual(
    accepted.filter((id) => !ids.has(id)),
    [],
    'accepted, and not recorded',
  );
  const outcomes: Record<string, number> = {};
  for (const run of runs) {
    const own = attempts.filter(({ runId }) => runId === run.id);
    assert.deepEqual(
      own.map(({ number }) => number),
      own.map((_, index) => index + 1),
    );
    const outcome = checkOutcome(run, own);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return { runs: runs.length, attempts: attempts.length, outcomes };
}

/** How a run ended, in a word for counting. */
function checkOutcome(run: Run, attempts: readonly Attempt[]): string {
  const said = JSON.stringify({ run, attempts });
  const last = attempts.at(-1);
  assert.equal(last?.status, run.status, said);
  assert.ok(
    attempts.slice(0, -1).every(({ status }) => status === 'failed'),
    said,
  );
  if (run.status === 'succeeded') return 'succeeded';
  assert.equal(run.status, 'failed', said);
  const cause = [LOST, PROGRAM].find((reasons) => reasons.has(run.reason ?? ''));
  assert.ok(cause, said);
  const budget = cause === LOST ? PLATFORM_RETRIES : run.retries;
  const tries = attempts.filter(({ reason }) => cause.has(reason ?? '')).length;
  assert.equal(tries, budget + 1, said);
  return `failed (${run.reason})`;
}

/**
 * Nothing ran twice: a node of an attempt is one instance that began once, and nobody of a later attempt began
 * while one of an earlier still computed.
 */
export function checkNothingTwice(platform: Platform, applicationId: string): number {
  const nodes = readNodes(platform, applicationId);
  const places = nodes.map(({ runId, attempt, number }) => `${runId}/${attempt}/${number}`);
  assert.equal(new Set(places).size, places.length, 'a node of an attempt had two instances');
  assert.ok(nodes.every(({ life }) => life === 1));
  let starts = 0;
  for (const [runId, own] of Map.groupBy(nodes, (node) => node.runId)) {
    const lines = readLines(platform, applicationId, runId);
    starts += checkStarts(own, lines);
    checkOverlap(runId, lines);
  }
  return starts;
}

function checkStarts(nodes: readonly Node[], lines: readonly Line[]): number {
  const known = new Map(nodes.map((node) => [node.instanceId, node]));
  const started = lines.filter(({ what }) => what === 'start');
  for (const line of lines) assert.equal(known.get(line.instanceId)?.attempt, line.attempt);
  const instances = new Set(started.map(({ instanceId }) => instanceId));
  assert.equal(instances.size, started.length, 'an instance began twice');
  return started.length;
}

function checkOverlap(runId: string, lines: readonly Line[]): void {
  for (const line of lines.filter(({ what }) => what === 'start')) {
    const former = lines.filter(({ attempt }) => attempt < line.attempt);
    const last = Math.max(0, ...former.map(({ at }) => at));
    assert.ok(last <= line.at + CLOCKS, `${runId}: attempt ${line.attempt} began too early`);
  }
}

/** The number of leases; no device was held by two at a time. */
export function checkLeases(platform: Platform): number {
  type Lease = { device: string; workload: string; from: number; to: number };
  const leases = platform.query<Lease>(
    `select device_uuid as device, workload_id as workload, acquired_at as "from", released_at as "to"
     from leases order by device_uuid, acquired_at`,
  );
  for (const [index, lease] of leases.entries()) {
    const next = leases[index + 1];
    if (next?.device !== lease.device) continue;
    assert.ok(
      lease.to <= next.from,
      `${lease.device} was held by two: ${JSON.stringify([lease, next])}`,
    );
  }
  return leases.length;
}

const readRuns = (platform: Platform, applicationId: string): Run[] =>
  platform.query<Run>(
    `select id, status, reason, retries, nodes from runs
     where application_id = '${applicationId}' and origin = 'request'`,
  );

const readAttempts = (platform: Platform, applicationId: string): Attempt[] =>
  platform.query<Attempt>(
    `select a.run_id as "runId", a.number, a.status, a.reason from attempts a
     join runs r on r.id = a.run_id
     where r.application_id = '${applicationId}' and r.origin = 'request' order by a.run_id, a.number`,
  );

const readNodes = (platform: Platform, applicationId: string): Node[] =>
  platform.query<Node>(
    `select a.run_id as "runId", a.number as attempt, i.id as "instanceId", i.number, i.attempt as life
     from attempts a join instances i on i.workload_id = a.workload_id
     where i.application_id = '${applicationId}'`,
  );

function readLines({ data }: Platform, applicationId: string, runId: string): Line[] {
  const path = join(data, 'runs', applicationId, runId, 'lines');
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [said, attempt, instanceId, what, at] = line.split(' ');
      assert.equal(said, runId);
      return { attempt: Number(attempt), instanceId, what, at: Number(at) } as Line;
    });
}
