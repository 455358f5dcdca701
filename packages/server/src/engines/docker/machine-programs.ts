import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { pack } from 'tar-stream';
import { Readable } from 'node:stream';
import { STEPS_FOLDER } from './containers/run-steps.ts';

/** Who programs run as, inside and outside; files of an instance belong to it. */
export type User = { uid: number; gid: number };

/** A root's platform has a user of its own for containers; another's own user is the one that can read its files. */
export const containerUser = (): User => {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  return uid === 0 ? { uid: OWN_USER, gid: OWN_USER } : { uid, gid };
};

/** Above the ids of people and services, below those that they may give out (login.defs(5)). */
const OWN_USER = 70_000;

/** Of this machine's configuration, what its programs need: nothing that is anybody's secret. */
const ETC =
  'alternatives ca-certificates fonts java-11-openjdk java-17-openjdk java-21-openjdk ld.so.cache ld.so.conf ld.so.conf.d localtime magic mime.types pki protocols services ssl/certs ssl/openssl.cnf timezone'.split(
    ' ',
  );

export type Mount = { Type: 'bind'; Source: string; Target: string; ReadOnly: boolean };

export const bind = (source: string, target: string, readOnly: boolean): Mount => ({
  Type: 'bind',
  Source: source,
  Target: target,
  ReadOnly: readOnly,
});

/** This machine's programs, at their own places: what builds and runs Python and Java is the same on every engine. */
export function programMounts(): readonly Mount[] {
  const etc = ETC.map((name) => `/etc/${name}`).filter((path) => existsSync(path));
  const folders = besideUsr().filter(({ link }) => link === undefined);
  return ['/usr', ...folders.map(({ path }) => path), ...etc].map((path) => bind(path, path, true));
}

/** The names beside /usr that its programs are known by, as this machine has them: links, or folders. */
const besideUsr = (): { path: string; link: string | undefined }[] =>
  ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']
    .filter((path) => existsSync(path))
    .map((path) => ({
      path,
      link: lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined,
    }));

/** What login shells read: an instance's environment is complete, and they leave it as it is. */
const PROFILE = `
if [ -n "$PS1" ]; then PS1='$CC_APP_NAME/$INSTANCE_NUMBER:\\w\\$ '; fi
`;

type Entry = { name: string; own?: boolean; mode?: number } & (
  | { text: string }
  | { link: string }
  | object
);

/** What an instance finds beside the programs: an empty machine with a user. */
function entries({ uid, gid }: User): Entry[] {
  const passwd = `root:x:0:0:root:/:/usr/sbin/nologin\nbas:x:${uid}:${gid}:bas:/home/bas:/bin/bash\n`;
  const links = besideUsr().flatMap(({ path, link }) =>
    link === undefined ? [] : [{ name: path.slice(1), link }],
  );
  return [
    ...['etc', 'proc', 'sys', 'dev', 'run', 'usr', 'opt', 'mnt', 'var', 'home'].map((name) => ({
      name,
    })),
    ...links,
    { name: 'tmp', mode: 0o1777 },
    { name: 'var/tmp', mode: 0o1777 },
    { name: 'opt/env' },
    { name: 'home/bas', own: true },
    { name: STEPS_FOLDER.slice(1), own: true, mode: 0o700 },
    { name: 'etc/passwd', text: passwd },
    { name: 'etc/group', text: `root:x:0:\nbas:x:${gid}:\n` },
    {
      name: 'etc/nsswitch.conf',
      text: 'passwd: files\ngroup: files\nhosts: files dns\n',
    },
    { name: 'etc/profile', text: PROFILE },
    { name: 'etc/bash.bashrc', text: PROFILE },
  ];
}

/** The lowest layer, as an archive; equal ones have equal digests. */
export function baseLayer(user: User): { digest: string; archive(): Readable } {
  const all = entries(user);
  const digest = createHash('sha256')
    .update(JSON.stringify([user, all]))
    .digest('hex');
  return { digest: digest.slice(0, 16), archive: () => archive(all, user) };
}

function archive(all: readonly Entry[], user: User): Readable {
  const out = pack();
  for (const entry of all) {
    const owner = entry.own === true ? user : { uid: 0, gid: 0 };
    const header = { name: entry.name, ...owner, mtime: new Date(0) };
    if ('text' in entry) out.entry({ ...header, mode: entry.mode ?? 0o644 }, entry.text);
    else if ('link' in entry) out.entry({ ...header, type: 'symlink', linkname: entry.link });
    else out.entry({ ...header, type: 'directory', mode: entry.mode ?? 0o755 });
  }
  out.finalize();
  return Readable.from(out);
}
