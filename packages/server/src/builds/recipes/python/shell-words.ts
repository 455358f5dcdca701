/** Words as a POSIX shell has them, without its expansions; undefined where a quote is left open. */
export function shellWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  const parts =
    /\\(?<escaped>[^])|'(?<single>[^']*)'|"(?<double>(?:\\[^]|[^"\\])*)"|(?<space>\s+)|(?<open>['"\\])|(?<plain>[^\s'"\\]+)/gy;
  for (const { groups = {} } of text.matchAll(parts)) {
    const { escaped, single, double, space, open, plain } = groups;
    if (open !== undefined) return undefined;
    if (space === undefined)
      word = `${word ?? ''}${escaped ?? single ?? double?.replaceAll(/\\(["\\])/g, '$1') ?? plain ?? ''}`;
    else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}
