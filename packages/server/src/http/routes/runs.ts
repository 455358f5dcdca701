import { runs } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import type { Application } from '../../applications/application.ts';
import { SECOND } from '../../lib/duration.ts';
import { parseId } from '../../lib/ids.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { DataPaths } from '../../paths.ts';
import { findRunById, listRuns } from '../../runs/run-store.ts';
import { requestRun, rerun } from '../../runs/request-run.ts';
import type { RunRequestDeps } from '../../runs/request-run.ts';
import { runLogSubject } from '../../runs/run-log-subject.ts';
import type { Run } from '../../runs/run.ts';
import { presentRun, showRun } from '../../runs/show-run.ts';
import { stopRun } from '../../runs/stop-run.ts';
import { presentLine } from '../present/log-line.ts';
import { serveLog } from '../serve-log.ts';
import type { LogServing } from '../serve-log.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

type RunNeeds = Serving & RunRequestDeps & LogServing & { paths: DataPaths };

/** Runs: those that deployments made, and those that are asked for beside them. */
export function runRoutes(app: FastifyInstance, needs: RunNeeds): void {
  const { database, clock, paths, followers } = needs;
  serve(app, needs, runs.listRuns, async ({ application: { id }, query }) => {
    const { limit = 100, status } = query;
    const statuses = status === undefined ? undefined : [status];
    return (await listRuns(database.read, { applicationId: id }, { limit, statuses })).map(
      presentRun,
    );
  });
  serve(app, needs, runs.listOwnerRuns, async ({ ownerId, query }) => {
    const { limit = 100, status } = query;
    const statuses = status === undefined ? undefined : [status];
    return (await listRuns(database.read, { ownerId }, { limit, statuses })).map(presentRun);
  });
  serve(app, needs, runs.findRun, async ({ ownerId, params }) =>
    presentRun(await requireRun(needs, params.runId, (run) => run.ownerId === ownerId)),
  );
  serve(app, needs, runs.startRun, async ({ application, user, body }) => {
    const { maxDurationSeconds, ...rest } = body;
    const maxDuration = maxDurationSeconds === undefined ? undefined : maxDurationSeconds * SECOND;
    const request = { ...rest, maxDuration, application, authorId: user.id };
    return presentRun(await requestRun(needs, request));
  });
  serve(app, needs, runs.getRun, async (call) =>
    showRun(database.read, await findTheirs(needs, call), clock()),
  );
  serve(app, needs, runs.stopRun, async (call) => {
    await stopRun(needs, await findTheirs(needs, call), call.by);
  });
  serve(app, needs, runs.rerun, async (call) => {
    const run = await findTheirs(needs, call);
    const { application, user } = call;
    return presentRun(await rerun(needs, { run, application, authorId: user.id }));
  });
  serveLog(app, needs, runs.streamRunLog, async (call) => {
    const run = await findTheirs(needs, call);
    return {
      follower: followers.join(
        runLogSubject({ db: database.read, paths, clock }, run, call.query.node),
      ),
      untilSettled: true,
      unended: call.query.unended === 'true',
      present: (followed) => presentLine(run.applicationId, followed),
    };
  });
}

/** The run of the request, which is one of its application’s. */
const findTheirs = (
  needs: RunNeeds,
  { application, params }: { application: Application; params: { runId: string } },
): Promise<Run> =>
  requireRun(needs, params.runId, ({ applicationId }) => applicationId === application.id);

async function requireRun(
  { database }: RunNeeds,
  text: string,
  isTheirs: (run: Run) => boolean,
): Promise<Run> {
  const id = parseId('run', text);
  const run = id === undefined ? undefined : await findRunById(database.read, id);
  if (run !== undefined && isTheirs(run)) return run;
  throw new Refusal('not_found', `There is no run ${JSON.stringify(text)}.`);
}
