import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whenSilent } from './silence.ts';

const WITHIN = 50;

test('a channel is silent when it carries nothing either way, and not while it carries something', async (t) => {
  let carried = 0;
  const still = { window: 1 };
  const busy = {
    get window() {
      carried += 1;
      return carried;
    },
  };
  const watch = { within: WITHIN, until: t.signal };
  const speaks = (): void => assert.fail('it was not silent');
  whenSilent({ incoming: busy, outgoing: still }, watch, speaks);
  whenSilent({ incoming: still, outgoing: busy }, watch, speaks);
  await new Promise<void>((resolve) => {
    whenSilent({ incoming: still, outgoing: still }, watch, resolve);
  });
  assert.ok(carried > 0);
});

test('a channel that is closed is no longer watched', async () => {
  const closed = new AbortController();
  const still = { window: 1 };
  const channel = { incoming: still, outgoing: still };
  whenSilent(channel, { within: WITHIN, until: closed.signal }, () => assert.fail('it is closed'));
  closed.abort();
  const open = new AbortController();
  await new Promise<void>((resolve) => {
    whenSilent(channel, { within: WITHIN, until: open.signal }, resolve);
  });
});

test('a channel that was closed before is not watched', async () => {
  const still = { window: 1 };
  const channel = { incoming: still, outgoing: still };
  const watch = { within: WITHIN, until: AbortSignal.abort() };
  whenSilent(channel, watch, () => assert.fail('it is closed'));
  const open = new AbortController();
  await new Promise<void>((resolve) => {
    whenSilent(channel, { within: WITHIN * 2, until: open.signal }, resolve);
  });
});
