import { demandApplication } from '../applications/find-application.ts';
import type { Application } from '../applications/application.ts';
import { parseId, parseOwnerId } from '../lib/ids.ts';
import type { OwnerId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { demand } from '../organizations/access.ts';
import type { Action } from '../organizations/may.ts';
import type { HttpContext } from './context.ts';
import type { Call } from './serve.ts';

/** Who asks for what. */
export type Asked<P> = Pick<Call<P, unknown, unknown>, 'user' | 'params'>;

/** The owner of the request, for somebody who may do this there. */
export async function accessOwner(
  { database }: HttpContext,
  { user, params }: Asked<{ ownerId: string }>,
  action: Action,
): Promise<OwnerId> {
  const ownerId = params.ownerId === 'self' ? user.id : parseOwnerId(params.ownerId);
  if (ownerId === undefined)
    throw new Refusal('not_found', `There is no owner ${JSON.stringify(params.ownerId)}.`);
  await demand(database.read, user.id, { ownerId, action });
  return ownerId;
}

/** The application of the request, for somebody who may do this with it. */
export async function accessApplication(
  context: HttpContext,
  call: Asked<{ ownerId: string; applicationId: string }>,
  action: Action,
): Promise<Application> {
  const ownerId = await accessOwner(context, call, action);
  const applicationId = parseId('application', call.params.applicationId);
  if (applicationId === undefined)
    throw new Refusal(
      'not_found',
      `There is no application ${JSON.stringify(call.params.applicationId)}.`,
    );
  return demandApplication(context.database.read, { ownerId, applicationId });
}

/** Refuses whoever does not look after the platform itself. */
export function demandOperator({ operator }: { operator: boolean }): void {
  if (!operator) throw new Refusal('forbidden', 'Only the operator of the platform may do this.');
}
