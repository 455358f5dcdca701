import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { checkLeases, checkNothingLost, checkNothingTwice } from './check-runs.ts';
import { findLeaks } from './find-leaks.ts';
import {
  chooseVictim,
  findPrograms,
  findSupervisors,
  killOne,
  randomOf,
} from './kill-at-random.ts';
import type { Victim } from './kill-at-random.ts';
import { openPlatform, until } from './platform.ts';

const KILLS = Number(process.env['GRID_FAULTS'] ?? 50);
const SEED = Number(process.env['GRID_FAULTS_SEED'] ?? Date.now() % 1_000_000);

const UNDER_WAY = 6;
const SETTLES_WITHIN = 120_000;
const PROGRAM = 'faulty.py';

/** Says in what its run keeps that it began, that it still computes, and that it ended. */
const program = `
import os, random, time
def say(what):
    words = os.environ['CG_RUN_ID'], os.environ['CG_ATTEMPT'], os.environ['INSTANCE_ID'], what, str(int(time.time() * 1000))
    os.write(file, (' '.join(words) + '\\n').encode())
file = os.open(os.environ['CG_CHECKPOINT_DIR'] + '/lines', os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
say('start')
end = time.monotonic() + random.uniform(0.2, 3)
while time.monotonic() < end:
    time.sleep(0.05)
    say('alive')
say('end')
`;

/** Sizes of runs: of one node and of two, with GPUs and without. */
const sizes = [
  { flavor: 'ML_XS', nodes: 1 },
  { flavor: 'ML_XS', nodes: 2 },
  { flavor: 'pico', nodes: 1 },
  { flavor: 'pico', nodes: 2 },
] as const;

const platform = await openPlatform({ GRID_SIMULATED_GPUS: '4xH100', GRID_ENGINE: 'process' });
after(() => platform.end());

const count = (rows: string): number =>
  platform.query<{ count: number }>(`select count(*) as count from ${rows}`)[0]?.count ?? 0;

const underWay = (): number => count(`runs where status in ('waiting', 'running')`);

async function deployRunner(): Promise<string> {
  const folder = await platform.repository({ [PROGRAM]: program });
  const env = [`CC_MLPYTHON_RUN_MAIN=${PROGRAM}`];
  const id = await platform.create(folder, { type: 'ml_python', env, args: ['--flavor', 'pico'] });
  const { code, out } = await platform.git(['push', 'grid', 'HEAD:master'], folder);
  assert.equal(code, 0, out);
  await until('it was built, and ran', () => count(`deployments where status = 'completed'`) === 1);
  return id;
}

/** Asks for runs until it is told to stop; which of them the platform accepted. */
function askForRuns(applicationId: string, random: () => number) {
  const accepted: string[] = [];
  const over = new AbortController();
  const path = `/grid/v1/owners/${platform.organizationId}/applications/${applicationId}/runs`;
  const ask = async (): Promise<void> => {
    const size = sizes[Math.floor(random() * sizes.length)];
    const answer = await platform
      .ask<{ id: string }>('POST', path, { ...size, retries: 3 })
      .catch(() => undefined);
    if (answer !== undefined) accepted.push(answer.id);
  };
  const asking = (async () => {
    while (!over.signal.aborted) {
      if (underWay() < UNDER_WAY) await ask();
      await wait(20);
    }
  })();
  return {
    async stop(): Promise<string[]> {
      over.abort();
      await asking;
      return accepted;
    },
  };
}

/** Kills the control plane and starts it again; ms from the start until all that was due has been looked at. */
async function crash(): Promise<number> {
  platform.kill();
  await until('the control plane is dead', () => !platform.running());
  const due = platform.query<{ kind: string; id: string }>(
    `select kind, id from reconciliations where due_at <= ${Date.now()}`,
  );
  const names = due.map(({ kind, id }) => `'${kind}/${id}'`).join(', ');
  const startedAt = Date.now();
  const isReconciled = (): boolean =>
    count(
      `reconciliations where (kind || '/' || id in (${names || "''"}) and due_at <= ${startedAt})
       or (kind || '/' || id = 'cleanup/engine' and due_at < ${startedAt + 9_000})`,
    ) === 0;
  const reconcile = async (): Promise<number> => {
    await until('what was due has been looked at', isReconciled);
    return Date.now() - startedAt;
  };
  const [took] = await Promise.all([reconcile(), platform.start()]);
  return took;
}

/** Kills at random until it has killed often enough. */
async function killMany(random: () => number) {
  const killed: Record<Victim, number> = { 'control plane': 0, supervisor: 0, instance: 0 };
  const reconciled: number[] = [];
  const kill = async (victim: Victim): Promise<boolean> => {
    if (victim === 'supervisor') return killOne(findSupervisors(platform), random());
    if (victim === 'instance') return killOne(findPrograms(PROGRAM), random());
    reconciled.push(await crash());
    return true;
  };
  for (let kills = 0; kills < KILLS;) {
    await wait(random() * 600);
    const victim = chooseVictim(random());
    if (!(await kill(victim))) continue;
    killed[victim] += 1;
    kills += 1;
  }
  return { killed, reconciled: reconciled.toSorted((a, b) => a - b) };
}

test(`after ${KILLS} kills at random nothing is lost, nothing ran twice, and nothing is left over`, async (t) => {
  t.diagnostic(`GRID_FAULTS=${KILLS} GRID_FAULTS_SEED=${SEED}`);
  const applicationId = await deployRunner();
  const asking = askForRuns(applicationId, randomOf(SEED + 1));
  const { killed, reconciled } = await killMany(randomOf(SEED)).catch(async (error: unknown) => {
    await asking.stop();
    throw error;
  });
  const accepted = await asking.stop();
  const settling = Date.now();
  await until('all runs are over', () => underWay() === 0, SETTLES_WITHIN);
  const isClean = (): boolean => Object.keys(findLeaks(platform, PROGRAM)).length === 0;
  await until('nothing is left', isClean, SETTLES_WITHIN).catch(() => undefined);
  t.diagnostic(`killed: ${JSON.stringify(killed)}; settled in ${Date.now() - settling} ms`);
  t.diagnostic(
    `reconciled after a start: median ${reconciled[reconciled.length >> 1]} ms, at most ${reconciled.at(-1)} ms`,
  );
  assert.deepEqual(findLeaks(platform, PROGRAM), {});
  const { runs, attempts, outcomes } = checkNothingLost(platform, applicationId, accepted);
  const starts = checkNothingTwice(platform, applicationId);
  const leases = checkLeases(platform);
  t.diagnostic(
    `${accepted.length} runs accepted, ${runs} recorded, ${attempts} attempts, ${starts} starts, ${leases} leases; ${JSON.stringify(outcomes)}`,
  );
});
