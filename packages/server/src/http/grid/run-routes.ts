import { runs } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { rerun, requestRun } from '../../runs/request-run.ts';
import { byUser } from '../../events/actor.ts';
import { parseId } from '../../lib/ids.ts';
import { Refusal } from '../../lib/refusal.ts';
import { SECOND } from '../../lib/duration.ts';
import type { Action } from '../../organizations/may.ts';
import { findRunById, listRuns } from '../../runs/find-run.ts';
import type { Run } from '../../runs/run.ts';
import { runLogSources } from '../../runs/run-log-sources.ts';
import { presentRun, showRun } from '../../runs/show-run.ts';
import { stopRun } from '../../runs/stop-run.ts';
import { accessApplication, accessOwner } from '../access.ts';
import type { Asked } from '../access.ts';
import type { HttpContext } from '../context.ts';
import { serve } from '../serve.ts';
import { serveLog } from '../v4/serve-log.ts';

/** Runs: those that deployments made, and those that are asked for beside them. */
export function runRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database, clock, paths, followers } = context;
  serve(app, context, runs.listRuns, async (call) => {
    const { id } = await accessApplication(context, call, 'application:read');
    const { limit = 100, status } = call.query;
    const statuses = status === undefined ? undefined : [status];
    return (await listRuns(database.read, { applicationId: id }, { limit, statuses })).map(
      presentRun,
    );
  });
  serve(app, context, runs.listOwnerRuns, async (call) => {
    const ownerId = await accessOwner(context, call, 'application:read');
    const { limit = 100, status } = call.query;
    const statuses = status === undefined ? undefined : [status];
    return (await listRuns(database.read, { ownerId }, { limit, statuses })).map(presentRun);
  });
  serve(app, context, runs.findRun, async (call) => {
    const ownerId = await accessOwner(context, call, 'application:read');
    return presentRun(
      await demandRun(context, call.params.runId, (run) => run.ownerId === ownerId),
    );
  });
  serve(app, context, runs.startRun, async (call) => {
    const application = await accessApplication(context, call, 'application:operate');
    const { maxDurationSeconds, ...rest } = call.body;
    const maxDuration = maxDurationSeconds === undefined ? undefined : maxDurationSeconds * SECOND;
    const request = { ...rest, maxDuration, application, authorId: call.user.id };
    return presentRun(await requestRun(context, request));
  });
  serve(app, context, runs.getRun, async (call) => {
    const { run } = await accessRun(context, call, 'application:read');
    return showRun(database.read, run, clock());
  });
  serve(app, context, runs.stopRun, async (call) => {
    const { run } = await accessRun(context, call, 'application:operate');
    await stopRun(context, run, byUser(call.user.id));
  });
  serve(app, context, runs.rerun, async (call) => {
    const found = await accessRun(context, call, 'application:operate');
    return presentRun(await rerun(context, { ...found, authorId: call.user.id }));
  });
  serveLog(app, context, runs.streamRunLog, async (call) => {
    const { run } = await accessRun(context, call, 'application:operate');
    return {
      sources: runLogSources({ db: database.read, paths }, run, call.query.node),
      follower: followers.join(run.applicationId),
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

/** The run of the request, of an application for somebody who may do this with it. */
async function accessRun(
  context: HttpContext,
  call: Asked<{ ownerId: string; applicationId: string; runId: string }>,
  action: Action,
) {
  const application = await accessApplication(context, call, action);
  const run = await demandRun(
    context,
    call.params.runId,
    ({ applicationId }) => applicationId === application.id,
  );
  return { application, run };
}

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
