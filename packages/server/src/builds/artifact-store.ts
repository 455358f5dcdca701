import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { NewRow, Row } from '../store/schema.ts';
import type { Artifact, ArtifactStart } from './build.ts';
import type { KnownArtifact } from './plan-sweep.ts';

const toArtifact = ({ id, start, environmentKey: key, ...row }: Row<'artifacts'>): Artifact => ({
  id,
  dependenciesKey: key ?? undefined,
  installedKey: row.installedKey ?? undefined,
  start: start as ArtifactStart,
});

export async function findArtifact(db: Reader, id: string): Promise<Artifact | undefined> {
  const row = await db.selectFrom('artifacts').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toArtifact(row);
}

export async function listArtifacts(db: Reader, applicationId: ApplicationId): Promise<Artifact[]> {
  const rows = await db
    .selectFrom('artifacts')
    .selectAll()
    .where('applicationId', '=', applicationId)
    .execute();
  return rows.map(toArtifact);
}

/** The newest artifact of the application that was made from these inputs. */
export async function findMadeFrom(
  db: Reader,
  applicationId: ApplicationId,
  inputKey: string,
): Promise<Artifact | undefined> {
  const row = await db
    .selectFrom('artifacts')
    .selectAll()
    .where('applicationId', '=', applicationId)
    .where('id', 'like', `${inputKey}.%`)
    .orderBy('createdAt', 'desc')
    .executeTakeFirst();
  return row && toArtifact(row);
}

/** The newest dependencies with this key; those installed afresh have something behind it. */
export async function findDependencies(db: Reader, key: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('artifacts')
    .select('installedKey as key')
    .where(({ eb, or }) =>
      or([eb('installedKey', '=', key), eb('installedKey', 'like', `${key}.%`)]),
    )
    .orderBy('createdAt', 'desc')
    .executeTakeFirst();
  return row?.key ?? undefined;
}

/** Keeps an artifact, or writes down that it was used. */
export const upsertArtifact = (tx: Tx, artifact: NewRow<'artifacts'>) =>
  tx
    .insertInto('artifacts')
    .values(artifact)
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ usedAt: artifact.usedAt }))
    .execute();

export const selectKnown = (db: Reader): Promise<KnownArtifact[]> =>
  db
    .selectFrom('artifacts')
    .select(['id', 'applicationId', 'commitId', 'usedAt'])
    .select(['environmentKey as dependenciesKey', 'installedKey'])
    .execute();

/** The images that artifacts are started from. */
export async function listImages(db: Reader): Promise<Set<string>> {
  const rows = await db
    .selectFrom('artifacts')
    .select('start')
    .where(({ eb, cast }) => eb(cast<string>('start', 'text'), 'like', '%"image":%'))
    .execute();
  const commands = rows.map(({ start }) => (start as ArtifactStart).command);
  return new Set(commands.flatMap((command) => ('image' in command ? [command.image] : [])));
}

/** Forgets an artifact; false where it was used since it was looked at. */
export async function deleteUnused(tx: Tx, { id, usedAt }: KnownArtifact): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('artifacts')
    .where('id', '=', id)
    .where('usedAt', '=', usedAt)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** The applications that were built since then, or are being built. */
export const listBuilt = (
  db: Reader,
  since: number,
): Promise<{ ownerId: OwnerId; applicationId: ApplicationId }[]> =>
  db
    .selectFrom('workloads')
    .select(['ownerId', 'applicationId'])
    .distinct()
    .where('subjectKind', '=', 'build')
    .where('createdAt', '>=', since)
    .where('applicationId', 'is not', null)
    .$narrowType<{ applicationId: ApplicationId }>()
    .execute();
