import { accounts, applications } from '@grid/api';
import type { Application, Client } from '@grid/api';
import { Failure } from './fail.ts';
import { gitConfig } from './git.ts';

/** An application by id or name; without one, that of the git remote `grid` in this folder. */
export async function findApplication(client: Client, named?: string): Promise<Application> {
  const wanted = named ?? (await applicationOfFolder());
  const { organisations } = await client.call(accounts.getSummary);
  const found = organisations.flatMap((owner) =>
    owner.applications
      .filter(({ id, name }) => id === wanted || name === wanted)
      .map(({ id }) => ({ ownerId: owner.id, applicationId: id })),
  );
  const [params] = found;
  if (params === undefined)
    throw new Failure(`There is no application ${wanted}: see "grid app list".`, 'refused');
  if (found.length > 1)
    throw new Failure(
      `Several applications are called ${wanted}: name one by its id (${found.map(({ applicationId }) => applicationId).join(', ')}).`,
      'misused',
    );
  return client.call(applications.getApplication, { params });
}

async function applicationOfFolder(): Promise<string> {
  const url = await gitConfig('remote.grid.url');
  const [, id] = /(app_[0-9a-f-]{36})/.exec(url ?? '') ?? [];
  if (id === undefined)
    throw new Failure(
      'Which application? Give --app NAME, or run this in a folder with a git remote called grid.',
      'misused',
    );
  return id;
}

/** An owner by id or name; without one, the only organization there is. */
export async function findOwner(
  client: Client,
  named?: string,
): Promise<{ id: string; name: string }> {
  const { organisations } = await client.call(accounts.getSummary);
  const owners =
    named === undefined
      ? organisations.filter(({ id }) => id.startsWith('orga_'))
      : organisations.filter(({ id, name }) => id === named || name === named);
  const [owner] = owners;
  if (owner === undefined)
    throw new Failure(`There is no organization ${named ?? 'of yours'}.`, 'refused');
  if (owners.length > 1)
    throw new Failure(
      `Which organization? Give --org: ${owners.map(({ name, id }) => `${name} (${id})`).join(', ')}.`,
      'misused',
    );
  return owner;
}

export const paramsOf = ({ ownerId, id }: Application) => ({ ownerId, applicationId: id });
