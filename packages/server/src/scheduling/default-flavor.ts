import { findFlavor } from './flavor.ts';
import { everFits } from './never-fits.ts';
import { demandOf, capacityOf } from './pool.ts';
import type { Pool, PooledDevice } from './pool.ts';

/** What an application gets that names no size: one GPU where the platform has some that it could hold. */
export function chooseDefaultFlavor({
  pool,
  devices,
}: {
  pool: Pool;
  devices: readonly PooledDevice[];
}): string {
  const capacity = capacityOf(pool, devices);
  const withGpu = ['ML_S', 'ML_XS'].find((name) => {
    const flavor = findFlavor(name);
    return flavor !== undefined && everFits(capacity, demandOf(flavor, 1, pool));
  });
  return withGpu ?? 'XS';
}
