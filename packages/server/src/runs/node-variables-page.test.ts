import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeVariables } from './node-variables.ts';

const page = join(import.meta.dirname, '../../../../docs/multi-node.md');

test('the page on several nodes lists the variables that they are told, all of them and no other', () => {
  const network = { addresses: ['10.1.2.128', '10.1.2.129'], networkInterface: 'eth0' };
  const told = nodeVariables({ runId: 'run_1', attempt: 2, rank: 0, nodes: 2, gpus: 0, network });
  const rows = readFileSync(page, 'utf8').matchAll(/^\| `([A-Z_]+)`/gm);
  const listed = Array.from(rows, ([, name]) => name);
  assert.deepEqual(new Set(listed), new Set(Object.keys(told)));
});
