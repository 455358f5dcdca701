import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../lib/finding.ts';
import { promiseFindings } from './promise-findings.ts';
import type { SeenMachine } from './promise-findings.ts';

const seen = (
  states: Record<string, Finding['state']> = {},
  changes: Partial<SeenMachine> = {},
): SeenMachine => ({
  root: true,
  user: 'ada',
  arch: 'x64',
  states: new Map(Object.entries(states)),
  ...changes,
});

const find = (machine: SeenMachine, what: string): Finding => {
  const found = promiseFindings(machine).find((one) => one.what === what);
  assert.ok(found, what);
  return found;
};

test('a machine that has all keeps every promise', () => {
  assert.ok(promiseFindings(seen()).every(({ state }) => state === 'ok'));
  assert.match(find(seen(), 'Tenants').detail, /a user for each application/);
  assert.match(find(seen({}, { root: false }), 'Tenants').detail, /namespaces of ada/);
});

for (const what of ['bwrap', 'User namespaces', 'ip', 'nft', 'pasta', '/dev/net/tun'])
  test(`without ${what} nobody is promised to be kept apart`, () => {
    const [only, ...others] = promiseFindings(seen({ [what]: 'limited' }));
    assert.equal(only?.state, 'limited');
    assert.match(only?.detail ?? '', /one organization/);
    assert.ok(only?.detail.includes(what));
    assert.deepEqual(others, []);
  });

test('where memory is sampled one organization is served, and it is said what lets in more', () => {
  const found = find(seen({ 'Control groups': 'limited' }), 'Organizations');
  assert.equal(found.state, 'limited');
  assert.match(found.mend ?? '', /grid service.*GRID_ALLOW_UNISOLATED/);
});

test('a machine whose system calls are in no table is told so', () => {
  assert.match(
    find(seen({}, { arch: 'riscv64' }), 'System calls').detail,
    /not filtered on riscv64/,
  );
});
