import type { Inventory } from '../devices/inventory.ts';

/** A machine without devices. */
export const noDevices: Inventory = {
  devices: () => [],
  silent: () => undefined,
  refresh: async () => undefined,
  note: () => undefined,
  source: {
    list: async () => [],
    holders: async () => new Map(),
    measure: async () => [],
  },
};
