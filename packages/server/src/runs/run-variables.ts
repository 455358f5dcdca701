import type { Environments } from '../applications/environments.ts';
import type { Database } from '../store/database.ts';
import type { Run } from './run.ts';
import { selectSealed } from './run-store.ts';

/** What the run was given: variables of its own, or its deployment's. Throws where they are forgotten. */
export const openVariables = async (
  { database, environments }: { database: Database; environments: Pick<Environments, 'open'> },
  run: Pick<Run, 'id' | 'environment' | 'deploymentId'>,
): Promise<Readonly<Record<string, string>>> =>
  environments.open(await selectSealed(database.read, run));
