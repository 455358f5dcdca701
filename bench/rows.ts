import { join } from 'node:path';
import type { Reader } from '../packages/server/src/store/database.ts';
import type { Schema } from '../packages/server/src/store/schema.ts';
import { openSqlite } from '../packages/server/src/store/sqlite.ts';
import { until } from '../test/system/platform.ts';
import type { Grid } from './grid.ts';

/**
 * The rows that a query of the platform's own tables finds. Asking hundreds of times a second by HTTP would be what is
 * measured; asked for as the platform asks, a column that is gone is no surprise of the day somebody measures.
 */
export async function readRows<Row>(
  { platform }: Grid,
  query: (db: Reader) => { execute(): Promise<Row[]> },
): Promise<Row[]> {
  const { read, write } = openSqlite<Schema>(join(platform.data, 'grid.db'));
  try {
    return await query(read).execute();
  } finally {
    await Promise.all([read.destroy(), write.destroy()]);
  }
}

/** Resolves when all runs, or deployments, that there are have ended; throws where one failed. */
export const untilAllOver = (grid: Grid, table: 'runs' | 'deployments'): Promise<void> =>
  until(`all ${table} are over`, async () => {
    const rows = await readRows(grid, (db) =>
      db.selectFrom(table).select(['status', 'finishedAt']),
    );
    if (rows.some(({ status }) => status === 'failed')) throw new Error(`some ${table} failed`);
    return rows.every(({ finishedAt }) => finishedAt !== null);
  });
