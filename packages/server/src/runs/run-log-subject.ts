import type { Clock } from '../lib/clock.ts';
import { know, learn } from '../logs/known-sources.ts';
import type { KnownSources } from '../logs/known-sources.ts';
import { sourceOfInstance, sourceOfPlatform } from '../logs/source-of.ts';
import { isSameEnd } from '../logs/log-subject.ts';
import type { Settled, Stand, LogSubject } from '../logs/log-subject.ts';
import type { DataPaths } from '../paths.ts';
import type { Reader } from '../store/database.ts';
import { listLogged } from './logged-instance-store.ts';
import { isOver } from './run.ts';
import type { Run } from './run.ts';
import { selectRunOutcome } from './run-store.ts';

/** The log of a run: what the platform says of it, and its nodes or one of them, of all attempts. */
export function runLogSubject(
  { db, paths, clock }: { db: Reader; paths: DataPaths; clock: Clock },
  run: Pick<Run, 'id' | 'applicationId' | 'deploymentId' | 'origin'>,
  node?: number,
): LogSubject {
  const { id, applicationId, deploymentId } = run;
  const own = run.origin === 'request' ? id : deploymentId;
  const platform = sourceOfPlatform({ paths, applicationId }, { id: own, deploymentId });
  let seen: { nodes: KnownSources; stand: Stand } | undefined;
  return {
    key: node === undefined ? id : `${id} ${node}`,
    applicationId,
    async look() {
      const former = seen;
      const settled = await settledOf(db, run);
      const found = (await listLogged(db, { runId: id }))
        .filter(({ number }) => node === undefined || number === node)
        .map((instance) => sourceOfInstance({ paths, applicationId }, instance, clock()));
      const nodes = former === undefined ? know(found) : learn(former.nodes, found);
      const isSame = nodes === former?.nodes && isSameEnd(settled, former.stand.settled);
      const sources = node === undefined ? [platform, ...nodes.all] : nodes.all;
      const stand = isSame ? former.stand : { sources, settled };
      seen = { nodes, stand };
      return stand;
    },
  };
}

/** How a run ended; undefined while it goes on, or its deployment has yet to say how that ended. */
async function settledOf(
  db: Reader,
  { id, origin }: Pick<Run, 'id' | 'origin'>,
): Promise<Settled | undefined> {
  const outcome = await selectRunOutcome(db, id);
  if (outcome === undefined) return { status: undefined, at: 0, toTheEnd: false };
  const { status, finishedAt, deploymentFinishedAt } = outcome;
  const isSaid = origin === 'request' || deploymentFinishedAt !== null;
  return isOver(status) && isSaid ? { status, at: finishedAt ?? 0, toTheEnd: true } : undefined;
}
