import type { Authority } from '../certificates/certificate.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../lib/clock.ts';
import type { Keyring } from '../lib/encryption.ts';
import type { Log } from '../lib/log.ts';
import type { DataPaths } from '../paths.ts';
import type { RouterHandle } from '../routing/keep-router.ts';
import type { Inventory } from '../devices/inventory.ts';
import type { Pool } from '../scheduling/pool.ts';
import type { Database } from '../store/database.ts';
import type { OpenEngines } from './open-engines.ts';

/** What everything else is built from. */
export type Foundation = {
  config: Config;
  paths: DataPaths;
  clock: Clock;
  log: Log;
  database: Database;
  keyring: Keyring;
  engines: OpenEngines;
  router: RouterHandle;
  pool: Pool;
  inventory: Inventory;
  /** Whom clients are to trust; undefined where the certificate was brought. */
  authority: Authority | undefined;
};
