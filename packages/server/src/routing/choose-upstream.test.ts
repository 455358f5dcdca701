import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeRoute } from '../testing/router.ts';
import { chooseUpstream } from './choose-upstream.ts';

const upstreamsOf = (ids: readonly string[]) =>
  ids.map((instanceId) => ({ instanceId, host: '10.0.0.1', port: 8080 }));

function choose(
  busy: Readonly<Record<string, number>>,
  {
    cookie,
    sticky = true,
    tried = [],
  }: { cookie?: string; sticky?: boolean; tried?: string[] } = {},
) {
  const route = makeRoute({ upstreams: upstreamsOf(Object.keys(busy)), stickySessions: sticky });
  const headers = cookie === undefined ? {} : { cookie };
  const inFlight = (id: string): number => busy[id] ?? 0;
  return chooseUpstream(route, { headers }, { inFlight, tried: new Set(tried) })?.instanceId;
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

test('a client comes back to its instance, where the application wants that and it is there', () => {
  const busy = { a: 0, b: 9 };
  const cookie = 'x=1; grid_instance=b';
  assert.equal(choose(busy, { cookie }), 'b');
  assert.equal(choose(busy, { cookie, sticky: false }), 'a');
  assert.equal(choose(busy, { cookie, tried: ['b'] }), 'a');
  assert.equal(choose(busy, { cookie: 'grid_instance=gone' }), 'a');
  assert.equal(choose(busy, { cookie: 'my_grid_instance=b' }), 'a');
});
