import type { Interpreter } from './interpreters.ts';

type Variables = Readonly<Record<string, string>>;

/** The interpreter that an application gets, and a warning where it is not the one it asked for. */
export function choosePython(
  variables: Variables,
  interpreters: readonly Interpreter[],
): { interpreter: Interpreter; warning: string | undefined } | undefined {
  const newest = interpreters.toSorted(byVersion).at(-1);
  if (newest === undefined) return undefined;
  const name = asksFor(variables, 'PYTHON_VERSION') === '' ? 'CC_PYTHON_VERSION' : 'PYTHON_VERSION';
  const asked = asksFor(variables, name);
  if (asked === '' || asked === '3') return { interpreter: newest, warning: undefined };
  const found = interpreters.find(({ version }) => version.slice(0, 2).join('.') === asked);
  if (found !== undefined) return { interpreter: found, warning: undefined };
  const offered = interpreters
    .toSorted(byVersion)
    .map(({ version }) => version.slice(0, 2).join('.'));
  return {
    interpreter: newest,
    warning: `${name}=${asked} is not available here (${offered.join(', ')}): using ${newest.version.join('.')}.`,
  };
}

/** The value without the quotes that it may be in. */
const asksFor = (variables: Variables, name: string): string =>
  (variables[name] ?? '')
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')
    .trim();

const byVersion = ({ version: a }: Interpreter, { version: b }: Interpreter): number =>
  a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
