import type { Bench } from '../figure.ts';
import { measureDecisions } from './decisions.ts';
import { measureGangs } from './gangs.ts';

/** The queue by itself, with the database that it has in production and nothing that starts. */
export const bench: Bench = async () => [...(await measureDecisions()), ...(await measureGangs())];
