import { findApplication } from '../applications/application-store.ts';
import type { Application } from '../applications/application.ts';
import { deleteApplication } from '../applications/update-application.ts';
import { cancelDeployment } from '../deployments/cancel-deployment.ts';
import { deployApplication } from '../deployments/deploy-application.ts';
import { findBuilt } from '../deployments/deployment-store.ts';
import { listDeployments } from '../deployments/list-deployments.ts';
import { requestRun } from '../runs/request-run.ts';
import { stopApplication } from '../deployments/stop-application.ts';
import { beginPush } from '../git/accept-push.ts';
import { recordPushed } from '../git/repository-reconciler.ts';
import type { ApplicationId, OwnerId, UserId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { listRequested } from '../runs/run-store.ts';
import { stopRun } from '../runs/stop-run.ts';
import { Killed } from './life.ts';
import { makeApplication, makeOwner } from './rows.ts';
import { boundless } from './empty-platform.ts';
import { engineChoiceOf } from './engine-choice.ts';
import { byUser } from '../events/actor.ts';
import type { World } from './world.ts';

/** What people, the machine and bad luck do; the application is one of the scene's, by its place. */
export type Deed =
  | { do: 'push'; application: number; commit: number }
  | { do: 'restart' | 'stop' | 'cancel' | 'stop_run' | 'delete'; application: number }
  | { do: 'run'; application: number; nodes: number; retries: number; maxMs: number | undefined }
  | { do: 'lose'; instance: number }
  | { do: 'engine'; away: boolean }
  | { do: 'fault'; device: number; well: boolean }
  | { do: 'kill'; commits: number; when: 'right after' | 'before the next' }
  | { do: 'pass'; ms: number };

export type Scene = {
  world: World;
  ownerId: OwnerId;
  userId: UserId;
  applications: readonly ApplicationId[];
  /** What the platform said yes to: deployments and runs, by id. */
  accepted: { id: string; applicationId: ApplicationId }[];
};

/** An owner with these applications, of CPU and GPU sizes. */
export async function makeScene(
  world: World,
  sizes: readonly { variant: string; flavor: string; nodes?: number }[],
): Promise<Scene> {
  const { organizationId: ownerId, userId } = await makeOwner(world.database);
  const applications: ApplicationId[] = [];
  for (const size of sizes)
    applications.push(await makeApplication(world.database, { ownerId, ...size }));
  return { world, ownerId, userId, applications, accepted: [] };
}

/**
 * Does it, as far as the platform lets one, lets what follows at once happen, and answers what `look` finds then.
 * Undefined where the process was killed meanwhile: the next has taken over.
 */
export async function carryOut<T>(
  scene: Scene,
  deed: Deed,
  look: (world: World) => Promise<T>,
): Promise<T | undefined> {
  const { world } = scene;
  try {
    await act(scene, deed).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
    });
    if (deed.do === 'kill') return undefined;
    if (await world.settle()) return await look(world);
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
  await world.restart();
  return undefined;
}

const commitOf = (number: number): string => number.toString(16).padStart(40, '0');

async function act(scene: Scene, deed: Deed): Promise<void> {
  const { world } = scene;
  switch (deed.do) {
    case 'lose':
      return loseOne(world, deed.instance);
    case 'engine':
      return world.engine.setAway(deed.away);
    case 'fault':
      return breakDevice(world, deed);
    case 'kill':
      return world.database.life.killAfter(deed.commits, deed.when);
    case 'pass':
      return void (await world.pass(deed.ms));
    default:
      return ask(scene, deed);
  }
}

function loseOne({ engine }: World, instance: number): void {
  const running = engine.running();
  const one = running[instance % Math.max(1, running.length)];
  if (one !== undefined) engine.lose(one.instanceId);
}

const TROUBLE = { reason: 'device_error', detail: 'It does not answer.' } as const;

function breakDevice(
  { devices }: World,
  { device, well }: { device: number; well: boolean },
): void {
  const index = device % Math.max(1, devices.length);
  const one = devices[index];
  if (one !== undefined) devices[index] = { ...one, trouble: well ? undefined : TROUBLE };
}

type Order = Exclude<Deed, { do: 'lose' | 'engine' | 'fault' | 'kill' | 'pass' }>;

async function ask(scene: Scene, order: Order): Promise<void> {
  const { world, applications, accepted } = scene;
  const id = applications[order.application % applications.length];
  const application = id && (await findApplication(world.database.read, id));
  if (application === undefined) return;
  const made = await carryOutOrder(scene, application, order);
  if (made !== undefined) accepted.push({ id: made, applicationId: application.id });
}

/** The deployment or run that was made, where one was. */
async function carryOutOrder(
  scene: Scene,
  application: Application,
  order: Order,
): Promise<string | undefined> {
  const { world, ownerId, userId: authorId } = scene;
  const { database } = world;
  const whose = { applicationId: application.id, authorId };
  const by = byUser(authorId);
  switch (order.do) {
    case 'push':
      return push(scene, application, order.commit);
    case 'run':
      return run(scene, application, order);
    case 'restart':
      return deployApplication(world, { ...whose, ownerId, useCache: true, cause: 'grid' });
    case 'stop':
      await stopApplication(world, whose);
      return undefined;
    case 'cancel': {
      const [newest] = await listDeployments(database.read, application.id, 1);
      const { applicationId } = whose;
      if (newest) await cancelDeployment(world, { applicationId, deployment: newest.id, by });
      return undefined;
    }
    case 'stop_run': {
      const [newest] = await listRequested(database.read, application.id);
      if (newest) await stopRun(world, newest, by);
      return undefined;
    }
    case 'delete':
      await deleteApplication(world, application, by);
      return undefined;
    default:
      return order satisfies never;
  }
}

/** The ref moves between two commits, and is the fact. */
export async function push(
  { world, userId }: Pick<Scene, 'world' | 'userId'>,
  { id }: Pick<Application, 'id'>,
  commit: number,
): Promise<string | undefined> {
  const { database, clock, heads } = world;
  await beginPush(world, { id }, { id: userId });
  heads.set(id, [{ ref: 'refs/heads/master', commitId: commitOf(commit), at: clock() }]);
  const deps = { database, clock, heads: async () => heads.get(id) ?? [] };
  return recordPushed(deps, id, userId);
}

async function run(
  { world, userId: authorId }: Scene,
  application: Application,
  { nodes, retries, maxMs }: Extract<Order, { do: 'run' }>,
): Promise<string> {
  const deps = {
    ...world,
    engineChoice: engineChoiceOf('process'),
    empty: boundless(world.database),
    findBuilt: (id: ApplicationId, commit?: string) => findBuilt(world.database.read, id, commit),
  };
  const asked = { application, authorId, nodes, retries, maxDuration: maxMs };
  return (await requestRun(deps, asked)).id;
}
