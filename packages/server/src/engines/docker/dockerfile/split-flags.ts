/** Whatever any engine takes for a space between words. */
export const SPACE = /[\s\u0085]/;

export const trimStart = (text: string): string => text.replace(/^[\s\u0085]+/, '');

const WORD = /(?:"(?:\\.|[^"\\])*(?:"|\\?$)|'(?:\\.|[^'\\])*(?:'|\\?$)|\\.|\\$|[^\s\u0085"'\\])+/sy;

/** The words at the beginning that start with `--`, quotes and escapes as they are, and what follows them. */
export function splitFlags(text: string): { flags: readonly string[]; rest: string } {
  const flags: string[] = [];
  let rest = trimStart(text);
  while (rest.startsWith('--')) {
    WORD.lastIndex = 0;
    const [flag = rest] = WORD.exec(rest) ?? [];
    flags.push(flag);
    rest = trimStart(rest.slice(flag.length));
  }
  return { flags, rest };
}

/** Whether quotes, escapes or odd characters in flags may hide that one of them names an image. */
export function mayHideSource(flags: readonly string[], rest: string): boolean {
  const isPlain = flags.every((flag) => /^[!#-&(-[\]-_a-~]*$/.test(flag));
  const bare = `${flags.join('')}${rest}`.replaceAll(/["'`\\\s\u0085]/g, '');
  return !isPlain && /from=/i.test(bare);
}

/** Gives each image or stage that a flag names (`--from=…`, `--mount=…,from=…`) another name. */
export function renameSource(flag: string, rename: (source: string) => string): string {
  const [, from, source] = /^(--from=)(.*)$/is.exec(flag) ?? [];
  if (from !== undefined && source !== undefined) return `--from=${rename(source)}`;
  if (!/^--mount=/i.test(flag)) return flag;
  const fields = flag.slice('--mount='.length).split(',');
  const renamed = fields.map((field) => {
    const [, value] = /^from=(.*)$/is.exec(field) ?? [];
    return value === undefined ? field : `from=${rename(value)}`;
  });
  return `--mount=${renamed.join(',')}`;
}
