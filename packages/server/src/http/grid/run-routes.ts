import { runs } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import type { Application } from '../../applications/application.ts';
import { parseId } from '../../lib/ids.ts';
import { Refusal } from '../../lib/refusal.ts';
import { SECOND } from '../../lib/duration.ts';
import { findRunById, listRuns } from '../../runs/find-run.ts';
import type { Run } from '../../runs/run.ts';
import { rerun, requestRun } from '../../runs/request-run.ts';
import { runLogSubject } from '../../runs/run-log-subject.ts';
import { presentRun, showRun } from '../../runs/show-run.ts';
import { stopRun } from '../../runs/stop-run.ts';
import type { HttpContext } from '../context.ts';
import { serve } from '../serve.ts';
import { serveLog } from '../v4/serve-log.ts';

/** Runs: those that deployments made, and those that are asked for beside them. */
export function runRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database, clock, paths, followers } = context;
  serve(app, context, runs.listRuns, async ({ application: { id }, query }) => {
    const { limit = 100, status } = query;
    const statuses = status === undefined ? undefined : [status];
    return (await listRuns(database.read, { applicationId: id }, { limit, statuses })).map(
      presentRun,
    );
  });
  serve(app, context, runs.listOwnerRuns, async ({ ownerId, query }) => {
    const { limit = 100, status } = query;
    const statuses = status === undefined ? undefined : [status];
    return (await listRuns(database.read, { ownerId }, { limit, statuses })).map(presentRun);
  });
  serve(app, context, runs.findRun, async ({ ownerId, params }) =>
    presentRun(await demandRun(context, params.runId, (run) => run.ownerId === ownerId)),
  );
  serve(app, context, runs.startRun, async ({ application, user, body }) => {
    const { maxDurationSeconds, ...rest } = body;
    const maxDuration = maxDurationSeconds === undefined ? undefined : maxDurationSeconds * SECOND;
    const request = { ...rest, maxDuration, application, authorId: user.id };
    return presentRun(await requestRun(context, request));
  });
  serve(app, context, runs.getRun, async (call) =>
    showRun(database.read, await findTheirs(context, call), clock()),
  );
  serve(app, context, runs.stopRun, async (call) => {
    await stopRun(context, await findTheirs(context, call), call.by);
  });
  serve(app, context, runs.rerun, async (call) => {
    const run = await findTheirs(context, call);
    const { application, user } = call;
    return presentRun(await rerun(context, { run, application, authorId: user.id }));
  });
  serveLog(app, context, runs.streamRunLog, async (call) => {
    const run = await findTheirs(context, call);
    return {
      follower: followers.join(runLogSubject({ db: database.read, paths }, run, call.query.node)),
      untilSettled: true,
      present: ({ cursor, line }) => ({
        id: cursor,
        date: new Date(line.at).toISOString(),
        message: line.text,
        service: line.source.instanceId === undefined ? 'bas-deploy' : 'bas',
        applicationId: run.applicationId,
        deploymentId: run.deploymentId,
        instanceId: line.source.instanceId,
        stream: line.stream,
      }),
    };
  });
}

/** The run of the request, which is one of its application’s. */
const findTheirs = (
  context: HttpContext,
  { application, params }: { application: Application; params: { runId: string } },
): Promise<Run> =>
  demandRun(context, params.runId, ({ applicationId }) => applicationId === application.id);

async function demandRun(
  { database }: HttpContext,
  text: string,
  isTheirs: (run: Run) => boolean,
): Promise<Run> {
  const id = parseId('run', text);
  const run = id === undefined ? undefined : await findRunById(database.read, id);
  if (run !== undefined && isTheirs(run)) return run;
  throw new Refusal('not_found', `There is no run ${JSON.stringify(text)}.`);
}
