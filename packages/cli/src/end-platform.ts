import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { endEverything } from '@grid/server/roles/end-everything.ts';
import { Failure } from './fail.ts';
import { readControlState } from './platform.ts';

const ENDS_WITHIN = 30_000;

/** Ends the control plane and the router, with `apps` also everything that runs for it. */
export async function endPlatform(
  dataDirectory: string,
  { apps }: { apps: boolean },
): Promise<void> {
  const state = readControlState(dataDirectory);
  if (state !== undefined) {
    process.kill(state.pid, 'SIGTERM');
    const deadline = AbortSignal.timeout(ENDS_WITHIN);
    while (isRunning(state.pid)) {
      if (deadline.aborted)
        throw new Failure(`The control plane (process ${state.pid}) does not end.`);
      await wait(20);
    }
  }
  await endEverything(dataDirectory, { apps });
  process.stdout.write(
    apps ? 'Everything is ended.\n' : 'The platform is ended; applications go on.\n',
  );
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
