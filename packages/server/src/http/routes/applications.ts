import { applications } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { findVariant } from '../../applications/application.ts';
import { createApplication } from '../../applications/create-application.ts';
import type { CreateDeps } from '../../applications/create-application.ts';
import { requireApplication } from '../../applications/find-application.ts';
import { listApplications } from '../../applications/application-store.ts';
import { setSandbox } from '../../applications/set-sandbox.ts';
import { deleteApplication, updateApplication } from '../../applications/update-application.ts';
import { redeployServing } from '../../deployments/redeploy-serving.ts';
import type { ApplicationId } from '../../lib/ids.ts';
import type { Rates } from '../../limits/rates.ts';
import { presentApplication, presentApplications } from '../present/application.ts';
import type { Presenting } from '../present/application.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';
import type { Tx } from '../../store/database.ts';

type ApplicationNeeds = Serving & CreateDeps & Presenting & { rates: Rates };

/** Applications, and what an operator lets them ask of everybody’s kernel. */
export function applicationRoutes(app: FastifyInstance, needs: ApplicationNeeds): void {
  const { database } = needs;
  serve(app, needs, applications.listApplications, async ({ ownerId }) =>
    presentApplications(needs, await listApplications(database.read, ownerId)),
  );
  serve(app, needs, applications.createApplication, async ({ ownerId, user, body, by }) => {
    needs.rates.requireCreation(user.id);
    const { name, instanceVariant: variant, env: environment = {}, description, zone } = body;
    const { kind: _, ...options } = readOptions(body);
    const kind = kindOf(variant, body.instanceLifetime);
    const order = { ...options, ownerId, name, description, variant, zone, environment, kind };
    const applicationId = await createApplication(needs, { ...order, by });
    const created = await requireApplication(database.read, { ownerId, applicationId });
    return presentApplication(needs, created);
  });
  serve(app, needs, applications.getApplication, async ({ application }) =>
    presentApplication(needs, application),
  );
  serve(app, needs, applications.updateApplication, async ({ application, user, body, by }) => {
    const { id: applicationId, ownerId } = application;
    const { name, description } = body;
    const change = { ...readOptions(body), ...defined({ name, description }) };
    const order = { authorId: user.id, cause: 'Scaling' };
    const resized = (tx: Tx, id: ApplicationId, at: number) =>
      redeployServing(tx, id, { ...order, at });
    await updateApplication({ ...needs, resized }, application, { ...change, by });
    const changed = await requireApplication(database.read, { ownerId, applicationId });
    return presentApplication(needs, changed);
  });
  serve(app, needs, applications.deleteApplication, async ({ application, by }) => {
    await deleteApplication(needs, application, by);
  });
  serve(app, needs, applications.getOwnApplication, async ({ application }) =>
    presentApplication(needs, application),
  );
  serve(app, needs, applications.setSandbox, async ({ params, body, by }) => {
    await setSandbox(needs, { named: params.applicationId, sandbox: body.sandbox, by });
  });
}

type Options = z.output<typeof applications.updateApplication.body>;

/** What an application is changed to, out of what clients call it. */
const readOptions = (body: Options) =>
  defined({
    nodes: body.minInstances,
    maxNodes: body.maxInstances,
    flavor: body.minFlavor,
    maxFlavor: body.maxFlavor,
    buildFlavor: readBuildFlavor(body),
    kind: body.instanceLifetime === undefined ? undefined : LIFETIMES[body.instanceLifetime],
    zeroDowntime: body.homogeneous === undefined ? undefined : !body.homogeneous,
    stickySessions: body.stickySessions,
    cancelOnPush: body.cancelOnPush,
    forceHttps: body.forceHttps === undefined ? undefined : body.forceHttps === 'ENABLED',
  });

/** Clients echo a build flavor back, whether builds have one of their own or not. */
function readBuildFlavor({ separateBuild, buildFlavor }: Options): string | null | undefined {
  if (separateBuild === undefined) return undefined;
  return separateBuild ? buildFlavor : null;
}

/** A tile says what it makes; the official command line says REGULAR of each that is not a task. */
const kindOf = (variant: string, lifetime: Options['instanceLifetime']) =>
  lifetime === 'TASK' ? 'runner' : findVariant(variant)?.kind;

const LIFETIMES = { TASK: 'runner', REGULAR: 'webapp' } as const;

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

const defined = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;
