import type { Engine } from './engine.ts';
import type { Log } from '../lib/log.ts';
import { Unavailable } from '../lib/unavailable.ts';
import { observeInstances } from './observe-instance.ts';
import type { Observer } from './observe-instance.ts';

/** Records at once what the engine says has changed, until the signal; what is missed is found by comparing. */
export const watchEngine = (
  observer: Observer,
  engine: Engine,
  { log, signal }: { log: Log; signal: AbortSignal },
): void =>
  engine.watch((id) => {
    observeInstances(observer, { engine: engine.name, ids: [id] }, signal).catch(
      (error: unknown) => {
        if (!signal.aborted && !(error instanceof Unavailable))
          log.error({ err: error, instanceId: id }, 'an instance could not be observed');
      },
    );
  }, signal);
