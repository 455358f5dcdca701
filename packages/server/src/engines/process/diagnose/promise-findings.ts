import type { Finding } from '../../../lib/finding.ts';

/** What of the machine decides which promises the platform keeps (SECURITY.md). */
export type SeenMachine = {
  root: boolean;
  user: string;
  /** `process.arch`. */
  arch: string;
  /** Of each thing that is looked at, whether it is as the platform wants it. */
  states: ReadonlyMap<string, Finding['state']>;
};

/** Without one of them there are no sandboxes, or no networks of their own. */
const APART = ['bwrap', 'User namespaces', 'ip', 'nft', 'pasta', '/dev/net/tun'];
/** Those whose system calls the supervisor's table has. */
const FILTERED = ['x64', 'arm64'];

/** Which of what SECURITY.md promises this machine can keep. */
export function promiseFindings(seen: SeenMachine): Finding[] {
  const missing = APART.filter((what) => (seen.states.get(what) ?? 'ok') !== 'ok');
  if (missing.length > 0) return [notApart(missing)];
  return [apart(seen), systemCalls(seen), organizations(seen)];
}

const notApart = (missing: readonly string[]): Finding => ({
  what: 'Tenants',
  state: 'limited',
  detail: `are not kept apart without ${missing.join(', ')}: one organization is served, and its members trust each other`,
  mend: 'see above, and SECURITY.md',
});

const apart = ({ root, user }: SeenMachine): Finding => ({
  what: 'Tenants',
  state: 'ok',
  detail: `are kept apart: own files, processes, network and keyring, ${
    root
      ? 'and a user for each application'
      : `in user namespaces of ${user}; as root each application would be a user of its own`
  }`,
});

const systemCalls = ({ arch }: SeenMachine): Finding =>
  FILTERED.includes(arch)
    ? { what: 'System calls', state: 'ok', detail: 'of applications are filtered' }
    : {
        what: 'System calls',
        state: 'limited',
        detail: `of applications are not filtered on ${arch}: more of the kernel is open to them`,
      };

function organizations({ states }: SeenMachine): Finding {
  const what = 'Organizations';
  if ((states.get('Control groups') ?? 'ok') === 'ok')
    return { what, state: 'ok', detail: 'are served, as many as there are' };
  return {
    what,
    state: 'limited',
    detail: 'one is served, since nothing holds a tenant to their memory exactly',
    mend: 'run the platform as a service (grid service), or let several share it all the same: GRID_ALLOW_UNISOLATED=true',
  };
}
