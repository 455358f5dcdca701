import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { onEachDatabase, onPostgres } from '../testing/database.ts';
import { silentLog } from '../testing/log.ts';
import { becomeLeader } from './leader.ts';
import { keepLeading } from './keep-leading.ts';

onEachDatabase(
  'one leads, the next only when it has resigned, in a newer epoch',
  async (database, t) => {
    const folder = mkdtempSync(join(tmpdir(), 'grid-leader-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const lead = (signal: AbortSignal) => becomeLeader(database, join(folder, 'leader.db'), signal);

    const first = await lead(AbortSignal.abort());
    assert.ok(first);
    assert.equal(await lead(AbortSignal.abort()), undefined);
    await first.resign();
    const second = await lead(AbortSignal.abort());
    assert.equal(second?.epoch, first.epoch + 1);
    await second.resign();
  },
);

onPostgres(
  'a leader whose lock is lost ends what it runs, and leads again',
  async (database, t) => {
    const stopping = new AbortController();
    const again = Promise.withResolvers<void>();
    const events: string[] = [];
    const become = () => becomeLeader(database, '', AbortSignal.timeout(10_000));
    const first = await become();
    assert.ok(first);
    const ended = await keepLeading(first, {
      become,
      begin: async ({ epoch }) => {
        events.push(`begin ${epoch - first.epoch}`);
        if (epoch > first.epoch) again.resolve();
        return async () => void events.push(`end ${epoch - first.epoch}`);
      },
      log: silentLog,
      signal: stopping.signal,
    });
    t.after(() => stopping.abort());

    await sql`select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`.execute(
      database.read,
    );
    await again.promise;
    stopping.abort();
    await ended();
    assert.deepEqual(events, ['begin 0', 'end 0', 'begin 1', 'end 1']);
  },
);
