import { limits } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { countUse } from '../count-use.ts';
import type { Keyring } from '../../lib/encryption.ts';
import { parseOwnerId } from '../../lib/ids.ts';
import type { OwnerId } from '../../lib/ids.ts';
import { Refusal } from '../../lib/refusal.ts';
import { setLimit, unsetLimit } from '../../limits/change-limits.ts';
import { listLimits } from '../../limits/list-limits.ts';
import { listSetLimits } from '../../limits/limit-store.ts';
import type { Seats } from '../../limits/seats.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

type LimitNeeds = Serving & { keyring: Keyring; seats: Seats };

/** What there may be so many of. */
export function limitRoutes(app: FastifyInstance, needs: LimitNeeds): void {
  const { database } = needs;
  serve(app, needs, limits.getLimits, async ({ ownerId, application, user }) => {
    const of = { userId: user.id, ownerId, applicationId: application?.id };
    const used = await countUse(needs, of);
    const known = await listLimits(database.read, of);
    return { limits: known.map((one) => ({ ...one, used: used[one.name] ?? null })) };
  });
  serve(app, needs, limits.listSetLimits, async () => {
    const set = await listSetLimits(database.read);
    return { limits: set.map(({ ownerId, ...one }) => ({ ...one, ownerId: ownerId ?? null })) };
  });
  serve(app, needs, limits.setLimit, async ({ params, body, by }) => {
    const ownerId = parseOwner(body.ownerId);
    await setLimit(needs, { name: params.name, value: body.value, ownerId, by });
  });
  serve(app, needs, limits.unsetLimit, async ({ params, query, by }) => {
    const ownerId = parseOwner(query.ownerId);
    await unsetLimit(needs, { name: params.name, ownerId, by });
  });
}

function parseOwner(text: string | undefined): OwnerId | undefined {
  const id = text === undefined ? undefined : parseOwnerId(text);
  if (text === undefined || id !== undefined) return id;
  throw new Refusal('invalid', `${JSON.stringify(text)} is no id of a user or an organization.`, {
    ownerId: 'must be user_… or orga_…',
  });
}
