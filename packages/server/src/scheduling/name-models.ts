import { hasWords, wordsOf } from '../devices/flavor-devices.ts';

/** What sizes of a model are called after, and the words that mean it. */
export type NamedModel = { called: string; words: string };

/** Makers, and the memory, the socket and the shape of a model, of which a machine seldom has several. */
const BESIDE =
  /^(nvidia|tesla|quadro|geforce|generation|laptop|gpu|\d+gb|sxm\d*|pcie|hbm\d*e?|nvl)$/i;

/** As long as leaves room for the number before it in the name of a size. */
const LONGEST = 26;

/**
 * Each model by the fewest words that mean it and no other of these: `H100` of `NVIDIA H100 80GB HBM3`, and `H100 80GB`
 * where there is an `NVIDIA H100 PCIe`, too. A model without words has no name.
 */
export function nameModels(models: readonly string[]): Map<string, NamedModel> {
  const named = new Map<string, NamedModel>();
  const taken = new Set<string>();
  for (const model of models) {
    const others = models.filter((other) => wordsOf(other) !== wordsOf(model));
    const phrases = phrasesOf(model);
    const phrase =
      phrases.find(({ words }) => !others.some((other) => hasWords(other, words))) ??
      phrases.at(-1);
    if (phrase === undefined) continue;
    const called = untaken(phrase.parts, taken);
    taken.add(called.toLowerCase());
    named.set(model, { called, words: phrase.words });
  }
  return named;
}

type Phrase = { words: string; parts: readonly string[] };

/** What may mean it, the shortest first: words of the model that stand together. */
function phrasesOf(model: string): Phrase[] {
  const words = [...model.matchAll(/[A-Za-z0-9.]+/g)].filter(([word]) => /[A-Za-z0-9]/.test(word));
  const first = Math.max(
    0,
    words.findIndex(([word]) => !BESIDE.test(word)),
  );
  const next = words.findIndex(([word], index) => index > first && BESIDE.test(word));
  const end = next === -1 ? words.length : next;
  const short = words.slice(first, end).map(([word]) => word);
  const phrase = (from: number, to: number): Phrase[] => {
    const [begin, last] = [words[from], words[to - 1]];
    if (begin === undefined || last === undefined) return [];
    const parts = [short.join(''), ...words.slice(end, to).map(([word]) => word)];
    return [{ words: model.slice(begin.index, last.index + last[0].length), parts }];
  };
  const longer = words.slice(end).flatMap((_, index) => phrase(first, end + index + 1));
  return [...phrase(first, end), ...longer, ...phrase(0, words.length)];
}

/** The parts as far as there is room for them, with a number where others are called so. */
function untaken(parts: readonly string[], taken: ReadonlySet<string>): string {
  const numbered = (count: number): string => {
    const suffix = count === 1 ? '' : `-${count}`;
    const room = LONGEST - suffix.length;
    const kept = parts.filter((_, index) => parts.slice(0, index + 1).join('-').length <= room);
    return (kept.length === 0 ? (parts[0] ?? '').slice(0, room) : kept.join('-')) + suffix;
  };
  let count = 1;
  while (taken.has(numbered(count).toLowerCase())) count += 1;
  return numbered(count);
}
