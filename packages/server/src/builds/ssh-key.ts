import { z } from 'zod';
import type { Command } from '../workloads/engine.ts';
import type { CommitFiles, Failure, Variables } from './recipe.ts';
import { insideTree } from './values.ts';

/** Says which file of the repository is the key. */
export const SSH_FILE = 'clevercloud/ssh.json';

const Said = z.object({ privateKeyFile: z.string().trim().min(1) });

/** Other files that ssh has beside its keys. */
const TAKEN = ['config', 'known_hosts', 'authorized_keys'];

/** Puts a key for private dependencies where ssh and git find it; undefined where none is given. */
export function planSshKey(
  environment: Variables,
  files: CommitFiles,
): Command | Failure | undefined {
  const given = (environment['CC_SSH_PRIVATE_KEY']?.trim() ?? '') !== '';
  const name = environment['CC_SSH_PRIVATE_KEY_FILE']?.trim() || 'id_ed25519';
  if (!/^\w[\w.-]*$/.test(name) || TAKEN.includes(name))
    return {
      reason: 'invalid_variable',
      detail: `CC_SSH_PRIVATE_KEY_FILE=${name}: a plain file name is asked for, like id_ed25519.`,
    };
  if (given) return install('CC_SSH_PRIVATE_KEY', name, '');
  const file = files.get(SSH_FILE);
  if (file === undefined) return undefined;
  const said = parse(file.text ?? '');
  if (said === undefined)
    return {
      reason: 'invalid_file',
      detail: `${SSH_FILE}: {"privateKeyFile": "path of the key"} is asked for, as JSON.`,
    };
  const path = insideTree(`${SSH_FILE}: privateKeyFile`, said.privateKeyFile);
  return typeof path === 'string' ? install(SSH_FILE, name, path) : path;
}

function parse(text: string): z.infer<typeof Said> | undefined {
  try {
    return Said.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const install = (setting: string, name: string, path: string): Command => ({
  name: setting,
  argv: ['/bin/sh', '-c', INSTALL, 'ssh-key', setting, name, path],
});

/** Hosts that are met for the first time are trusted: nobody is there to be asked. */
const INSTALL = `umask 077
mkdir -p "$HOME/.ssh" && key=$HOME/.ssh/$2 || exit
if [ -n "$3" ]; then cat -- "$3" >"$key"; else printf '%s\\n' "$CC_SSH_PRIVATE_KEY" | tr -d '\\r' >"$key"; fi || exit
printf 'Host *\\n  IdentityFile "%s"\\n  IdentitiesOnly yes\\n  BatchMode yes\\n  StrictHostKeyChecking accept-new\\n  UserKnownHostsFile "%s"\\n' "$key" "$HOME/.ssh/known_hosts" >"$HOME/.ssh/config"
if command -v ssh-keygen >/dev/null && ! ssh-keygen -y -P '' -f "$key" >/dev/null 2>&1; then
  echo "$1 holds no private key that can be used: one without a passphrase is asked for, whole and with its line ends." >&2
  exit 1
fi
`;

/** Git finds the key also where ssh takes somebody else's home for its own: without a sandbox. */
export const SSH_VARIABLES: Variables = { GIT_SSH_COMMAND: 'ssh -F "$HOME/.ssh/config"' };

/** What must not be seen in what a build prints: a key is shown a line at a time. */
export const linesOfKey = (environment: Variables): string[] =>
  (environment['CC_SSH_PRIVATE_KEY'] ?? '').split(/\r?\n/).map((line) => line.trim());
