import { emails } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { addEmail, confirmEmail, makePrimary, removeEmail } from '../../accounts/manage-emails.ts';
import {
  listEveryPendingEmail,
  listPendingEmails,
  listSecondaryEmails,
} from '../../accounts/email-store.ts';
import { parseId } from '../../lib/ids.ts';
import { Refusal } from '../../lib/refusal.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

/** The addresses that accounts are known by, and the operator’s word on them. */
export function emailRoutes(app: FastifyInstance, needs: Serving): void {
  const { database } = needs;
  serve(app, needs, emails.listEmails, async ({ user }) =>
    listSecondaryEmails(needs.database.read, user.id),
  );
  serve(app, needs, emails.putEmail, async ({ user, params, body }) => {
    if (body?.make_primary === true) await makePrimary(needs, user, params.email);
    else await addEmail(needs, user, params.email);
  });
  serve(app, needs, emails.deleteEmail, async ({ user, params }) =>
    removeEmail(needs, user, params.email),
  );
  serve(app, needs, emails.listOwnEmails, async ({ user }) => [
    { email: user.email, primary: true, proven: true },
    ...(await listSecondaryEmails(database.read, user.id)).map((email) => ({
      email,
      primary: false,
      proven: true,
    })),
    ...(await listPendingEmails(database.read, user.id)).map((email) => ({
      email,
      primary: false,
      proven: false,
    })),
  ]);
  serve(app, needs, emails.listPendingEmails, async () =>
    (await listEveryPendingEmail(database.read)).map(({ createdAt: at, ...email }) => ({
      ...email,
      at,
    })),
  );
  serve(app, needs, emails.confirmEmail, async ({ params, body, by }) => {
    const userId = parseId('user', body.userId);
    if (userId === undefined) throw new Refusal('not_found', `There is no user ${body.userId}.`);
    await confirmEmail(needs, { userId, email: params.email, by });
  });
}
