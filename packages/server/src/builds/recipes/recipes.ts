import type { Log } from '../../lib/log.ts';
import type { DataPaths } from '../../paths.ts';
import type { Runtime } from '../build.ts';
import type { Recipe } from '../recipe.ts';
import { bringInstaller } from './python/installer.ts';
import { findInterpreters, nameInterpreters } from './python/interpreters.ts';
import { pythonRecipe } from './python/python-recipe.ts';

export type Recipes = Readonly<Record<Runtime, Recipe>>;

type Machine = {
  paths: DataPaths;
  environment: Readonly<Record<string, string | undefined>>;
  log: Log;
  signal: AbortSignal;
};

/** The recipe of each runtime, with what this machine has for it. */
export async function openRecipes({ paths, ...machine }: Machine): Promise<Recipes> {
  const [interpreters, installer] = await Promise.all([
    findInterpreters().then((found) => nameInterpreters(found, paths.tools)),
    bringInstaller({ tools: paths.tools, ...machine }),
  ]);
  return { python: pythonRecipe({ interpreters, installer }) };
}
