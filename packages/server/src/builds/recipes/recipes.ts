import type { Log } from '../../lib/log.ts';
import type { DataPaths } from '../../paths.ts';
import type { Runtime } from '../build.ts';
import type { Recipe } from '../recipe.ts';
import { dockerRecipe } from './docker/docker-recipe.ts';
import { findBuildTools, shareMavenSettings } from './java/build-tools.ts';
import { javaRecipe } from './java/java-recipe.ts';
import { findJdks } from './java/jdks.ts';
import { bringInstaller } from './python/installer.ts';
import { findInterpreters, nameInterpreters } from './python/interpreters.ts';
import { pythonRecipe } from './python/python-recipe.ts';

export type Recipes = Readonly<Record<Runtime, Recipe>>;

type Machine = {
  paths: DataPaths;
  environment: Readonly<Record<string, string | undefined>>;
  log: Log;
  signal: AbortSignal;
  /** Whether applications may ask this machine's Docker engine for containers. */
  allowDockerSocket: boolean;
  /** Whether builds may have the credentials of this machine's mirrors and proxies. */
  shareCredentials: boolean;
};

/** The recipe of each runtime, with what this machine has for it. */
export async function openRecipes(machine: Machine): Promise<Recipes> {
  const [python, java] = await Promise.all([openPython(machine), openJava(machine)]);
  return { docker: dockerRecipe(machine), java, python };
}

async function openPython({ paths, ...machine }: Machine): Promise<Recipe> {
  const [interpreters, installer] = await Promise.all([
    findInterpreters().then((found) => nameInterpreters(found, paths.tools)),
    bringInstaller({ tools: paths.tools, ...machine }),
  ]);
  return pythonRecipe({ interpreters, installer });
}

async function openJava({ paths, environment, ...machine }: Machine): Promise<Recipe> {
  const [jdks, tools, settings] = await Promise.all([
    findJdks(environment),
    findBuildTools(environment),
    shareMavenSettings(paths.tools, machine),
  ]);
  const shared = settings === undefined ? {} : { mavenSettings: settings };
  return javaRecipe({ jdks, tools: { ...tools, ...shared } });
}
