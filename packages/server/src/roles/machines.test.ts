import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventKinds } from '../events/event.ts';
import { isFinalIn, pathOf } from '../states/machine.ts';
import type { Machine } from '../states/machine.ts';
import { machines } from './machines.ts';

const linesOf = ({ states }: Machine): [string, Readonly<Record<string, string>>][] =>
  Object.entries(states).map(([state, line]) => [state, line as Readonly<Record<string, string>>]);

function reachable(machine: Machine, from: readonly string[]): string[] {
  const found = new Set(from);
  const lines = new Map(linesOf(machine));
  for (const state of found)
    for (const next of Object.values(lines.get(state) ?? {})) found.add(next);
  return [...found].toSorted();
}

for (const machine of machines) {
  const { noun, begins, states, events } = machine;

  test(`every state of a ${noun} can be reached, and those that are no end lead to one`, () => {
    const all = Object.keys(states);
    assert.deepEqual(reachable(machine, Object.values(begins)), all.toSorted());
    const ends = all.filter((state) => isFinalIn(machine, state));
    // a device has no end: it is forgotten
    if (ends.length === 0) return assert.equal(noun, 'device');
    for (const state of all)
      assert.ok(
        reachable(machine, [state]).some((one) => ends.includes(one)),
        state,
      );
  });

  test(`every event of a ${noun} comes somewhere, leads to one state, and has its record`, () => {
    for (const event of Object.keys(events)) pathOf(machine, event);
    const told = Object.keys(eventKinds).filter((kind) => kind.startsWith(`${noun}.`));
    const known = [...Object.keys(begins), ...Object.keys(events)].map((one) => `${noun}.${one}`);
    assert.deepEqual(
      known.filter((kind) => !told.includes(kind)),
      [],
    );
  });
}

test('every kind of event is recorded by a machine or by a use case', () => {
  const ofMachines = machines.flatMap(({ noun, begins, events }) =>
    [...Object.keys(begins), ...Object.keys(events)].map((event) => `${noun}.${event}`),
  );
  const root = join(import.meta.dirname, '..');
  const sources = globSync('**/*.ts', { cwd: root })
    .filter((path) => !path.endsWith('.test.ts') && path !== 'events/event.ts')
    .map((path) => readFileSync(join(root, path), 'utf8'));
  const silent = Object.keys(eventKinds)
    .filter((kind) => !ofMachines.includes(kind))
    .filter((kind) => !sources.some((text) => text.includes(`'${kind}'`)));
  assert.deepEqual(silent, []);
});
