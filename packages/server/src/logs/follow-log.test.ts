import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { followLogs } from './follow-log.ts';
import type { FollowedLine } from './follow-log.ts';
import { createFollowers } from './followers.ts';
import { HOUR } from '../lib/duration.ts';
import type { ApplicationId, DeploymentId } from '../lib/ids.ts';
import type { Source } from './log.ts';
import type { Settled, Stand } from './log-subject.ts';
import { silentLog } from '../testing/log.ts';
import { encodeFrame, segmentName } from './segment.ts';

const applicationId = 'app_1' as ApplicationId;
const NOW = 1_000_000;
const deploymentId = 'deployment_1' as DeploymentId;

function openApplication(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'grid-follow-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const sources: Source[] = [];
  const subject = { key: applicationId, applicationId, look: async () => stand };
  let stand: Stand = { sources };
  let committed = (): void => undefined;
  const ending = new AbortController();
  t.after(() => ending.abort());
  return {
    signal: ending.signal,
    end: () => ending.abort(),
    sources: async () => [...sources],
    openFollowers: () =>
      createFollowers({
        database: {
          afterCommit: (listener) => {
            committed = listener;
            return () => undefined;
          },
        },
        clock: () => NOW,
        log: silentLog,
      }),
    subject,
    /** Commits how it settled. */
    settle(settled: Settled): void {
      stand = { sources, settled };
      committed();
    },
    add(id: string, instance = true): void {
      const instanceId = instance ? id : undefined;
      sources.push({ id, directory: join(folder, id), instanceId, deploymentId });
    },
    write(id: string, text: string, { at = 1, segment = 1 } = {}): void {
      mkdirSync(join(folder, id), { recursive: true });
      appendFileSync(join(folder, id, segmentName(segment)), encodeFrame(at, 1, Buffer.from(text)));
    },
    /** Shows a line of an instance that has not ended. */
    show(id: string, text: string, { at = 1 } = {}): void {
      mkdirSync(join(folder, id), { recursive: true });
      writeFileSync(join(folder, id, 'unended'), encodeFrame(at, 1, Buffer.from(text)));
    },
    close: (id: string) => writeFileSync(join(folder, id, 'closed'), '{}'),
  };
}

async function take(lines: AsyncIterable<FollowedLine>, count: number): Promise<FollowedLine[]> {
  const taken: FollowedLine[] = [];
  for await (const line of lines) if (taken.push(line) === count) break;
  return taken;
}

const texts = (lines: readonly FollowedLine[]): string[] => lines.map(({ line }) => line.text);

test('the lines of several instances are one row, by time', async (t) => {
  const application = openApplication(t);
  for (const id of ['a', 'b', 'c']) application.add(id);
  for (let at = 1; at <= 300; at += 1)
    application.write('abc'.charAt((at * at) % 3), `${at}\n`, { at });
  const { sources, signal } = application;
  const lines = await take(followLogs({ sources, signal }), 1_000);
  assert.deepEqual(
    texts(lines),
    Array.from({ length: 300 }, (_, at) => String(at + 1)),
  );
});

test('a follower sees lines as they come, of sources too that come later', async (t) => {
  const application = openApplication(t);
  application.add('a');
  application.write('a', 'one\n');
  const { sources, signal } = application;
  const seen: string[] = [];
  for await (const { line } of followLogs({ sources, signal, until: signal })) {
    seen.push(line.text);
    if (line.text === 'one') application.write('a', 'two\n', { segment: 2 });
    if (line.text === 'two') {
      application.add('b');
      application.write('b', 'three\n');
    }
    if (line.text === 'three') application.end();
  }
  assert.deepEqual(seen, ['one', 'two', 'three']);
});

test('a follower that comes back with its last cursor misses nothing and sees nothing twice', async (t) => {
  const application = openApplication(t);
  for (const id of ['a', 'b']) application.add(id);
  const { sources, signal } = application;
  const seen: string[] = [];
  let from: string | undefined;
  for (let round = 0; round < 30; round += 1) {
    const segment = 1 + Math.floor(round / 7);
    application.write('a', `a${round}\npart of `, { at: round * 2, segment });
    application.write('b', `b${round}\n`, { at: round * 2 + 1, segment });
    const some = await take(followLogs({ sources, signal, from }), 1 + (round % 3));
    seen.push(...texts(some));
    from = some.at(-1)?.cursor ?? from;
  }
  seen.push(...texts(await take(followLogs({ sources, signal, from }), 1_000)));
  const rounds = Array.from({ length: 30 }, (_, round) => round);
  const expected = rounds.flatMap((round) => [
    `${round === 0 ? '' : 'part of '}a${round}`,
    `b${round}`,
  ]);
  assert.deepEqual(seen.toSorted(), expected.toSorted());
});

test('the cursor of an application with hundreds of instances stays small, and exact', async (t) => {
  const application = openApplication(t);
  application.add('deployment_1', false);
  application.write('deployment_1', 'start\n', { at: 0 });
  for (let at = 1; at <= 300; at += 1) {
    application.add(`instance-${at}`);
    application.write(`instance-${at}`, `${at}\nsecond of ${at}\n`, { at });
    if (at < 300) application.close(`instance-${at}`);
  }
  const { sources, signal } = application;
  const seen: string[] = [];
  let from: string | undefined;
  for (let count = 1; count > 0;) {
    const some = await take(followLogs({ sources, signal, from }), 77);
    seen.push(...texts(some));
    count = some.length;
    from = some.at(-1)?.cursor ?? from;
  }
  const expected = Array.from({ length: 300 }, (_, at) => [`${at + 1}`, `second of ${at + 1}`]);
  assert.deepEqual(seen, ['start', ...expected.flat()]);
  application.write('instance-300', 'last\n', { at: 301 });
  const [last] = await take(followLogs({ sources, signal, from }), 10);
  assert.equal(last?.line.text, 'last');
  assert.ok((last?.cursor.length ?? 0) < 500, last?.cursor);
});

test('a stream with an end brings what is there by then, and is over', async (t) => {
  const application = openApplication(t);
  application.add('a');
  application.write('a', 'one\n');
  const until = new AbortController();
  const { sources, signal } = application;
  const seen: string[] = [];
  for await (const { line } of followLogs({ sources, signal, until: until.signal })) {
    seen.push(line.text);
    if (line.text !== 'one') continue;
    application.write('a', 'two\n');
    until.abort();
  }
  assert.deepEqual(seen, ['one', 'two']);
});

test('who waits for followers waits until they have the last lines, and until instances are silent', async (t) => {
  const application = openApplication(t);
  application.add('deployment_1', false);
  application.add('a');
  application.write('deployment_1', 'start\n', { at: 1 });
  application.write('a', 'one\n', { at: 2 });
  const followers = application.openFollowers();
  const { sources, signal } = application;
  const follower = followers.join(application.subject);
  const seen: string[] = [];
  const read = new Set<string>();
  const wanted = { applicationId, deploymentId };
  const waits: Promise<unknown>[] = [];
  for await (const { line } of followLogs({ sources, signal, until: signal, follower })) {
    seen.push(line.text);
    if (line.text === 'one') {
      application.write('deployment_1', 'live\n', { at: 3 });
      const live = followers.haveRead({ ...wanted, toTheEnd: false }, signal).then(() => {
        read.add('live');
        assert.deepEqual(seen, ['start', 'one', 'live']);
        application.write('a', 'two\n');
        application.close('a');
      });
      const over = followers.haveRead({ ...wanted, toTheEnd: true }, signal).then(() => {
        assert.deepEqual([...read], ['live']);
        assert.deepEqual(seen, ['start', 'one', 'live', 'two']);
        application.end();
      });
      waits.push(live, over);
    }
  }
  await Promise.all(waits);
  assert.equal(waits.length, 2);
});

test('a look that had begun before somebody waits does not count: it may have missed the last line', async (t) => {
  const application = openApplication(t);
  const { signal } = application;
  const followers = application.openFollowers();
  const follower = followers.join(application.subject);
  follower.lookBegins();
  let read = false;
  const waiting = followers
    .haveRead({ applicationId, deploymentId, toTheEnd: false }, signal)
    .then(() => (read = true));
  follower.lookEnds([]);
  await new Promise(setImmediate);
  assert.equal(read, false);
  follower.lookBegins();
  follower.lookEnds([]);
  await waiting;
});

test('nobody waits for followers that are gone, or for ever', async (t) => {
  const application = openApplication(t);
  const followers = application.openFollowers();
  const wanted = { applicationId, deploymentId, toTheEnd: true };
  await followers.haveRead(wanted, application.signal);
  const follower = followers.join(application.subject);
  await followers.haveRead(wanted, AbortSignal.abort());
  const waiting = followers.haveRead(wanted, application.signal);
  follower.leave();
  await waiting;
});

test('what is complete, or over, is read once and then left alone', async (t) => {
  const application = openApplication(t);
  for (const id of ['over', 'closed', 'grows']) {
    application.add(id);
    application.write(id, `${id} 1\n`);
  }
  application.close('closed');
  let read: string[] = [];
  const sources = (await application.sources()).map((source) => ({
    ...source,
    over: source.id === 'over',
    get directory() {
      read.push(source.id);
      return source.directory;
    },
  }));
  const { signal } = application;
  const following = { sources: async () => sources, signal, until: signal };
  for await (const { line } of followLogs(following)) {
    if (line.text === 'grows 5') application.end();
    if (!line.text.startsWith('grows')) continue;
    const [, number] = line.text.split(' ');
    if (number === '3') read = [];
    application.write('grows', `grows ${Number(number) + 1}\n`);
  }
  assert.deepEqual([...new Set(read)], ['grows']);
});

/** What somebody reads until the subject is settled, as it is set when they have read a line of it. */
async function readToEnd(t: TestContext, settled: Settled, closes: boolean): Promise<string[]> {
  const application = openApplication(t);
  application.add('deployment_1', false);
  application.add('a');
  application.write('a', 'one\n', { at: 1 });
  const follower = application.openFollowers().join(application.subject);
  const { signal, sources } = application;
  const until = AbortSignal.any([signal, follower.settled]);
  const seen: string[] = [];
  for await (const { line } of followLogs({ ...follower, follower, signal, until })) {
    seen.push(line.text);
    if (line.text !== 'one') continue;
    application.write('deployment_1', 'end\n', { at: 2 });
    application.settle(settled);
    application.write('a', 'last\n', { at: 3 });
    if (closes) application.close('a');
  }
  assert.equal(follower.status(), settled.status);
  assert.equal((await sources()).length, 2);
  return seen;
}

test('who follows to the end has the last lines, and then no more', async (t) => {
  const over = { status: 'failed', at: NOW + HOUR, toTheEnd: true };
  assert.deepEqual(await readToEnd(t, over, true), ['one', 'end', 'last']);
});

test('what serves goes on, and its follower to the end does not', async (t) => {
  const live = { status: 'live', at: NOW + HOUR, toTheEnd: false };
  assert.deepEqual(await readToEnd(t, live, false), ['one', 'end', 'last']);
});

test('a source that is never completed holds nobody up for longer than two seconds', async (t) => {
  const killed = { status: 'cancelled', at: NOW - 1_990, toTheEnd: true };
  assert.deepEqual(await readToEnd(t, killed, false), ['one', 'end', 'last']);
});

test('who reads more slowly than is written is told the end all the same, and what was written later is not waited for', async (t) => {
  const application = openApplication(t);
  const follower = application.openFollowers().join(application.subject);
  application.add('a');
  const { signal } = application;
  const { sources } = follower;
  const until = AbortSignal.any([signal, follower.settled]);
  const batch = (at: number): void => {
    for (let line = 0; line < 500; line += 1) application.write('a', `at ${at}\n`, { at });
  };
  batch(1);
  let count = 0;
  for await (const { line } of followLogs({ sources, signal, until, follower })) {
    count += 1;
    // whenever half of it is read there is as much again
    if (count % 250 === 0) batch(follower.settled.aborted ? Date.now() + HOUR : 1);
    if (count === 750) application.settle({ status: 'live', at: 1, toTheEnd: false });
    assert.ok(line.at === 1 && count < 50_000, `line ${count} is of ${line.at}`);
  }
  assert.ok(follower.settled.aborted);
});

test('a line that has not ended is told after those that have, when it changes, and as it ended', async (t) => {
  const application = openApplication(t);
  application.add('a');
  application.add('b');
  application.write('a', 'one\n', { at: 10 });
  application.show('a', ' 1%', { at: 11 });
  const { sources, signal } = application;
  const seen: string[] = [];
  for await (const { line } of followLogs({ sources, signal, until: signal, unended: true })) {
    seen.push(`${line.text}${line.unended === true ? '…' : ''}`);
    if (line.text === ' 1%') application.show('a', ' 2%', { at: 12 });
    if (line.text === ' 2%') application.write('b', 'other\n', { at: 13 });
    if (line.text === 'other') application.write('a', '\r 3%\n', { at: 14 });
    if (line.text === ' 3%') application.show('b', 'end', { at: 15 });
    if (line.text === 'end') application.end();
  }
  // the file still shows what was there before its end
  assert.deepEqual(seen, ['one', ' 1%…', ' 2%…', 'other', ' 3%', 'end…']);
});

test('who does not ask for lines that have not ended is told none; who reads what is there now is', async (t) => {
  const application = openApplication(t);
  application.add('a');
  application.write('a', 'one\n');
  application.show('a', 'Password: ');
  const { sources, signal } = application;
  assert.deepEqual(texts(await take(followLogs({ sources, signal }), 9)), ['one']);
  const all = await take(followLogs({ sources, signal, unended: true }), 9);
  assert.deepEqual(texts(all), ['one', 'Password: ']);
  const again = followLogs({ sources, signal, from: all[1]?.cursor, unended: true });
  application.write('a', 'Password: given\n', { at: 2 });
  assert.deepEqual(texts(await take(again, 9)), ['Password: given']);
});
