import { existsSync } from 'node:fs';
import { createProcessEngine } from '../engines/process/process-engine.ts';
import type { Log } from '../lib/log.ts';
import { dataPaths } from '../paths.ts';
import { endRouters } from '../routing/router-process.ts';

const GRACE_SECONDS = 10;
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Ends what outlives the control plane: the router, and with `apps` every instance and the network. */
export async function endEverything(
  dataDirectory: string,
  { apps }: { apps: boolean },
): Promise<void> {
  const paths = dataPaths(dataDirectory);
  const signal = AbortSignal.timeout(120_000);
  if (existsSync(paths.router)) await endRouters(paths.router, signal);
  if (!apps || !existsSync(paths.engine)) return;
  const engine = await createProcessEngine({
    directory: paths.engine,
    isolation: 'auto',
    allowedNetworks: [],
    log: silent,
  });
  const workloads = new Set((await engine.list(signal)).map(({ workloadId }) => workloadId));
  await Promise.all([...workloads].map((id) => engine.remove(id, GRACE_SECONDS, signal)));
  await engine.destroy();
}
