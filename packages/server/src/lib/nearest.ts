/** How a name is compared: letters and digits alone, so that `http-port` and `HTTP_PORT` are the same. */
const bare = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** How many letters have to be put in, left out, changed or swapped to make one word of the other. */
export function editDistance(from: string, to: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, length) => length);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const changed = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
          ? (before[j - 2] ?? 0) + 1
          : Infinity;
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, swapped));
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}

/** Which of the names was probably meant: one that begins with the word, or differs from it in a third of its letters at most. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const wanted = bare(word);
  const [best] = names
    .map((name) => ({ name, distance: distanceOf(wanted, bare(name)) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(bare(name).length / 3)))
    .toSorted((a, b) => a.distance - b.distance);
  return best?.name;
}

/** A word that was cut short is nearer than its missing letters say. */
const distanceOf = (wanted: string, name: string): number =>
  wanted.length > 3 && name.startsWith(wanted) ? 1 : editDistance(wanted, name);
