import { accounts } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { isCliWord, takeCliLogin } from '../../accounts/cli-login.ts';
import {
  addEmail,
  listSecondaryEmails,
  makePrimary,
  removeEmail,
} from '../../accounts/manage-emails.ts';
import { createApiToken, listApiTokens, revokeApiToken } from '../../accounts/manage-tokens.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { HttpContext } from '../context.ts';
import { serve } from '../serve.ts';

const iso = (at: number): string => new Date(at).toISOString();

/** What opens an account, and the addresses it is known by. */
export function tokenRoutes(app: FastifyInstance, context: HttpContext): void {
  serve(app, context, accounts.getCurrentToken, async ({ token }) => ({
    token: token.token,
    creationDate: iso(token.createdAt),
    expirationDate: token.expiresAt === null ? null : iso(token.expiresAt),
  }));
  serve(app, context, accounts.takeCliToken, async ({ query, ip }) => {
    const word = query.cli_token;
    const taken = isCliWord(word) ? await takeCliLogin(context, { word, ip }) : undefined;
    if (taken === undefined)
      throw new Refusal('not_found', 'Nobody has said yes to this login in a browser yet.');
    const { token, secret, expiresAt } = taken;
    return { token, secret, expirationDate: iso(expiresAt) };
  });
  apiTokenRoutes(app, context);
  emailRoutes(app, context);
}

function apiTokenRoutes(app: FastifyInstance, context: HttpContext): void {
  serve(app, context, accounts.listApiTokens, async ({ user }) =>
    (await listApiTokens(context.database.read, user)).map((token) => ({
      apiTokenId: token.token,
      name: token.name,
      ip: token.ip ?? '',
      creationDate: iso(token.createdAt),
      expirationDate: iso(token.expiresAt ?? token.createdAt),
      state: (token.expiresAt ?? 0) > context.clock() ? 'ACTIVE' : 'EXPIRED',
    })),
  );
  serve(app, context, accounts.createApiToken, async ({ user, body, ip, client }) => {
    context.rates.demand(user.id);
    const expiresAt = Date.parse(body.expirationDate);
    const { id, token } = await createApiToken(context, user, { ...body, expiresAt, ip, client });
    return { apiTokenId: id, apiToken: token, expirationDate: iso(expiresAt) };
  });
  serve(app, context, accounts.revokeApiToken, async ({ user, params }) =>
    revokeApiToken(context, user, params.apiTokenId),
  );
}

function emailRoutes(app: FastifyInstance, context: HttpContext): void {
  serve(app, context, accounts.listEmails, async ({ user }) =>
    listSecondaryEmails(context.database.read, user.id),
  );
  serve(app, context, accounts.putEmail, async ({ user, params, body }) => {
    if (body?.make_primary === true) await makePrimary(context, user, params.email);
    else await addEmail(context, user, params.email);
  });
  serve(app, context, accounts.deleteEmail, async ({ user, params }) =>
    removeEmail(context, user, params.email),
  );
}
