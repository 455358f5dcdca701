import { oneOf } from '../../lib/setting.ts';
import type { Settings, ValuesOf } from '../../lib/setting.ts';

/** What can be set of this engine alone. */
export const processSettings = {
  isolation: {
    check: oneOf(['auto', 'none']).default('auto'),
    takes: '<kind>',
    means: '`none` runs applications without a sandbox although there could be one',
  },
} as const satisfies Settings;

export type ProcessSettings = ValuesOf<typeof processSettings> & {
  /** Private networks (CIDR) that instances may reach all the same. */
  allowedNetworks: readonly string[];
};
