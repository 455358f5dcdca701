import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { know, learn } from './known-sources.ts';
import type { Source } from './log.ts';

const sourceOf = (id: number, over: boolean): Source => ({
  id: String(id),
  directory: `/logs/${id}`,
  instanceId: String(id),
  deploymentId: undefined,
  over,
});

/** Between two looks some sources come, and some of all end, which may be seen once more or not at all. */
const history = fc.array(
  fc.record({ born: fc.nat(3), ended: fc.array(fc.nat(12)), isSeen: fc.boolean() }),
  { maxLength: 12 },
);

test('what is learned look by look is what there is', () => {
  fc.assert(
    fc.property(history, (looks) => {
      const over: boolean[] = [];
      let known = know([]);
      for (const { born, ended, isSeen } of looks) {
        const before = over.length;
        for (let count = 0; count < born; count += 1) over.push(false);
        const ending = ended.filter((id) => over[id] === false);
        for (const id of ending) over[id] = true;
        // one that was born since the last look is always seen: what ended since is looked at too
        const found = over.flatMap((isOver, id) =>
          !isOver || id >= before || (isSeen && ending.includes(id)) ? sourceOf(id, isOver) : [],
        );
        const former = known;
        known = learn(known, found);
        assert.deepEqual(
          known.all,
          over.map((isOver, id) => sourceOf(id, isOver)),
        );
        assert.equal(known === former, born === 0 && ending.length === 0);
      }
    }),
  );
});
