import { runtimes } from '../builds/recipes/recipes.ts';
import type { RuntimeEntry } from '../builds/recipes/runtime-entry.ts';
import { runtimeNames, slugOf } from '../builds/runtime.ts';
import type { ApplicationKind, Runtime } from '../builds/runtime.ts';
import type { Row } from '../store/schema.ts';
import { missingFor } from '../workloads/choose-engine.ts';
import type { EngineChoice } from '../workloads/choose-engine.ts';

export type Application = Row<'applications'> & {
  /** Head of the deployment branch, or null before the first push. */
  headCommit: string | null;
};

/** A tile of the creation page: what an application is made of. */
export type Variant = Pick<
  RuntimeEntry,
  'type' | 'version' | 'deployType' | 'presets' | 'servesOn'
> & {
  slug: string;
  /** Fixed: clients keep it. */
  id: string;
  name: string;
  kind: ApplicationKind;
  runtime: Runtime;
};

function variant(runtime: Runtime, kind: ApplicationKind): Variant {
  const { title, ids, type, version, deployType, presets, servesOn } = runtimes[runtime];
  const name = `${title} ${kind === 'runner' ? 'Runner' : 'Webapp'}`;
  const tile = { slug: slugOf(runtime, kind), id: ids[kind], name, kind, runtime };
  return { ...tile, type, version, deployType, presets, servesOn };
}

/** The tiles, in their order: of each runtime what ends, and what serves. */
export const variants: readonly Variant[] = runtimeNames.flatMap((runtime) => [
  variant(runtime, 'runner'),
  variant(runtime, 'webapp'),
]);

/** By slug or id. */
export const findVariant = (slugOrId: string): Variant | undefined =>
  variants.find(({ slug, id }) => slug === slugOrId || id === slugOrId);

/** Whether the platform can run what is made from the tile. */
export const isOffered = ({ runtime }: Variant, choice: EngineChoice): boolean =>
  missingFor(choice, runtime) === undefined;

export const MOST_NODES = 40;
