import { existsSync } from 'node:fs';
import { engines } from '../engines/engines.ts';
import { systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { dataPaths } from '../paths.ts';
import { endRouters } from '../routing/router-process.ts';
import type { Engine } from '../workloads/engine.ts';

const GRACE_SECONDS = 10;
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Ends what outlives the control plane: the router, and with `apps` every instance and the networks. */
export async function endEverything(
  dataDirectory: string,
  { apps }: { apps: boolean },
): Promise<void> {
  const paths = dataPaths(dataDirectory);
  const signal = AbortSignal.timeout(120_000);
  if (existsSync(paths.router)) await endRouters(paths.router, signal);
  if (!apps || !existsSync(paths.engine)) return;
  const opening = { directory: paths.engine, clock: systemClock, log: silent };
  // the one that every platform has goes last: it may hold the network that others are reached by
  for (const adapter of engines.toReversed()) {
    const opened = await adapter.reopen(opening);
    if (opened === undefined) continue;
    await endAll(opened.engine, signal);
    await opened.dissolve(signal);
    opened.close();
  }
}

async function endAll(engine: Engine, signal: AbortSignal): Promise<void> {
  const workloads = new Set((await engine.list(signal)).map(({ workloadId }) => workloadId));
  await Promise.all([...workloads].map((id) => engine.remove(id, GRACE_SECONDS, signal)));
}
