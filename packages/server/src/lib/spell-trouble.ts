/** A path of the machine's where a word may begin; addresses of hosts are none. */
const PATH = /(?<=^|[\s'"`(=])\/[^\s'"`(),;]+/g;

/** What a user is told of an error that nobody expected: what went wrong, and no path of the platform's own. */
export function spellTrouble(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { path, dest } = error as NodeJS.ErrnoException & { dest?: unknown };
  const named = [path, dest].filter((one) => typeof one === 'string' && one !== '') as string[];
  const said = named.reduce((text, one) => text.replaceAll(one, '…'), error.message);
  return said.replaceAll(PATH, '…');
}
