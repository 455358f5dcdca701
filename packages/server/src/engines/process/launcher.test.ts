import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { newId } from '../../lib/ids.ts';
import { silentLog } from '../../testing/log.ts';
import type { InstanceSpec } from '../engine.ts';
import { createProcessEngine } from './process-engine.ts';
import { launcherSocket } from './start-launcher.ts';

const specIn = (directory: string): InstanceSpec => ({
  instanceId: newId('instance'),
  workloadId: newId('workload'),
  ownerId: newId('organization'),
  applicationId: newId('application'),
  number: 0,
  attempt: 1,
  files: {
    application: { source: join(directory, 'app'), mountedAt: '/home/bas/app', access: 'writable' },
    environment: undefined,
    cache: undefined,
    readOnly: [],
  },
  workingDirectory: '/home/bas/app',
  environment: { PATH: '/usr/bin:/bin' },
  before: [],
  command: { name: 'true', argv: ['true'] },
  after: {},
  limits: { cpus: 1, memoryMiB: 256, diskMiB: 64 },
  devices: [],
  port: undefined,
  logDirectory: join(directory, 'log'),
  logBudgetMiB: 32,
  masked: [],
});

/** Says what is to be started and is gone before it is answered, as somebody who is killed. */
function askAndLeave(path: string, message: object): Promise<void> {
  const body = Buffer.from(JSON.stringify(message));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return new Promise((resolve, reject) => {
    const socket = connect({ path }, () => {
      socket.write(Buffer.concat([length, body]), () => socket.destroy());
    });
    socket.on('close', () => resolve());
    socket.on('error', reject);
  });
}

test('an instance runs to its end although whoever asked for it was killed before the answer', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'grid-launcher-'));
  mkdirSync(join(directory, 'app'));
  const options = { directory, isolation: 'none', allowedNetworks: [], log: silentLog } as const;
  const engine = await createProcessEngine(options);
  t.after(async () => {
    await engine.destroy();
    rmSync(directory, { recursive: true, force: true });
  });
  const spec = specIn(directory);
  await askAndLeave(launcherSocket(directory), { do: 'start', spec });
  for (;;) {
    t.signal.throwIfAborted();
    const [seen] = await engine.list(t.signal);
    if (seen?.state.status !== 'exited') continue;
    assert.equal(seen.state.exit.reason, 'exited', JSON.stringify(seen.state.exit));
    assert.equal(seen.state.exit.exitCode, 0);
    return;
  }
});
