import type { CommitFiles } from '../../recipe.ts';
import type { Interpreter } from './interpreters.ts';
import { versionWishes } from './version-wishes.ts';
import type { Wish } from './version-wishes.ts';

type Variables = Readonly<Record<string, string>>;

type Chosen = {
  interpreter: Interpreter;
  /** What decided, or that nothing that was asked for is there. */
  notices: readonly string[];
};

/** The interpreter that an application gets: by its variables, else by its files, else the newest. */
export function choosePython(
  { environment, files }: { environment: Variables; files: CommitFiles },
  interpreters: readonly Interpreter[],
): Chosen | undefined {
  const newestFirst = interpreters.toSorted(byVersion).toReversed();
  const [newest] = newestFirst;
  if (newest === undefined) return undefined;
  return (
    byVariable(environment, newestFirst) ??
    byFiles(files, newestFirst) ?? {
      interpreter: newest,
      notices: [using(newest)],
    }
  );
}

function byVariable(
  variables: Variables,
  newestFirst: readonly [Interpreter, ...Interpreter[]] | readonly Interpreter[],
): Chosen | undefined {
  const name = asksFor(variables, 'PYTHON_VERSION') === '' ? 'CC_PYTHON_VERSION' : 'PYTHON_VERSION';
  const asked = asksFor(variables, name);
  const [newest] = newestFirst;
  if (asked === '' || newest === undefined) return undefined;
  const found =
    asked === '3' ? newest : newestFirst.find(({ version }) => minorOf(version) === asked);
  if (found !== undefined) return { interpreter: found, notices: [using(found, name)] };
  const missing = `${name}=${asked} is not available here (${offered(newestFirst)}): using ${newest.version.join('.')}.`;
  return { interpreter: newest, notices: [missing, using(newest)] };
}

/** The strongest file that wishes for what is there; those before it are told of. */
function byFiles(files: CommitFiles, newestFirst: readonly Interpreter[]): Chosen | undefined {
  const { wishes, unread } = versionWishes(files);
  const passed = unread.map((line) => `${line}: it is not followed.`);
  for (const wish of wishes) {
    const interpreter = newestThatFits(wish, newestFirst);
    const { from, said } = wish;
    if (interpreter !== undefined)
      return { interpreter, notices: [...passed, `${using(interpreter, from)} (${said})`] };
    passed.push(
      `${from} asks for Python ${said}, which is not available here (${offered(newestFirst)}).`,
    );
  }
  const [newest] = newestFirst;
  return newest && { interpreter: newest, notices: [...passed, using(newest)] };
}

const newestThatFits = ({ fits, nearly }: Wish, newestFirst: readonly Interpreter[]) =>
  newestFirst.find(({ version }) => fits(version)) ??
  newestFirst.find(({ version }) => nearly(version));

const using = ({ version }: Interpreter, from?: string): string =>
  `Using Python ${version.join('.')}${from === undefined ? '' : `, as ${from} says`}`;

const minorOf = (version: Interpreter['version']): string => version.slice(0, 2).join('.');

const offered = (newestFirst: readonly Interpreter[]): string =>
  newestFirst
    .toReversed()
    .map(({ version }) => minorOf(version))
    .join(', ');

/** The value without the quotes that it may be in. */
const asksFor = (variables: Variables, name: string): string =>
  (variables[name] ?? '')
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')
    .trim();

const byVersion = ({ version: a }: Interpreter, { version: b }: Interpreter): number =>
  a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
