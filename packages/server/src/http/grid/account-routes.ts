import { grid, operator } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { endOthers, listCredentials, revokeCredential } from '../../accounts/manage-credentials.ts';
import {
  confirmEmail,
  listEveryPendingEmail,
  listPendingEmails,
  listSecondaryEmails,
} from '../../accounts/manage-emails.ts';
import { changePassword, signIn, signInLocally } from '../../accounts/sign-in.ts';
import { listReservedNames, releaseName, reserveName } from '../../applications/reserve-name.ts';
import { parseId, parseOwnerId } from '../../lib/ids.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { HttpContext } from '../context.ts';
import { serve } from '../serve.ts';

/** Signing in, all that opens an account, and what an operator says of addresses and names. */
export function gridAccountRoutes(app: FastifyInstance, context: HttpContext): void {
  serve(app, context, grid.signIn, async ({ body, local, client, ip }) => {
    const { email, password, name } = body;
    if (password !== undefined) return signIn(context, { email, password, client }, { name, ip });
    if (local) return signInLocally(context, email, { name });
    throw new Refusal('unauthenticated', 'Give the password too.');
  });
  serve(app, context, grid.setPassword, async ({ body, client, ...asks }) =>
    changePassword(context, asks, { ...body, client }),
  );
  tokenRoutes(app, context);
  operatorRoutes(app, context);
}

function tokenRoutes(app: FastifyInstance, context: HttpContext): void {
  const { read } = context.database;
  serve(app, context, grid.listTokens, async ({ user, token: own }) =>
    (await listCredentials(read, user.id)).map(({ token, ...rest }) => ({
      id: token,
      ...rest,
      current: token === own.token,
    })),
  );
  serve(app, context, grid.revokeToken, async ({ user, params }) =>
    revokeCredential(context, user.id, params.tokenId),
  );
  serve(app, context, grid.endOtherTokens, async (asks) => endOthers(context, asks));
  serve(app, context, grid.listOwnEmails, async ({ user }) => [
    { email: user.email, primary: true, proven: true },
    ...(await listSecondaryEmails(read, user.id)).map((email) => ({
      email,
      primary: false,
      proven: true,
    })),
    ...(await listPendingEmails(read, user.id)).map((email) => ({
      email,
      primary: false,
      proven: false,
    })),
  ]);
}

function operatorRoutes(app: FastifyInstance, context: HttpContext): void {
  const { read } = context.database;
  serve(app, context, operator.listPendingEmails, async () => listEveryPendingEmail(read));
  serve(app, context, operator.confirmEmail, async ({ params, body, by }) => {
    const userId = parseId('user', body.userId);
    if (userId === undefined) throw new Refusal('not_found', `There is no user ${body.userId}.`);
    await confirmEmail(context, { userId, email: params.email, by });
  });
  serve(app, context, operator.listReservedNames, async () => listReservedNames(read));
  serve(app, context, operator.reserveName, async ({ params, body, by }) => {
    const ownerId = body.ownerId === undefined ? null : parseOwnerId(body.ownerId);
    if (ownerId === undefined) throw new Refusal('not_found', `There is no owner ${body.ownerId}.`);
    await reserveName(context, { name: params.fqdn, ownerId, by });
  });
  serve(app, context, operator.releaseName, async ({ params, by }) => {
    await releaseName(context, { name: params.fqdn, by });
  });
}
