import { randomUUID } from 'node:crypto';
import type { ApplicationId, DeploymentId, OwnerId, UserId } from '../lib/ids.ts';
import { release, askForLook } from '../reconcile/looks.ts';
import type { Claim, Kind } from '../reconcile/reconciler.ts';
import { takeEpoch } from '../reconcile/reconciliation-store.ts';
import type { Schema } from '../store/schema.ts';
import { onEachDatabase } from './database.ts';
import { makeApplication, makeOwner } from './rows.ts';
import { push } from './world-deeds.ts';
import { withWorld } from './world.ts';
import type { World, WorldOptions } from './world.ts';

/** A world in which nothing happens but what the test looks at. */
export type StillWorld = World & {
  ownerId: OwnerId;
  userId: UserId;
  application(size?: Size): Promise<ApplicationId>;
  /** Pushes a commit to it; the deployment that this makes. */
  push(id: ApplicationId, commit?: number): Promise<DeploymentId>;
  /** One look; when it asks to be looked at again. Throws as the look does. */
  look(kind: Kind, id: string, attempts?: number): Promise<number | undefined>;
  /** Looks at what is due, one after the other, until nothing is; `but` is left alone. */
  lookAtAll(but?: readonly Kind[]): Promise<void>;
  /** The same look, after another leader has taken over. */
  lookWithoutClaim(kind: Kind, id: string): Promise<number | undefined>;
  /** What is asked to be looked at now, as `kind id`; of the commonest things without their ids. */
  due(): Promise<string[]>;
  /** Every row that there is, of each table. */
  rows(): Promise<Record<string, unknown[]>>;
};

type Size = { variant?: string; flavor?: string; nodes?: number };

/** Runs a test in a still world, on each database. */
export const inStillWorld = (
  name: string,
  options: WorldOptions,
  use: (world: StillWorld) => Promise<void>,
): void =>
  onEachDatabase(name, (database) =>
    withWorld(database, { ...options, still: true }, async (world) => {
      const { userId, organizationId: ownerId } = await makeOwner(database);
      await use({
        ...world,
        ownerId,
        userId,
        application: (size = {}) => makeApplication(database, { ownerId, ...size }),
        async push(id, commit = 1) {
          const made = await push({ world, userId }, { id }, commit);
          if (made === undefined) throw new Error('the branch did not move');
          return made as DeploymentId;
        },
        look: (kind, id, attempts) => look(world, { kind, id, attempts }),
        lookAtAll: (but) => lookAtAll(world, but),
        lookWithoutClaim: (kind, id) => lookWithoutClaim(world, { kind, id }),
        due: () => listDue(world),
        rows: () => readRows(world),
      });
    }),
  );

type Asked = { kind: Kind; id: string; attempts?: number | undefined };

async function claim({ database, clock, term }: World, { kind, id, attempts = 1 }: Asked) {
  return database.transaction(async (tx): Promise<Claim> => {
    const token = randomUUID();
    await askForLook(tx, kind, id, clock());
    const taken = { claim: token, claimedUntil: clock() + 60_000, epoch: term().epoch };
    const { version } = await tx
      .updateTable('reconciliations')
      .set({ ...taken, attempts })
      .where('kind', '=', kind)
      .where('id', '=', id)
      .returning('version')
      .executeTakeFirstOrThrow();
    return { kind, id, claim: token, version, attempts };
  });
}

async function look(world: World, asked: Asked): Promise<number | undefined> {
  const { database, clock, term } = world;
  const held = await claim(world, asked);
  const dueAt = await term().reconcilers[asked.kind](held, new AbortController().signal);
  await release(database, [{ claim: held, dueAt, attempts: 0 }], clock());
  return dueAt;
}

async function lookWithoutClaim(world: World, asked: Asked): Promise<number | undefined> {
  const held = await claim(world, asked);
  await world.database.transaction(takeEpoch);
  return world.term().reconcilers[asked.kind](held, new AbortController().signal);
}

async function lookAtAll(world: World, but: readonly Kind[] = []): Promise<void> {
  for (;;) {
    await world.term().health.prove();
    const due = await world.database.read
      .selectFrom('reconciliations')
      .select(['kind', 'id'])
      .where('dueAt', '<=', world.clock())
      .$if(but.length > 0, (query) => query.where('kind', 'not in', but))
      .orderBy('dueAt')
      .executeTakeFirst();
    if (due === undefined) return;
    await look(world, { kind: due.kind as Kind, id: due.id });
  }
}

async function listDue({ database, clock }: World): Promise<string[]> {
  const rows = await database.read
    .selectFrom('reconciliations')
    .select(['kind', 'id'])
    .where('dueAt', '<=', clock())
    .execute();
  return rows.map(({ kind, id }) => `${kind} ${id}`).toSorted();
}

const TABLES = [
  'applications',
  'artifacts',
  'attempts',
  'deployments',
  'devices',
  'events',
  'instances',
  'leases',
  'repositories',
  'runs',
  'usageIntervals',
  'workloads',
] as const satisfies readonly (keyof Schema)[];

async function readRows({ database: { read } }: World): Promise<Record<string, unknown[]>> {
  const rows: Record<string, unknown[]> = {};
  for (const table of TABLES) rows[table] = await read.selectFrom(table).selectAll().execute();
  return rows;
}
