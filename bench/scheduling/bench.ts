import type { Bench } from '../figure.ts';
import { measureCycles } from './cycles.ts';
import { measureDecisions } from './decisions.ts';
import { measureGangs } from './gangs.ts';

/**
 * The queue by itself, with the database that it has in production and nothing that starts; then runs that
 * do start, beside Slurm (Debian's slurmctld, slurmd, slurm-client and munge).
 */
export const bench: Bench = async () => [
  ...(await measureDecisions()),
  ...(await measureGangs()),
  ...(await measureCycles()),
];
