import { Client, Pool } from 'undici';
import type { Dispatcher } from 'undici';

/** What a request goes over, and what is to be done when it is over. */
export type Connection = { pool: Dispatcher; leave(): void };

export type Connections = {
  take(): Connection;
  /** They end once what is under way is over. */
  close(): void;
};

type Options = Pick<Pool.Options, 'socketPath' | 'keepAliveTimeout'> & {
  /** So many are kept and used again. */
  kept: number;
};

/**
 * Connections to one place. Whoever comes while all that are kept are held has one of their own: bodies and
 * answers may be held for as long as somebody likes, and nobody waits for that.
 */
export function createConnections(origin: string, { kept, ...options }: Options): Connections {
  const pool = new Pool(origin, { ...options, connections: kept });
  let held = 0;
  const leavePool = (): void => void (held -= 1);
  return {
    take() {
      if (held >= kept) {
        const own = new Client(origin, options);
        return { pool: own, leave: () => void own.close().catch(() => undefined) };
      }
      held += 1;
      return { pool, leave: leavePool };
    },
    close: () => void pool.close().catch(() => undefined),
  };
}
