import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from '../../../lib/clock.ts';
import { lookAtUnended } from '../../../logs/unended.ts';
import { silentLog } from '../../../testing/log.ts';
import { until } from '../../../testing/until.ts';
import { createDockerClient } from '../client.ts';
import { attachUnended } from './attach-unended.ts';

type Options = { clock?: () => number; hearing?: { bytes: number; within: number } };

const missing = (response: ServerResponse): void => void response.writeHead(404).end('{}');

/** An engine that answers who attaches, one after the other, so. */
async function open(
  t: TestContext,
  answers: readonly ((response: ServerResponse) => void)[],
  { clock = systemClock, hearing }: Options = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'grid-attach-'));
  let count = 0;
  const server = createServer((request, response) => {
    if (request.url === '/_ping') {
      response.setHeader('api-version', '1.41').end('OK');
      return;
    }
    const answer = answers[count] ?? missing;
    count += 1;
    answer(response);
  });
  const path = join(folder, 'engine.sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  const client = createDockerClient(path);
  const { attach, detach } = attachUnended(
    { client, clock, closing: t.signal, log: silentLog },
    hearing,
  );
  const directory = folder;
  const source = { id: 'one', directory, instanceId: 'one', deploymentId: '' };
  return {
    attach: () => attach({ log: { directory, budgetMiB: 1, masked: [] } }, 'one'),
    detach: () => detach('one'),
    attached: () => count,
    async shown(): Promise<string[]> {
      return (await lookAtUnended().changed([source])).map(({ text }) => text);
    },
  };
}

function frame(text: string): Buffer {
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(text.length, 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

const says =
  (...texts: readonly string[]) =>
  (response: ServerResponse): void =>
    void response.write(Buffer.concat(texts.map(frame)));

const isShown = (one: { shown(): Promise<string[]> }, text: string) => async () =>
  (await one.shown())[0] === text;

test('a container that says too much at once is left alone for a while, and heard again', async (t) => {
  let left: () => void;
  const whenLeft = new Promise<void>((resolve) => (left = resolve));
  const flood = (response: ServerResponse): void => {
    response.on('close', () => left());
    const more = (): void => {
      while (!response.destroyed && response.write(frame(`${'x'.repeat(999)}\n`)));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };
  const hearing = { bytes: 100_000, within: 100 };
  const one = await open(t, [flood, says('Password: ')], { clock: () => 0, hearing });
  await one.attach();
  await whenLeft;
  await until(isShown(one, 'Password: '));
  assert.equal(one.attached(), 2);
});

test('who could not be heard, or is no more, may be attached to again', async (t) => {
  const refused = (response: ServerResponse): void => void response.writeHead(500).end('{}');
  const over = (response: ServerResponse): void => void response.end();
  const one = await open(t, [refused, over, says('again: ')]);
  await one.attach();
  await until(async () => {
    await one.attach();
    return one.attached() === 3;
  });
  await until(isShown(one, 'again: '));
});

test('a container that writes byte by byte leaves others their turn', async (t) => {
  let [turn, inTurn, most, isOver] = [0, 0, 0, false];
  const count = (): void => {
    turn += 1;
    inTurn = 0;
    if (!isOver) setImmediate(count);
  };
  count();
  const clock = (): number => {
    inTurn += 1;
    most = Math.max(most, inTurn);
    return 0;
  };
  const bytes = Array.from({ length: 5000 }, () => '.');
  const one = await open(t, [says(...bytes, 'end')], { clock });
  await one.attach();
  await until(isShown(one, '.'.repeat(4096)));
  isOver = true;
  assert.ok(most <= 1000, `${most} in a row`);
});

test('nothing is shown any more of whom nobody listens to', async (t) => {
  const one = await open(t, [says('Password: ')]);
  await one.attach();
  await until(isShown(one, 'Password: '));
  one.detach();
  await until(async () => (await one.shown()).length === 0);
});
