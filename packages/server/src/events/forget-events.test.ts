import assert from 'node:assert/strict';
import { DAY, SECOND } from '../lib/duration.ts';
import type { Database } from '../store/database.ts';
import { onEachDatabase } from '../testing/database.ts';
import { PLATFORM } from './actor.ts';
import { appendEvent } from './append.ts';
import { forgetEvents } from './forget-events.ts';

const NOW = 100 * DAY;
const signal = new AbortController().signal;

const count = async ({ read }: Database): Promise<number> =>
  (await read.selectFrom('events').select('sequence').execute()).length;

onEachDatabase(
  'events go when they are older than they are kept, a part at a time',
  async (database) => {
    const about = { ownerId: null, applicationId: null, subjectId: 'x', by: PLATFORM } as const;
    const event = { ...about, kind: 'device.repaired', data: {} } as const;
    const record = (many: number, at: number) =>
      database.transaction(async (tx) => {
        for (let number = 0; number < many; number += 1) await appendEvent(tx, { ...event, at });
      });
    await record(1_500, 9 * DAY);
    await record(5, 10 * DAY);
    const look = forgetEvents({ database, clock: () => NOW, keptDays: 90 });
    assert.equal(await look({} as never, signal), NOW + SECOND);
    assert.equal(await count(database), 505);
    assert.equal(await look({} as never, signal), NOW + DAY);
    assert.equal(await count(database), 5);
    assert.equal(await look({} as never, signal), NOW + DAY);
    assert.equal(await count(database), 5);
  },
);
