import { keys } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { addKey, listKeys, removeKey } from '../../accounts/manage-keys.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

/** The SSH keys of accounts. */
export function keyRoutes(app: FastifyInstance, needs: Serving): void {
  const { database } = needs;
  serve(app, needs, keys.listKeys, async ({ user }) =>
    (await listKeys(database.read, user.id)).map(({ name, type, key, comment, fingerprint }) => ({
      name,
      key: `${type} ${key} ${comment}`.trimEnd(),
      fingerprint,
    })),
  );
  serve(app, needs, keys.putKey, async ({ user, params, body }) =>
    addKey(needs, { userId: user.id, name: params.name, line: body }),
  );
  serve(app, needs, keys.deleteKey, async ({ user, params }) => {
    await removeKey(needs, { userId: user.id, name: params.name });
  });
}
