import { tokens } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import type { CheckPassword } from '../../accounts/check-password.ts';
import { isCliWord, takeCliLogin } from '../../accounts/cli-login.ts';
import { endOthers, listCredentials, revokeCredential } from '../../accounts/manage-credentials.ts';
import { createApiToken, listApiTokens, revokeApiToken } from '../../accounts/manage-tokens.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { Rates } from '../../limits/rates.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

type TokenNeeds = Serving & { checkPassword: CheckPassword; rates: Rates };

/** What opens an account beside SSH keys. */
export function tokenRoutes(app: FastifyInstance, needs: TokenNeeds): void {
  const { database } = needs;
  serve(app, needs, tokens.getCurrentToken, async ({ token }) => ({
    token: token.token,
    creationDate: iso(token.createdAt),
    expirationDate: token.expiresAt === null ? null : iso(token.expiresAt),
  }));
  serve(app, needs, tokens.takeCliToken, async ({ query, ip }) => {
    const word = query.cli_token;
    const taken = isCliWord(word) ? await takeCliLogin(needs, { word, ip }) : undefined;
    if (taken === undefined)
      throw new Refusal('not_found', 'Nobody has said yes to this login in a browser yet.');
    const { token, secret, expiresAt } = taken;
    return { token, secret, expirationDate: iso(expiresAt) };
  });
  serve(app, needs, tokens.listApiTokens, async ({ user }) =>
    (await listApiTokens(needs.database.read, user)).map((token) => ({
      apiTokenId: token.token,
      name: token.name,
      ip: token.ip ?? '',
      creationDate: iso(token.createdAt),
      expirationDate: iso(token.expiresAt ?? token.createdAt),
      state: (token.expiresAt ?? 0) > needs.clock() ? 'ACTIVE' : 'EXPIRED',
    })),
  );
  serve(app, needs, tokens.createApiToken, async ({ user, body, ip, client }) => {
    needs.rates.requireCreation(user.id);
    const expiresAt = Date.parse(body.expirationDate);
    const { id, token } = await createApiToken(needs, user, { ...body, expiresAt, ip, client });
    return { apiTokenId: id, apiToken: token, expirationDate: iso(expiresAt) };
  });
  serve(app, needs, tokens.revokeApiToken, async ({ user, params }) =>
    revokeApiToken(needs, user, params.apiTokenId),
  );
  serve(app, needs, tokens.listTokens, async ({ user, token: own }) =>
    (await listCredentials(database.read, user.id)).map((token) => ({
      id: token.token,
      name: token.name,
      kind: token.kind,
      ip: token.ip,
      createdAt: token.createdAt,
      usedAt: token.usedAt,
      expiresAt: token.expiresAt,
      current: token.token === own.token,
    })),
  );
  serve(app, needs, tokens.revokeToken, async ({ user, params }) =>
    revokeCredential(needs, user.id, params.tokenId),
  );
  serve(app, needs, tokens.endOtherTokens, async (asks) => endOthers(needs, asks));
}

const iso = (at: number): string => new Date(at).toISOString();
