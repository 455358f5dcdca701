import type { z } from 'zod';
import type { SettingName, settings } from './settings.ts';

/** How the platform is set up, by options, `GRID_*` variables and a file (`settings.ts`). Paths are absolute. */
export type Config = {
  readonly [Name in SettingName]: z.output<(typeof settings)[Name]['check']>;
} & {
  /** The environment that the platform was started in: the machine's own pip settings are in it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
};
