import type { Recipe } from '../recipe.ts';
import type { Runtime } from '../runtime.ts';
import { dockerRuntime } from './docker/docker-runtime.ts';
import { javaRuntime } from './java/java-runtime.ts';
import { pythonRuntime } from './python/python-runtime.ts';
import type { BuildMachine, RuntimeEntry } from './runtime-entry.ts';

/** What the platform knows of each runtime: tiles, variables, pages and what `grid doctor` says follow. */
export const runtimes: Readonly<Record<Runtime, RuntimeEntry>> = {
  docker: dockerRuntime,
  python: pythonRuntime,
  java: javaRuntime,
};

export type Recipes = Readonly<Record<Runtime, Recipe>>;

/** The recipe of each runtime, with what this machine has for it. */
export async function openRecipes(machine: BuildMachine): Promise<Recipes> {
  const opened = Object.entries(runtimes).map(
    async ([name, runtime]) => [name, await runtime.open(machine)] as const,
  );
  return Object.fromEntries(await Promise.all(opened)) as Recipes;
}
