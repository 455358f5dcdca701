import type { ValuesOf } from './lib/setting.ts';
import type { settings } from './settings.ts';

/** How the platform is set up, by options, `GRID_*` variables and a file (`settings.ts`). Paths are absolute. */
export type Config = ValuesOf<typeof settings> & {
  /** The environment that the platform was started in: the machine's own pip settings are in it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
};
