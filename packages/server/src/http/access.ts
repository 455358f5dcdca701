import { rights } from '@grid/api';
import type { FieldOf, Right, Rule } from '@grid/api';
import type { User } from '../accounts/user.ts';
import type { Application } from '../applications/application.ts';
import { requireApplication } from '../applications/find-application.ts';
import { findApplication } from '../applications/application-store.ts';
import { parseId, parseOwnerId } from '../lib/ids.ts';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { requireRight } from '../organizations/access.ts';
import type { Database } from '../store/database.ts';

/** What a request names of others' things, for whoever has the right that its description asks. */
export type Named<Params, Query, Who> = [Who] extends [Right]
  ? { ownerId: OwnerId } & ('applicationId' extends FieldOf<Params>
      ? { application: Application }
      : 'applicationId' extends FieldOf<Query>
        ? { application: Application | undefined }
        : unknown)
  : unknown;

type Asked = { user: User; params: unknown; query: unknown };
type Names = { ownerId?: string; applicationId?: string };
type Found = { ownerId?: OwnerId; application?: Application };

/** Lets in who may ask, and finds what the request names. What they may not see does not exist. */
export async function admit(
  database: Database,
  rule: Rule,
  { user, ...asked }: Asked,
): Promise<Found> {
  if (rule === 'operator') requireOperator(user);
  if (!rights.isRight(rule)) return {};
  const names = asked.params as Names;
  if (names.ownerId === undefined) return findAnywhere(database, rule, { user, names });
  const ownerId = await requireOwner(database, rule, { user, names });
  if (names.applicationId !== undefined)
    return { ownerId, application: await requireTheirs(database, ownerId, names.applicationId) };
  const { applicationId } = asked.query as Names;
  if (applicationId === undefined) return { ownerId };
  await requireRight(database.read, user.id, { ownerId, right: 'application:read' });
  return { ownerId, application: await requireTheirs(database, ownerId, applicationId) };
}

type Asking = { user: User; names: Names };

async function requireOwner(
  { read }: Database,
  right: Right,
  { user, names: { ownerId: text = '' } }: Asking,
): Promise<OwnerId> {
  const ownerId = text === 'self' ? user.id : parseOwnerId(text);
  if (ownerId === undefined) throw absent('owner', text);
  await requireRight(read, user.id, { ownerId, right });
  return ownerId;
}

const requireTheirs = async (
  { read }: Database,
  ownerId: OwnerId,
  text: string,
): Promise<Application> =>
  requireApplication(read, { ownerId, applicationId: parseApplicationId(text) });

/** Of whichever owner: who may not have it there learns no more than whoever is no member. */
async function findAnywhere(
  { read }: Database,
  right: Right,
  { user, names: { applicationId: text = '' } }: Asking,
): Promise<Found> {
  const id = parseApplicationId(text);
  const none = new Refusal('not_found', `There is no application ${id}.`);
  const application = await findApplication(read, id);
  if (application === undefined) throw none;
  const { ownerId } = application;
  await requireRight(read, user.id, { ownerId, right }).catch((error: unknown) => {
    throw error instanceof Refusal ? none : error;
  });
  return { ownerId, application };
}

/** Of an application that a request names; what is no id is nobody's. */
export function parseApplicationId(text: string): ApplicationId {
  const id = parseId('application', text);
  if (id === undefined) throw absent('application', text);
  return id;
}

const absent = (what: string, text: string): Refusal =>
  new Refusal('not_found', `There is no ${what} ${JSON.stringify(text)}.`);

function requireOperator({ operator }: User): void {
  if (!operator) throw new Refusal('forbidden', 'Only the operator of the platform may do this.');
}
