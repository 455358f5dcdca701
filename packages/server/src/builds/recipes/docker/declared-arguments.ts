/**
 * The build arguments that a Dockerfile declares (`ARG NAME`, `ARG NAME=value OTHER`), or undefined for
 * what is none. One that is found though it stands in a here-document only makes another key.
 */
export function declaredArguments(text: string): string[] | undefined {
  const lines = logicalLines(text);
  if (!lines.some((line) => /^FROM\s/i.test(line))) return undefined;
  const names = lines
    .map((line) => line.replace(/^ONBUILD\s+/i, ''))
    .filter((line) => /^ARG\s/i.test(line))
    .flatMap((line) => withoutValues(line).split(/\s+/).slice(1))
    .map((word) => word.replace(/=.*$/s, ''));
  return [...new Set(names)].filter((name) => /^[A-Za-z_]\w*$/.test(name)).toSorted();
}

/** What steps see of build arguments without any ARG. */
const PREDEFINED = ['HTTP', 'HTTPS', 'FTP', 'NO', 'ALL']
  .flatMap((name) => [`${name}_PROXY`, `${name.toLowerCase()}_proxy`])
  .concat('SOURCE_DATE_EPOCH');

/**
 * The variables that an image's build can see, by name; undefined where that may be any: where nobody knows yet
 * what the Dockerfile says, and where what it builds on has steps of its own (`ONBUILD ARG`).
 */
export function seenArguments(text: string): string[] | undefined {
  if (/^[ \t]*FROM\s.*onbuild/im.test(text)) return undefined;
  const declared = declaredArguments(text);
  return declared && [...new Set([...declared, ...PREDEFINED])];
}

/** Without comments, which also stand between the lines that continue one. */
function logicalLines(text: string): string[] {
  const escape = /^[ \t]*#[ \t]*escape[ \t]*=[ \t]*`/im.test(text) ? '`' : '\\';
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => (line.endsWith(escape) ? `${line.slice(0, -1)} ` : `${line}\n`))
    .join('')
    .split('\n');
}

/** Quoted values may have spaces; one that is not closed goes on to the end, so that no place is looked at twice. */
const withoutValues = (line: string): string =>
  line.replaceAll(/"(?:\\.?|[^"\\])*(?:"|$)|'[^']*(?:'|$)/gs, '');
