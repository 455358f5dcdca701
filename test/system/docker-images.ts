import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import type { Pack } from 'tar-stream';
import type { Docker } from '../../packages/server/src/testing/docker.ts';
import { need } from '../../packages/server/src/testing/need.ts';

const PYTHON = '/usr/bin/python3';

/**
 * The image that our examples begin with, made of this machine's own Python: no registry can be reached
 * from where tests run. Beside it there are a shell and small programs.
 */
export async function importPython(
  { client }: Pick<Docker, 'client'>,
  image: string,
  t: TestContext,
): Promise<boolean> {
  if (!need(t, existsSync(PYTHON), `${PYTHON} (apt-get install python3)`)) return false;
  const archive = pack();
  fill(archive);
  archive.finalize();
  const [repo, tag] = image.split(':');
  const changes = 'CMD ["python3"]\nENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8';
  const query = { fromSrc: '-', repo, tag, changes };
  const body = Readable.from(archive);
  const call = { method: 'POST', path: '/images/create', query, body } as const;
  const said = await text(await client.open(call, t.signal));
  if (/"error"/.test(said)) throw new Error(said);
  return true;
}

const PROGRAMS =
  'bash sh cat chmod cp cut date dd env expr false getent grep head id ls mkdir mv rm sed sleep sort stat tail tee tr true uname wc whoami'
    .split(' ')
    .map((name) => `/usr/bin/${name}`)
    .filter((path) => existsSync(path));

function fill(archive: Pack): void {
  for (const [name, linkname] of Object.entries(linksOf()))
    archive.entry({ name, type: 'symlink', linkname });
  for (const name of ['root', 'tmp', 'var/tmp', 'etc'])
    archive.entry({ name, type: 'directory', mode: name.endsWith('tmp') ? 0o1777 : 0o755 });
  archive.entry({ name: 'etc/passwd' }, 'root:x:0:0:root:/root:/bin/bash\n');
  archive.entry({ name: 'etc/group' }, 'root:x:0:\n');
  for (const path of filesOf())
    archive.entry({ name: path.slice(1), mode: statSync(path).mode & 0o777 }, readFileSync(path));
}

const linksOf = (): Record<string, string> => ({
  ...Object.fromEntries(['bin', 'sbin', 'lib', 'lib64'].map((name) => [name, `usr/${name}`])),
  'usr/local/bin/python': PYTHON,
  'usr/local/bin/python3': PYTHON,
});

/** Programs, Python's own library, and what they are linked with; no links, but what these lead to. */
function filesOf(): Set<string> {
  const library = pythonLibrary();
  const linked = [...PROGRAMS, PYTHON, ...library.filter((path) => path.endsWith('.so'))];
  const said = execFileSync('ldd', linked, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const libraries = [...said.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, path = '']) => path);
  const all = [...PROGRAMS, PYTHON, ...library, ...libraries];
  return new Set(all.map((path) => path.replace(/^\/(bin|sbin|lib|lib64)\//, '/usr/$1/')));
}

function pythonLibrary(): string[] {
  const asked = ['-c', 'import sysconfig; print(sysconfig.get_path("stdlib"))'];
  const folder = execFileSync(PYTHON, asked, { encoding: 'utf8' }).trim();
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return entries
    .filter((name) => !LEFT_OUT.test(name))
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path) && statSync(path).isFile());
}

const LEFT_OUT = /^(config-.*|test|idlelib|tkinter|ensurepip|lib2to3|pydoc_data)\/|\.a$/;
