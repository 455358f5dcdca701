import type { Source } from './log.ts';

/** The sources of a subject that are known, in the order they came; `growing` are the ids of those that may still grow. */
export type KnownSources = {
  all: readonly Source[];
  ids: ReadonlySet<string>;
  growing: ReadonlySet<string>;
};

export const know = (all: readonly Source[]): KnownSources => ({
  all,
  ids: new Set(all.map(({ id }) => id)),
  growing: new Set(all.filter(({ over }) => over !== true).map(({ id }) => id)),
});

/**
 * What is known after a look that found these: all that may still grow, and what ended since the last one.
 * The same object where it brought nothing new.
 */
export function learn(known: KnownSources, found: readonly Source[]): KnownSources {
  const growing = new Set(found.filter(({ over }) => over !== true).map(({ id }) => id));
  const ended = new Set([...known.growing].filter((id) => !growing.has(id)));
  const added = found.filter(({ id }) => !known.ids.has(id));
  if (ended.size === 0 && added.length === 0) return known;
  const former = known.all.map((one) => (ended.has(one.id) ? { ...one, over: true } : one));
  return know([...former, ...added]);
}
