import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { nodeNames, nodeVariables, startBarrier } from './node-variables.ts';

const network = { addresses: ['10.1.2.128', '10.1.2.129'], networkInterface: 'eth0' };
const node = { runId: 'run_1', attempt: 1, rank: 1, nodes: 2, gpus: 4, network };

test('a node knows which it is, where the others are, and the launcher needs no options', () => {
  const { MASTER_PORT, ...rest } = nodeVariables(node);
  assert.match(MASTER_PORT ?? '', /^2\d{4}$/);
  assert.deepEqual(rest, {
    CG_RUN_ID: 'run_1',
    CG_ATTEMPT: '1',
    CG_NODE_RANK: '1',
    CG_NNODES: '2',
    CG_GPUS_PER_NODE: '4',
    CG_CHECKPOINT_DIR: '/run/checkpoints',
    CG_NODE_NAMES: 'node-0\nnode-1',
    CG_NODE_IPS: '10.1.2.128\n10.1.2.129',
    CG_HOSTFILE: '/run/checkpoints/.nodes/1/hostfile',
    MASTER_ADDR: '10.1.2.128',
    NODE_RANK: '1',
    NNODES: '2',
    NPROC_PER_NODE: '4',
    PET_MASTER_ADDR: '10.1.2.128',
    PET_MASTER_PORT: MASTER_PORT,
    PET_NODE_RANK: '1',
    PET_NNODES: '2',
    PET_NPROC_PER_NODE: '4',
    NCCL_SOCKET_IFNAME: 'eth0',
    GLOO_SOCKET_IFNAME: 'eth0',
  });
  assert.deepEqual(nodeNames(network), { 'node-0': '10.1.2.128', 'node-1': '10.1.2.129' });
});

test('all nodes agree on where they meet, each attempt on another place, and it knows that it resumes', () => {
  const port = (change: object) => nodeVariables({ ...node, ...change })['MASTER_PORT'];
  assert.equal(port({ rank: 0 }), port({ rank: 1 }));
  assert.notEqual(port({ attempt: 2 }), port({}));
  assert.equal(nodeVariables({ ...node, attempt: 2 })['CG_RESUME'], '1');
});

test('a run of one node is told that it is one, and nothing of a network', () => {
  const variables = nodeVariables({ ...node, rank: 0, nodes: 1, network: undefined });
  assert.equal(variables['CG_NNODES'], '1');
  assert.equal(variables['MASTER_ADDR'], undefined);
});

/** One node at the barrier, in a folder that stands for what the run keeps. */
function arrive(folder: string, rank: number, tries: number) {
  const [program, ...args] = startBarrier().argv;
  const environment = { ...nodeVariables({ ...node, rank }), CG_CHECKPOINT_DIR: folder };
  const child = spawn(program, [...args.slice(0, -1), String(tries)], {
    env: {
      PATH: '/usr/bin:/bin',
      ...environment,
      CG_HOSTFILE: join(folder, '.nodes', '1', 'hostfile'),
    },
  });
  let said = '';
  child.stderr.on('data', (part) => (said += String(part)));
  return { ended: once(child, 'close').then(([code]) => ({ code: Number(code), said })) };
}

function openFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'grid-barrier-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('nobody begins before all have come, and then all know the others', async (t) => {
  const [folder, other] = [openFolder(t), openFolder(t)];
  const first = arrive(folder, 0, 200);
  const waiting = await Promise.race([first.ended, arrive(other, 0, 2).ended]);
  assert.equal(waiting.code, 1, 'the one without patience went first');
  assert.match(waiting.said, /Node 1 was not ready to begin in time/);
  const ends = await Promise.all([first.ended, arrive(folder, 1, 200).ended]);
  assert.deepEqual(
    ends.map(({ code }) => code),
    [0, 0],
  );
  assert.equal(
    readFileSync(join(folder, '.nodes', '1', 'hostfile'), 'utf8'),
    '10.1.2.128 slots=4\n10.1.2.129 slots=4\n',
  );
});
