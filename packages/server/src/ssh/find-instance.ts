import type { User } from '../accounts/user.ts';
import { findApplication } from '../applications/application-store.ts';
import type { Application } from '../applications/application.ts';
import { instanceState } from '../http/present/deployment.ts';
import type { ApplicationId, InstanceId, OwnerId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { requireRight } from '../organizations/access.ts';
import { listRunning } from '../workloads/running-instances.ts';
import { findInstance } from '../workloads/instance-store.ts';
import { rulesOf } from '../workloads/subject.ts';
import { describeExit } from '../workloads/workload.ts';
import type { Instance } from '../workloads/workload.ts';
import type { Reader } from '../store/database.ts';
import type { Place } from './asked.ts';

/** An instance that may be entered, and the application that it is of. */
export type Enterable = { instance: Instance; application: Application };

/**
 * The instance of this id, or the only one of the application and of the number if there is one, for somebody who
 * may enter it. Others learn nothing: what is not theirs is refused as what is not there.
 */
export const requireEnterable = (db: Reader, user: User, place: Place): Promise<Enterable> =>
  place.instanceId === undefined
    ? requireOnly(db, user, place)
    : requireInstance(db, user, place.instanceId);

async function requireInstance(db: Reader, user: User, id: InstanceId): Promise<Enterable> {
  const instance = await findInstance(db, id);
  const of = instance?.applicationId ?? undefined;
  const application = of && (await findApplication(db, of));
  if (instance === undefined || application === undefined) throw nothing('instance', id);
  await requireMember(db, user, { ownerId: application.ownerId, hidden: nothing('instance', id) });
  if (!rulesOf(instance).enterable)
    throw new Refusal('not_found', `Instance ${id} is a build, and builds are not entered.`);
  if (instance.status === 'exited')
    throw new Refusal('not_found', `Instance ${id} is over: ${describeExit(instance)}.`);
  if (instance.startedAt === null)
    throw new Refusal('unavailable', `Instance ${id} has not started yet: try again in a moment.`);
  return { instance, application };
}

async function requireOnly(
  db: Reader,
  user: User,
  { applicationId: id, number }: Extract<Place, { applicationId: ApplicationId }>,
): Promise<Enterable> {
  const application = await findApplication(db, id);
  if (application === undefined) throw nothing('application', id);
  await requireMember(db, user, {
    ownerId: application.ownerId,
    hidden: nothing('application', id),
  });
  const all = await listRunning(db, { applicationId: id });
  const running = all.filter((one) => number === undefined || one.number === number);
  const staying = running.filter(({ wanted }) => wanted === 'running');
  const [instance, another] = staying.length > 0 ? staying : running;
  const what = number === undefined ? 'Nothing' : `No instance ${number}`;
  if (instance === undefined)
    throw new Refusal('not_found', `${what} of ${application.name} runs just now.`);
  if (another === undefined) return { instance, application };
  const lines = running.map((one) => `  ${describeInstance(one, application)}`);
  throw new Refusal(
    'conflict',
    [`Several instances of ${application.name} run: name one by its id or number.`, ...lines].join(
      '\n',
    ),
  );
}

/** The same words for what is not there and for what is somebody else's. */
const nothing = (what: 'instance' | 'application', id: string): Refusal =>
  new Refusal('not_found', `There is no ${what} ${id} for you.`);

async function requireMember(
  db: Reader,
  user: User,
  { ownerId, hidden }: { ownerId: OwnerId; hidden: Refusal },
): Promise<void> {
  await requireRight(db, user.id, { ownerId, right: 'application:operate' }).catch(
    (error: unknown) => {
      throw error instanceof Refusal && error.code === 'not_found' ? hidden : error;
    },
  );
}

export const describeInstance = (instance: Instance, { kind }: Application): string =>
  `${instance.name} - Instance ${instance.number} - ${instanceState(instance, kind)} (${instance.id})`;
