import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from '../../lib/clock.ts';
import { closeDocker, openDocker } from '../../testing/docker.ts';
import { serve } from '../../testing/engine.ts';
import type { Subject } from '../../testing/engine.ts';
import { makeSpec } from '../../testing/instance.ts';
import { silentLog } from '../../testing/log.ts';
import { engineContract } from '../contract.ts';
import { entranceContract } from '../entrance-contract.ts';
import { createDockerEngine } from './docker-engine.ts';
import type { DockerEngine } from './docker-engine.ts';

after(closeDocker);

async function open(t: TestContext): Promise<(Subject & { engine: DockerEngine }) | undefined> {
  const docker = await openDocker(t);
  if (docker === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'grid-engine-'));
  const options = {
    directory,
    socketPath: docker.socketPath,
    allowedNetworks: [],
    builder: 'auto',
    allowSocket: false,
    clock: systemClock,
    log: silentLog,
  } as const;
  let engine = await createDockerEngine(options);
  t.after(async () => {
    const found = await engine.list(AbortSignal.timeout(30_000));
    for (const id of new Set(found.map(({ workloadId }) => workloadId)))
      await engine.remove(id, 0, AbortSignal.timeout(30_000));
    const all = { isKept: () => false, before: Number.POSITIVE_INFINITY };
    await engine.sweep(all, AbortSignal.timeout(30_000));
    engine.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    engine,
    isolated: true,
    givesAddressesOn: false,
    boundsProcesses: true,
    spec: (script, changes = {}) => makeSpec(directory, script, changes),
    serve,
    async reopen() {
      engine.close();
      engine = await createDockerEngine(options);
      return engine;
    },
    loseStarter: () => docker.restart(),
  };
}

engineContract('docker engine', open);
entranceContract('docker engine', open);
