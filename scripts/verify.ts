import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';

/** Runs every test. What this machine lacks is named first; `GRID_TESTS=all` makes that a failure. */
const root = join(import.meta.dirname, '..');
const all = process.env['GRID_TESTS'] === 'all';
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

const onPath = (name: string): boolean =>
  ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((folder) =>
    existsSync(join(folder, name)),
  );

const canOpen = (path: string): boolean => {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

const wanted: readonly [name: string, there: boolean, mend: string][] = [
  ['git', onPath('git'), 'apt-get install git'],
  ['git-lfs', onPath('git-lfs'), 'apt-get install git-lfs'],
  ['ssh', onPath('ssh') && onPath('ssh-keygen'), 'apt-get install openssh-client'],
  ['bubblewrap', onPath('bwrap'), 'apt-get install bubblewrap'],
  ['ip and nft', onPath('ip') && onPath('nft'), 'apt-get install iproute2 nftables'],
  ['pasta', onPath('pasta'), 'apt-get install passt'],
  ['/dev/net/tun', canOpen('/dev/net/tun'), 'chmod 0666 /dev/net/tun'],
  ['curl and openssl', onPath('curl') && onPath('openssl'), 'apt-get install curl openssl'],
  ['Chromium', onPath('chromium'), 'apt-get install chromium'],
  ['script', onPath('script'), 'apt-get install bsdutils'],
  ['PostgreSQL', existsSync('/usr/lib/postgresql'), 'apt-get install postgresql'],
];

const missing = wanted.filter(([, there]) => !there);
for (const [name, , mend] of missing)
  say(`This machine lacks ${name}: ${all ? 'its tests fail' : 'its tests are skipped'} (${mend})`);

/**
 * The tests of a package stand beside its files; those of the whole product in test/system. Most of their time they
 * wait, which is why more files are tried at once than there are processors.
 */
const args = [
  '--disable-warning=ExperimentalWarning',
  '--test',
  '--test-concurrency=3',
  '--test-timeout=300000',
  'packages/*/src/**/*.test.ts',
  'test/system/*.test.ts',
];
/** Hundreds of files load the same modules: what was compiled of them is kept, where nobody else can write. */
const env = {
  NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compiled'),
  ...process.env,
};
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env });
process.exit(status ?? 1);
