import { createBuilder } from '../builds/advance-build.ts';
import type { Builder } from '../builds/build.ts';
import { findDependencies, findMadeFrom } from '../builds/artifact-store.ts';
import { openRecipes } from '../builds/recipes/recipes.ts';
import type { DeploymentDeps } from '../deployments/look.ts';
import { createCommitReader } from '../git/read-commit.ts';
import { checkout } from '../git/repository.ts';
import type { Foundation } from './foundation.ts';

/** The builder, once it is known what this machine has; asked for at the first build. */
export function openBuilder(
  { config, paths, log, database, clock }: Foundation,
  say: DeploymentDeps['say'],
  stopping: AbortSignal,
): Builder {
  let opened: Promise<Builder> | undefined;
  const open = async (): Promise<Builder> => {
    const recipes = await openRecipes({
      paths,
      environment: config.environment,
      log,
      signal: stopping,
      allowDockerSocket: config.allowDockerSocket,
      shareCredentials: config.shareMirrorCredentials,
    });
    return createBuilder({
      paths,
      recipes,
      checkout: (from, signal) => checkout(paths, from, signal),
      readCommit: createCommitReader(paths),
      findMadeFrom: (id, key) => findMadeFrom(database.read, id, key),
      findDependencies: (key) => findDependencies(database.read, key),
      clock,
      say: ({ deploymentId, applicationId }, line) =>
        say(
          {
            id: deploymentId,
            applicationId,
          },
          line,
        ),
    });
  };
  const builder = (): Promise<Builder> => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  void builder().catch((error: unknown) =>
    log.warn({ err: error }, 'the builder is not ready yet'),
  );
  return {
    advance: async (input, done, signal) => (await builder()).advance(input, done, signal),
    describe: async (input, number) => (await builder()).describe(input, number),
    discard: async (id) => (await builder()).discard(id),
  };
}
