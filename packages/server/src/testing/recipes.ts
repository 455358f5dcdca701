import type { Recipe } from '../builds/recipe.ts';
import type { Recipes } from '../builds/recipes/recipes.ts';
import { runtimeNames } from '../builds/runtime.ts';
import type { Runtime } from '../builds/runtime.ts';

const unused: Recipe = {
  version: 'unused',
  variables: [],
  wants: () => [],
  plan: () => ({ reason: 'missing_program', detail: 'unused' }),
};

/** These, and of the other runtimes recipes that refuse whatever they are asked for. */
export const recipesWith = (recipes: Partial<Record<Runtime, Recipe>>): Recipes => ({
  ...(Object.fromEntries(runtimeNames.map((name) => [name, unused])) as Recipes),
  ...recipes,
});
