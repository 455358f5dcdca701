import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeRoute } from '../testing/router.ts';
import { chooseUpstream } from './choose-upstream.ts';
import type { Load } from './choose-upstream.ts';

const upstreamsOf = (ids: readonly string[]) =>
  ids.map((instanceId) => ({ instanceId, host: '10.0.0.1', port: 8080 }));

function choose(
  busy: Readonly<Record<string, number>>,
  {
    cookie,
    sticky = true,
    tried = [],
    latest = {},
  }: {
    cookie?: string;
    sticky?: boolean;
    tried?: string[];
    latest?: Readonly<Record<string, number>>;
  } = {},
) {
  const route = makeRoute({ upstreams: upstreamsOf(Object.keys(busy)), stickySessions: sticky });
  const headers = cookie === undefined ? {} : { cookie };
  const loadOf = (id: string): Load => ({ inFlight: busy[id] ?? 0, latest: latest[id] ?? 0 });
  return chooseUpstream(route, { headers }, { loadOf, tried: new Set(tried) })?.instanceId;
}

test('the instance with the least under way is chosen, never one that was tried', () => {
  const ids = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(ids, fc.infiniteStream(fc.nat(5)), fc.infiniteStream(fc.boolean()), (all, n, b) => {
      const busy = Object.fromEntries(all.map((id) => [id, n.next().value as number]));
      const tried = all.filter(() => b.next().value as boolean);
      const left = all.filter((id) => !tried.includes(id));
      const chosen = choose(busy, { tried });
      if (chosen === undefined) return assert.deepEqual(left, []);
      assert.ok(left.includes(chosen));
      return assert.equal(busy[chosen], Math.min(...left.map((id) => busy[id] ?? 0)));
    }),
  );
});

test('of instances with as much under way the one that was not chosen for longest is', () => {
  const latest: Record<string, number> = {};
  const chosen = [1, 2, 3, 4, 5, 6].map((turn) => {
    const id = choose({ a: 0, b: 0, c: 0 }, { latest }) ?? '';
    latest[id] = turn;
    return id;
  });
  assert.deepEqual(chosen, ['a', 'b', 'c', 'a', 'b', 'c']);
  assert.equal(choose({ a: 0, b: 1 }, { latest: { a: 9, b: 1 } }), 'a');
});

test('a client comes back to its instance, where the application wants that and it is there', () => {
  const busy = { a: 0, b: 9 };
  const cookie = 'x=1; grid_instance=b';
  assert.equal(choose(busy, { cookie }), 'b');
  assert.equal(choose(busy, { cookie, sticky: false }), 'a');
  assert.equal(choose(busy, { cookie, tried: ['b'] }), 'a');
  assert.equal(choose(busy, { cookie: 'grid_instance=gone' }), 'a');
  assert.equal(choose(busy, { cookie: 'my_grid_instance=b' }), 'a');
});
