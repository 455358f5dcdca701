import { applications } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { findVariant } from '../../applications/application.ts';
import { createApplication } from '../../applications/create-application.ts';
import {
  addDomain,
  listDomains,
  removeDomain,
  setFavouriteDomain,
} from '../../applications/change-domains.ts';
import { formatDomain } from '../../applications/domain.ts';
import {
  loadEnvironment,
  removeVariable,
  replaceVariables,
  setVariables,
} from '../../applications/environment.ts';
import { listApplications } from '../../applications/find-application.ts';
import { deleteApplication, updateApplication } from '../../applications/update-application.ts';
import { redeployServing } from '../../deployments/redeploy-serving.ts';
import { byUser } from '../../events/actor.ts';
import type { ApplicationId } from '../../lib/ids.ts';
import { Refusal } from '../../lib/refusal.ts';
import { accessApplication, accessOwner } from '../access.ts';
import type { HttpContext } from '../context.ts';
import type { Tx } from '../../store/database.ts';
import { presentApplication } from '../present/application.ts';
import { serve } from '../serve.ts';

/** Applications, their variables and their domains. */
export function applicationRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database } = context;
  serve(app, context, applications.listApplications, async (call) => {
    const ownerId = await accessOwner(context, call, 'application:read');
    const found = await listApplications(database.read, ownerId);
    return Promise.all(found.map((application) => presentApplication(context, application)));
  });
  serve(app, context, applications.createApplication, async (call) => {
    const ownerId = await accessOwner(context, call, 'application:create');
    context.rates.demand(call.user.id);
    const { name, instanceVariant: variant, env: environment = {}, description, zone } = call.body;
    const { kind: _, ...options } = readOptions(call.body);
    const kind = kindOf(variant, call.body.instanceLifetime);
    const order = { ...options, ownerId, name, description, variant, zone, environment, kind };
    const by = byUser(call.user.id);
    const applicationId = await createApplication(context, { ...order, by });
    const params = { ownerId, applicationId };
    const created = await accessApplication(context, { ...call, params }, 'application:read');
    return presentApplication(context, created);
  });
  serve(app, context, applications.getApplication, async (call) =>
    presentApplication(context, await accessApplication(context, call, 'application:read')),
  );
  serve(app, context, applications.updateApplication, async (call) => {
    const application = await accessApplication(context, call, 'application:operate');
    const { name, description } = call.body;
    const change = { ...readOptions(call.body), ...defined({ name, description }) };
    const order = { authorId: call.user.id, cause: 'Scaling' };
    const resized = (tx: Tx, id: ApplicationId, at: number) =>
      redeployServing(tx, id, { ...order, at });
    const by = byUser(call.user.id);
    await updateApplication({ ...context, resized }, application, { ...change, by });
    return presentApplication(context, await accessApplication(context, call, 'application:read'));
  });
  serve(app, context, applications.deleteApplication, async (call) => {
    const application = await accessApplication(context, call, 'application:delete');
    await deleteApplication(context, application, byUser(call.user.id));
  });
  environmentRoutes(app, context);
  domainRoutes(app, context);
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

function environmentRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database, keyring } = context;
  serve(app, context, applications.getEnvironment, async (call) => {
    const { id } = await accessApplication(context, call, 'application:operate');
    const variables = await loadEnvironment(database.read, keyring, id);
    return Object.entries(variables).map(([name, value]) => ({ name, value }));
  });
  serve(app, context, applications.replaceEnvironment, async (call) => {
    const application = await accessApplication(context, call, 'application:operate');
    const by = byUser(call.user.id);
    await replaceVariables(context, { ...application, by }, call.body);
    return {};
  });
  serve(app, context, applications.setVariable, async (call) => {
    const application = await accessApplication(context, call, 'application:operate');
    const values = { [call.params.name]: call.body.value };
    await setVariables(context, { ...application, by: byUser(call.user.id) }, values);
    return {};
  });
  serve(app, context, applications.removeVariable, async (call) => {
    const application = await accessApplication(context, call, 'application:operate');
    const by = byUser(call.user.id);
    await removeVariable(context, { ...application, by }, call.params.name);
    return {};
  });
}

function domainRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database } = context;
  serve(app, context, applications.listDomains, async (call) => {
    const { id } = await accessApplication(context, call, 'application:read');
    const domains = await listDomains(database.read, id);
    return domains.map((domain) => ({ fqdn: formatDomain(domain) }));
  });
  serve(app, context, applications.getFavouriteDomain, async (call) => {
    const { id } = await accessApplication(context, call, 'application:read');
    const found = (await listDomains(database.read, id)).find(({ favourite }) => favourite);
    if (found === undefined)
      throw new Refusal('no_favourite_domain', 'The application has no favourite domain.');
    return { fqdn: formatDomain(found) };
  });
  serve(app, context, applications.setFavouriteDomain, async (call) => {
    const application = await accessApplication(context, call, 'application:operate');
    const by = byUser(call.user.id);
    await setFavouriteDomain(context, { ...application, by }, call.body.fqdn);
    return call.body;
  });
  serve(app, context, applications.unsetFavouriteDomain, async (call) => {
    const application = await accessApplication(context, call, 'application:operate');
    const by = byUser(call.user.id);
    await setFavouriteDomain(context, { ...application, by }, undefined);
  });
  serve(app, context, applications.addDomain, async (call) => {
    const application = await accessApplication(context, call, 'application:operate');
    const { id, ownerId } = application;
    const { id: userId, operator } = call.user;
    const asked = { id, ownerId, operator, by: byUser(userId) };
    await addDomain(context, asked, call.params.fqdn);
    return {};
  });
  serve(app, context, applications.removeDomain, async (call) => {
    const application = await accessApplication(context, call, 'application:operate');
    const by = byUser(call.user.id);
    await removeDomain(context, { ...application, by }, call.params.fqdn);
    return {};
  });
}
