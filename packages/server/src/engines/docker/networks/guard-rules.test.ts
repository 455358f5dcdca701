import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guardRules } from './guard-rules.ts';

const guarded = {
  table: 'clever_grid_docker_1',
  bridges: ['cg1234-aaaa', 'cg1234-bbbb'],
  buildBridge: 'docker0',
  resolvers: ['10.0.0.53'],
  allowed: ['10.1.0.0/16'],
};

const linesOf = (rules: string, chain: string): string[] => {
  const [, body = ''] = rules.split(`chain ${chain} {`);
  return (body.split('}\n  chain')[0] ?? '').split('\n').map((line) => line.trim());
};

test('owners are kept from the host, from what is private and from each other', () => {
  const rules = guardRules(guarded);
  const forward = linesOf(rules, 'forward');
  const private_ = forward.findIndex((line) => /169\.254\.0\.0\/16.*drop$/.test(line));
  const allowed = forward.findIndex((line) => /10\.1\.0\.0\/16.*accept$/.test(line));
  const within = forward.indexOf('iifname "cg1234-aaaa" oifname "cg1234-aaaa" accept');
  assert.ok(within > 0 && allowed > within && private_ > allowed, rules);
  assert.ok(forward.includes('oifname { "cg1234-aaaa", "cg1234-bbbb" } ct state new drop'));
  assert.ok(!forward.includes('iifname "docker0" oifname "docker0" accept'));
  const input = linesOf(rules, 'input');
  assert.match(input.join('\n'), /10\.0\.0\.53.*dport 53 accept\n.*"docker0" \} drop/);
});

test('where there is nothing to guard there is no table', () => {
  const rules = guardRules({ ...guarded, bridges: [], buildBridge: undefined });
  assert.equal(rules, 'table inet clever_grid_docker_1\ndelete table inet clever_grid_docker_1\n');
});
