import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { issueToken } from '../accounts/authenticate.ts';
import { addEmail } from '../accounts/manage-emails.ts';
import { recordArtifact } from '../builds/record-artifact.ts';
import { eventKinds } from '../events/event.ts';
import type { EventKind } from '../events/event.ts';
import type { ApplicationId, DeploymentId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';
import { openApp, PASSWORD } from '../testing/app.ts';
import type { TestApp } from '../testing/app.ts';
import { onSqlite } from '../testing/database.ts';
import { addressOf, endpoints } from '../testing/endpoints.ts';
import { makeApplication, makeDeployment, makeMember, makeRun } from '../testing/rows.ts';
import { keyLine } from '../testing/scene.ts';

type Params = Record<string, string>;
type Change = { params?: Params; query?: object; body?: unknown };

/** What an endpoint is asked for to change something, and the events that then say so. */
type Case = {
  /** Makes what it needs. */
  given?: (scene: Scene) => Promise<Change>;
  ask?: Change;
  events: readonly EventKind[];
};

const SECRET = 'do-not-tell-anybody';

const cases: Readonly<Record<string, Case>> = {
  'tokens.createApiToken': {
    ask: {
      body: {
        email: 'ada@example.com',
        password: PASSWORD,
        name: 'ci',
        expirationDate: '1970-01-02T00:00:00Z',
      },
    },
    events: ['user.token_issued'],
  },
  'tokens.revokeApiToken': {
    given: async ({ token }) => ({ params: { apiTokenId: await token('api') } }),
    events: ['user.token_ended'],
  },
  'emails.putEmail': {
    ask: { params: { email: 'ada@example.org' } },
    events: ['user.email_confirmed'],
  },
  'emails.deleteEmail': {
    async given({ context, self }) {
      await addEmail(context, await self(), 'ada@example.net');
      return { params: { email: 'ada@example.net' } };
    },
    events: ['user.email_removed'],
  },
  'keys.putKey': {
    given: async () => ({ params: { name: 'laptop' }, body: keyLine() }),
    events: ['user.key_added'],
  },
  'keys.deleteKey': {
    async given({ change }) {
      await change('keys.putKey', { params: { name: 'old' }, body: keyLine() });
      return { params: { name: 'old' } };
    },
    events: ['user.key_removed'],
  },
  'applications.createApplication': {
    ask: { body: { name: 'app', instanceVariant: 'ml_python' } },
    events: ['application.created'],
  },
  'applications.updateApplication': {
    ask: { body: { minInstances: 2, maxInstances: 2, name: 'other' } },
    events: ['application.changed'],
  },
  'applications.deleteApplication': { events: ['application.deleted'] },
  'environment.setVariable': {
    ask: { params: { name: 'A' }, body: { value: SECRET } },
    events: ['application.variables_changed'],
  },
  'environment.removeVariable': {
    async given({ change, params }) {
      const variable = { ...params, name: 'B' };
      await change('environment.setVariable', { params: variable, body: { value: SECRET } });
      return { params: variable };
    },
    events: ['application.variables_changed'],
  },
  'environment.replaceEnvironment': {
    ask: { body: { C: SECRET } },
    events: ['application.variables_changed'],
  },
  'environment.replaceExposedEnvironment': {
    ask: { body: { D: SECRET } },
    events: ['application.exposed_variables_changed'],
  },
  'dependencies.addDependency': { events: ['application.dependency_added'] },
  'dependencies.removeDependency': {
    async given({ change, params }) {
      await change('dependencies.addDependency', { params });
      return { params };
    },
    events: ['application.dependency_removed'],
  },
  'domains.addDomain': {
    ask: { params: { fqdn: 'a.example.com' } },
    events: ['application.domain_added'],
  },
  'domains.removeDomain': {
    given: async (scene) => ({ params: await withDomain(scene, 'b.example.com') }),
    events: ['application.domain_removed'],
  },
  'domains.setFavouriteDomain': {
    async given(scene) {
      const { fqdn, ...params } = await withDomain(scene, 'c.example.com');
      return { params, body: { fqdn } };
    },
    events: ['application.favourite_domain_set'],
  },
  'domains.unsetFavouriteDomain': {
    async given(scene) {
      const { fqdn, ...params } = await withDomain(scene, 'd.example.com');
      await scene.change('domains.setFavouriteDomain', { params, body: { fqdn } });
      return { params };
    },
    events: ['application.favourite_domain_set'],
  },
  'deployments.deploy': {
    ask: { query: { commit: 'c'.repeat(40) } },
    events: ['deployment.queued'],
  },
  'deployments.cancelDeployment': {
    given: async ({ deployment }) => ({ params: { deployment: await deployment() } }),
    events: ['deployment.cancel_asked'],
  },
  'deployments.stop': {
    async given({ deployment, context, params }) {
      const id = await deployment();
      await context.database.transaction(async (tx) => {
        await tx.updateTable('deployments').set({ status: 'live' }).where('id', '=', id).execute();
        await tx.updateTable('applications').set({ wanted: 'up' }).execute();
      });
      return { params };
    },
    events: ['application.stopped'],
  },
  'organizations.createOrganization': {
    ask: { body: { name: 'Other' } },
    events: ['organization.created', 'organization.member_added'],
  },
  'tokens.endOtherTokens': {
    async given({ token }) {
      await token('pair');
      return {};
    },
    events: ['user.token_ended'],
  },
  'tokens.revokeToken': {
    given: async ({ token }) => ({ params: { tokenId: await token('session') } }),
    events: ['user.token_ended'],
  },
  'accounts.setPassword': {
    ask: { body: { current: PASSWORD, password: `${PASSWORD} ${SECRET}` } },
    events: ['user.password_set'],
  },
  'accounts.signIn': {
    ask: { body: { email: 'ada@example.com', password: PASSWORD } },
    events: ['user.token_issued'],
  },
  'applications.setSandbox': {
    ask: { body: { sandbox: 'nested' } },
    events: ['application.sandbox_set'],
  },
  'flavors.createFlavor': {
    ask: { body: { name: 'huge', cpus: 96, memoryMiB: 1_000_000, price: 9.5 } },
    events: ['flavor.created'],
  },
  'flavors.updateFlavor': {
    ask: { params: { name: 'M' }, body: { cpus: 5 } },
    events: ['flavor.changed'],
  },
  'flavors.applyFlavors': {
    ask: { body: { flavors: [{ name: 'wide', cpus: 8, memoryMiB: 512, gpus: 2 }] } },
    events: ['flavor.created'],
  },
  'flavors.deleteFlavor': { ask: { params: { name: '3XL' } }, events: ['flavor.deleted'] },
  'limits.setLimit': {
    ask: { params: { name: 'domains' }, body: { value: 7 } },
    events: ['limit.set'],
  },
  'limits.unsetLimit': { ask: { params: { name: 'domains' } }, events: ['limit.unset'] },
  'emails.confirmEmail': {
    async given({ context }) {
      const { userId: id } = await makeMember(context.database);
      const user = { id, email: 'x@example.com', name: 'x', operator: false, createdAt: 1 };
      await addEmail(context, user, 'eve@example.com');
      return { params: { email: 'eve@example.com' }, body: { userId: id } };
    },
    events: ['user.email_confirmed'],
  },
  'domains.reserveName': {
    ask: { params: { fqdn: 'kept.example.com' }, body: {} },
    events: ['name.reserved'],
  },
  'domains.releaseName': {
    async given({ change }) {
      const params = { fqdn: 'freed.example.com' };
      await change('domains.reserveName', { params, body: {} });
      return { params };
    },
    events: ['name.released'],
  },
  'devices.repairDevice': { given: (scene) => withDevice(scene), events: ['device.repaired'] },
  'devices.forgetDevice': { given: (scene) => withDevice(scene), events: ['device.forgotten'] },
  'runs.startRun': {
    async given(scene) {
      await built(scene);
      return { body: { environment: { E: SECRET } } };
    },
    events: ['run.queued'],
  },
  'runs.rerun': {
    given: async (scene) => ({ params: { runId: await runOf(scene, await built(scene)) } }),
    events: ['run.queued'],
  },
  'runs.stopRun': {
    async given(scene) {
      return { params: { runId: await runOf(scene, await scene.deployment()) } };
    },
    events: ['run.cancel_asked'],
  },
};

/** Those whose change is looked at elsewhere, and why. */
const elsewhere: Readonly<Record<string, string>> = {
  'platform.claim': 'works once, before anybody can ask for anything else: the test below it',
};

type Scene = {
  context: TestApp['context'];
  params: Params & { ownerId: string; applicationId: ApplicationId };
  self(): Promise<Parameters<typeof addEmail>[1]>;
  change(name: string, change: Change): Promise<void>;
  /** The id of another token of the user's. */
  token(kind: 'api' | 'pair' | 'session'): Promise<string>;
  /** A deployment that waits. */
  deployment(): Promise<DeploymentId>;
};

async function withDomain({ change, params }: Scene, fqdn: string): Promise<Params> {
  await change('domains.addDomain', { params: { ...params, fqdn } });
  return { ...params, fqdn };
}

async function withDevice({ context }: Scene): Promise<Change> {
  const uuid = `GPU-${randomBytes(4).toString('hex')}`;
  const nothing = { numa: null, parentUuid: null, driver: null, reason: null, detail: null };
  const device = { uuid, host: 'local', model: 'x', memoryMiB: 1, position: 0, files: [] };
  const times = { healthSince: 1, firstSeenAt: 1, repairedAt: null };
  await context.database.transaction((tx) =>
    tx
      .insertInto('devices')
      .values({ ...device, ...nothing, ...times, health: 'missing' })
      .execute(),
  );
  return { params: { uuid } };
}

async function built({ context, params, deployment }: Scene): Promise<DeploymentId> {
  const { applicationId, ownerId } = params;
  const id = await deployment();
  const start = { command: { name: 'run', argv: ['true'] } } as never;
  await context.database.transaction(async (tx) => {
    const artifact = { id: 'none', dependenciesKey: undefined, installedKey: undefined, start };
    const owned = { ownerId: ownerId as never, applicationId, commitId: 'c'.repeat(40) };
    await recordArtifact(tx, { ...artifact, ...owned, at: 1 });
    const with_ = { status: 'completed', artifactId: 'none' } as const;
    await tx.updateTable('deployments').set(with_).where('id', '=', id).execute();
  });
  return id;
}

const runOf = ({ context, params }: Scene, deploymentId: DeploymentId) =>
  makeRun(context.database, { ...params, ownerId: params.ownerId as never, deploymentId });

async function open(database: Database, t: TestContext): Promise<Scene> {
  const { context, claimed, ask } = await openApp(database, t);
  const { organizationId: ownerId, userId } = claimed;
  const applicationId = await makeApplication(database, { ownerId });
  const dependencyId = await makeApplication(database, { ownerId });
  const params = { ownerId, applicationId, dependencyId };
  return {
    context,
    params,
    async self() {
      const row = await database.read.selectFrom('users').selectAll().executeTakeFirstOrThrow();
      return { ...row, id: userId, operator: true };
    },
    async change(name, { params: own, query, body }) {
      const endpoint = endpoints.find((one) => one.name === name);
      assert.ok(endpoint !== undefined, name);
      const url = addressOf(endpoint, { ...params, ...own }, query);
      const answer = await ask(endpoint.method, url, {
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      assert.ok(answer.status < 300, `${name}: ${answer.status} ${answer.text}`);
    },
    token: (kind) =>
      database.transaction(
        async (tx) => (await issueToken(tx, { userId, name: 'x', kind, at: 1 })).token,
      ),
    deployment: () => makeDeployment(database, { ownerId, applicationId }),
  };
}

async function eventsAfter({ read }: Database, sequence: number) {
  const rows = await read
    .selectFrom('events')
    .selectAll()
    .where('sequence', '>', sequence)
    .orderBy('sequence')
    .execute();
  return rows.map((row) => ({ ...row, kind: row.kind as EventKind }));
}

test('every endpoint that changes something is looked at', () => {
  const changing = endpoints.filter(({ method }) => method !== 'GET').map(({ name }) => name);
  const known = [...Object.keys(cases), ...Object.keys(elsewhere)];
  assert.deepEqual(known.toSorted(), changing.toSorted());
});

for (const [name, { given, ask = {}, events }] of Object.entries(cases))
  onSqlite(`${name} is on record: who, what and when`, async (database, t) => {
    const scene = await open(database, t);
    const asked = (await given?.(scene)) ?? ask;
    const before = (await eventsAfter(database, 0)).at(-1)?.sequence ?? 0;
    await scene.change(name, asked);
    const found = await eventsAfter(database, before);
    assert.deepEqual(
      found.map(({ kind }) => kind).filter((kind) => events.includes(kind)),
      events,
    );
    const { id } = await scene.self();
    const rule = endpoints.find((one) => one.name === name)?.for;
    const actor = rule === 'operator' ? 'operator' : 'user';
    for (const { kind, data, ...event } of found) {
      eventKinds[kind].data.parse(data);
      const told = JSON.stringify(data);
      assert.ok(event.subjectId !== '' && !told.includes(SECRET), told);
      assert.deepEqual([event.subjectKind, event.at], [eventKinds[kind].subject, 1_000_000]);
      if (events.includes(kind)) assert.deepEqual([event.actorKind, event.actorId], [actor, id]);
    }
  });

onSqlite('the first user and their organization are on record', async (database, t) => {
  const { claimed } = await openApp(database, t);
  const found = await eventsAfter(database, 0);
  assert.deepEqual(
    found.map(({ kind, actorId }) => [kind, actorId]),
    ['user.created', 'organization.created', 'organization.member_added', 'user.token_issued'].map(
      (kind) => [kind, claimed.userId],
    ),
  );
});
