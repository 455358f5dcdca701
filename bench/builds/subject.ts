import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ApplicationId } from '../../packages/server/src/lib/ids.ts';
import type { Figure, Goal } from '../figure.ts';
import { figureOf } from '../figure.ts';
import type { Grid } from '../grid.ts';
import { readRows } from '../rows.ts';
import { writeFiles } from '../../test/system/platform.ts';
import type { Files } from '../../test/system/platform.ts';

/** How much of what it needs a build finds: downloads and layers of earlier builds, or nothing. */
type Found = 'cold' | 'warm';

/** An application and who builds the same by hand. */
export type Subject = {
  name: string;
  type: string;
  env: readonly string[];
  /** Puts the files in place that all rounds have in common. */
  prepare(folder: string): void;
  /** Files that differ in each round, so that there is something to build. */
  change(round: string, found: Found): Files;
  /** Forgets what earlier builds by hand left. */
  forget(): void;
  /** In milliseconds; the folder has the same files as the deployment had. */
  byHand(folder: string, round: string, found: Found): Promise<number>;
  peer: string;
  goal?: Goal;
};

type Rounds = Record<Found, { ours: number[]; byHand: number[] }>;

const ROUNDS = 3;

/** Cold and warm builds of ours, each beside the same by hand. */
export async function measureBuilds(grid: Grid, subject: Subject): Promise<Figure[]> {
  const { platform } = grid;
  const folder = await platform.repository({ 'README.md': 'Built again and again.\n' });
  subject.prepare(folder);
  const id = await platform.create(folder, { type: subject.type, env: [...subject.env] });
  const forget = (): void => {
    rmSync(join(platform.data, 'caches'), { recursive: true, force: true });
    subject.forget();
  };
  const rounds: Rounds = { cold: { ours: [], byHand: [] }, warm: { ours: [], byHand: [] } };
  for (const found of ['cold', 'warm'] as const)
    for (let round = 0; round < ROUNDS; round++) {
      if (found === 'cold') forget();
      const name = `${found} ${round}`;
      writeFiles(folder, subject.change(name, found));
      rounds[found].ours.push(await buildOnce(grid, { folder, id, name }));
      rounds[found].byHand.push(await subject.byHand(folder, name, found));
    }
  return toFigures(subject, rounds);
}

/** From the turn of the deployment to the artifact on record, in milliseconds. */
async function buildOnce(
  grid: Grid,
  { folder, id, name }: { folder: string; id: string; name: string },
): Promise<number> {
  const { platform } = grid;
  await platform.git(['add', '--all'], folder);
  await platform.git(['commit', '--quiet', '--message', name], folder);
  const { code, out } = await platform.grid(['deploy'], { folder });
  if (code !== 0) throw new Error(`the deployment failed: …${out.slice(-2_000)}`);
  const [row] = await readRows(grid, (db) =>
    db
      .selectFrom('deployments')
      .select(['builtAt', 'startedAt'])
      .where('applicationId', '=', id as ApplicationId)
      .orderBy('number', 'desc')
      .limit(1),
  );
  return (row?.builtAt ?? Number.NaN) - (row?.startedAt ?? Number.NaN);
}

const toFigures = ({ name, peer, goal }: Subject, rounds: Rounds): Figure[] =>
  (['cold', 'warm'] as const).map((found) =>
    figureOf({
      bench: 'builds',
      metric: `${name}, ${found}`,
      unit: 'ms',
      rounds: rounds[found].ours,
      ...(goal && { goal }),
      beside: { name: peer, rounds: rounds[found].byHand },
    }),
  );
