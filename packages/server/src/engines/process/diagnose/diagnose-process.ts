import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Finding } from '../../../lib/finding.ts';
import type { SeenMachine } from '../../adapter.ts';
import { promiseFindings } from './promise-findings.ts';

const run = promisify(execFile);

const UNISOLATED = 'applications are not isolated, so only one organization is served';

/** What sandboxes are made with, and which promises can be kept with what there is of it. */
export async function diagnoseProcess({
  root,
  user,
  findProgram,
}: SeenMachine): Promise<Finding[]> {
  const without = (mend: string) => ({ need: 'limited', cost: UNISOLATED, mend }) as const;
  const found = await Promise.all([
    findProgram('bwrap', ['--version'], without('apt-get install bubblewrap')),
    userNamespaces(root),
    findProgram('ip', ['-V'], without('apt-get install iproute2')),
    findProgram('nft', ['--version'], without('apt-get install nftables')),
    ...(root
      ? []
      : [findProgram('pasta', ['--version'], without('apt-get install passt')), tunnel()]),
    controlGroups(),
  ]);
  const states = new Map(found.map(({ what, state }) => [what, state]));
  return [...found, ...promiseFindings({ root, user, arch: process.arch, states })];
}

async function userNamespaces(root: boolean): Promise<Finding> {
  const what = 'User namespaces';
  const args = [
    '--unshare-user',
    '--unshare-pid',
    '--ro-bind',
    '/',
    '/',
    '--proc',
    '/proc',
    'true',
  ];
  try {
    await run('bwrap', args, root ? { uid: 65_534, cwd: '/' } : {});
    return { what, state: 'ok', detail: 'can be made' };
  } catch {
    return {
      what,
      state: 'limited',
      detail: `are refused: ${UNISOLATED}`,
      mend: 'sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0',
    };
  }
}

async function tunnel(): Promise<Finding> {
  const what = '/dev/net/tun';
  try {
    accessSync(what, constants.R_OK | constants.W_OK);
    return { what, state: 'ok', detail: 'can be opened' };
  } catch {
    return {
      what,
      state: 'limited',
      detail: `cannot be opened: ${UNISOLATED}`,
      mend: 'sudo chmod 0666 /dev/net/tun',
    };
  }
}

async function controlGroups(): Promise<Finding> {
  const what = 'Control groups';
  const roots = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'];
  const writable = roots.some((path) => {
    try {
      accessSync(path, constants.W_OK);
      return existsSync(`${path}/cgroup.procs`);
    } catch {
      return false;
    }
  });
  return writable
    ? { what, state: 'ok', detail: 'can be written: memory limits are exact' }
    : {
        what,
        state: 'limited',
        detail: 'cannot be written: memory limits are sampled, so one organization is served',
        mend: 'run the platform as a service: grid service',
      };
}
