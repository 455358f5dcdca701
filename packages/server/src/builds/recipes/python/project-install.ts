import type { Reach } from '../../reach.ts';
import type { Dependencies, Failure, Given } from '../../recipe.ts';
import { REQUIREMENTS } from './choose-packages.ts';
import type { Chosen } from './choose-packages.ts';
import { forgetBuilt } from './built-packages.ts';
import { installCommand } from './install-command.ts';
import type { Order, Tools } from './install-command.ts';
import type { Installer } from './installer.ts';
import { LOCK_ABOVE } from './lock-install.ts';
import { ENVIRONMENT } from './requirements-install.ts';
import { DECIDED_BY, UV_SETTINGS, readVariables } from './settings.ts';

type Kind = Exclude<Chosen['by'], 'list' | 'lock'>;

/** What a project's own files ask for that are neither a list of pip's nor a lock of uv's. */
export function projectPackages(
  { path, by }: Chosen & { by: Kind },
  { environment, files }: Given,
  {
    pip,
    pipAlone = [],
    ...tools
  }: Tools & Pick<Order, 'pip' | 'pipAlone'> & { installer: Installer },
): Dependencies | Failure {
  const { uv, settings, readOnly } = tools.installer;
  const withPip = uv === undefined || pip !== undefined;
  if (by === 'pipenv' && withPip) return NO_PIPENV;
  const isDevelopment = environment['ENVIRONMENT']?.trim() === 'development';
  const isLocked = files.get('Pipfile.lock') !== undefined;
  const order = withPip ? FOLDER : orderOf(by, { isDevelopment, isLocked });
  const hasHook = (environment['CC_PRE_BUILD_HOOK']?.trim() ?? '') !== '';
  return {
    path,
    namedBy: undefined,
    install: installCommand(
      nameOf(by, order.words, withPip ? `pip ${pip ?? ''}`.trim() : undefined),
      tools,
      {
        ...order,
        path,
        pip,
        pipAlone,
        instead: hasHook ? REQUIREMENTS : '',
      },
    ),
    variables: settings,
    readOnly,
    forget: (seen) => forgetBuilt(uv, seen),
    provides: ENVIRONMENT,
    references: ({ bytes }) => ({
      files: [],
      reach: reachOf(bytes.toString('utf8'), { whole: order.kind === 'folder' }),
      variables: [],
    }),
    settings: [
      ...UV_SETTINGS,
      ...(order.kind === 'sync' ? [LOCK_ABOVE] : []),
      { name: 'Pipfile.lock', read: (text) => reachOf(text, { whole: false }) },
      // the hook's list is installed in place of the project, and may name anything
      ...(hasHook ? [{ name: REQUIREMENTS, read: () => 'unknown' as const }] : []),
    ],
    decidedBy: new RegExp(`${DECIDED_BY.source}|^PIPENV_`, 'i'),
    drawnIn: readVariables,
  };
}

const FOLDER: Pick<Order, 'kind' | 'words'> = { kind: 'folder' };

function orderOf(
  by: Kind,
  { isDevelopment, isLocked }: { isDevelopment: boolean; isLocked: boolean },
): Pick<Order, 'kind' | 'words'> {
  switch (by) {
    case 'project':
      return { kind: 'sync', words: ['--no-progress', ...(isDevelopment ? [] : ['--no-dev'])] };
    case 'metadata':
      return { kind: 'list' };
    case 'setup':
      return FOLDER;
    case 'pipenv':
      return {
        kind: 'pipenv',
        words: [isLocked ? 'sync' : 'install', ...(isDevelopment ? ['--dev'] : [])],
      };
    default:
      return by satisfies never;
  }
}

const NAMES: Readonly<Record<Kind, string>> = {
  project: 'uv sync',
  metadata: 'uv pip install -r pyproject.toml',
  setup: 'uv pip install -e .',
  pipenv: 'pipenv',
};

/** All of it that is not in the file: what is installed is known by this name, too. */
function nameOf(by: Kind, words: readonly string[] = [], pip: string | undefined): string {
  return [pip === undefined ? NAMES[by] : `${pip} install -e .`, ...words].join(' ');
}

/** How far the installation of a project reaches by such a file; `whole`: all of its folder is installed. */
function reachOf(text: string, { whole }: { whole: boolean }): Reach {
  if (!whole && isPlain(text)) return 'packages';
  return LEAVES.test(text) ? 'unknown' : 'tree';
}

/** What may name something outside the tree. */
const LEAVES = /\bfile:|["'](\/|~|\.\.)/;

/** Nothing of the tree is read for it but the file itself. */
const isPlain = (text: string): boolean =>
  !/build-system|dynamic|tool\W+(uv|poetry)|\b(path|file|editable)\b|setup\s*\(/.test(text);

const NO_PIPENV: Failure = {
  reason: 'missing_program',
  detail:
    'Pipfile needs pipenv, which uv brings: set no CC_PIP_VERSION, and where this machine could not install uv ask its operator. "pipenv requirements > requirements.txt" makes it a list that pip installs.',
};
