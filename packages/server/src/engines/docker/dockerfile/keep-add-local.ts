/**
 * The sources and the target of an ADD, so that each source is a file of the application, whatever its variables
 * say; undefined where one is an address. An engine fetches those itself, from the machine's own network, where
 * everything is that no build may reach.
 */
export function keepAddLocal(text: string): string | undefined {
  const list = asJson(text);
  const words = list ?? text.split(/[\s\u0085]+/).filter((word) => word !== '');
  const sources = words.slice(0, -1);
  if (sources.some(isAddress)) return undefined;
  const kept = [...sources.map(asPath), ...words.slice(-1)];
  return list === undefined ? kept.join(' ') : JSON.stringify(kept);
}

function asJson(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((word) => typeof word === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Without the signs that an engine takes away before it looks. */
const isAddress = (source: string): boolean => {
  const bare = source.replaceAll(/["'`\\]/g, '');
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(bare) || /^[\w.-]+@[\w.-]+:/.test(bare);
};

const isHereDocument = (source: string): boolean => /^\d*<</.test(source);

/** A path that begins so is no address, whatever follows: sources are relative to the context anyway. */
const asPath = (source: string): string =>
  isHereDocument(source) || (/^[\w./*?-]+$/.test(source) && !source.startsWith('github.com/'))
    ? source
    : `./${source}`;
