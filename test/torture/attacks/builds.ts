import { tmpdir } from 'node:os';
import {
  chmodSync,
  mkdtempSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { run } from '../../system/platform.ts';
import type { Files } from '../../system/platform.ts';
import type { Attack } from '../attack.ts';
import type { Scene } from '../scene.ts';
import { count, over } from '../tally.ts';

/** Writes a mark wherever it gets to, and who it is there. */
const LIBRARY = (mark: string): string => `
#include <fcntl.h>
#include <unistd.h>
__attribute__((constructor)) static void begin(void) {
  int fd = open("${mark}", O_CREAT | O_WRONLY, 0666);
  if (fd >= 0) { write(fd, "out", 3); close(fd); }
}
`;

const VARIABLES = ['LD_PRELOAD', 'LD_AUDIT'];

/** What a tenant's variables and links make programs of the platform do. */
export const builds: readonly Attack[] = [
  {
    name: 'build-preload',
    least: 30,
    lacks: () => (existsSync('/usr/bin/cc') ? undefined : 'cc (apt-get install gcc)'),
    async run({ platform, attacker }, tally, signal) {
      // nobody's but of this machine: inside a sandbox there is no such folder
      const folder = mkdtempSync(join(tmpdir(), 'grid-torture-'));
      chmodSync(folder, 0o777);
      const mark = join(folder, 'mark');
      const library = await compile(platform.home, mark);
      for (const variable of VARIABLES) {
        const env = {
          CC_MLPYTHON_RUN_MAIN: 'main.py',
          [variable]: '/mnt/app/evil.so',
          CC_PRE_BUILD_HOOK: 'true',
        };
        const files = { 'main.py': 'print(1)\n', 'evil.so': { text: library, mode: 0o755 } };
        await buildOnce({ platform, attacker }, { files, env }, signal);
        count(tally, 200, variable);
        if (existsSync(mark)) tally.wrong.add(`${variable}: code out of the sandbox`);
        rmSync(mark, { force: true });
      }
      rmSync(folder, { recursive: true });
    },
  },
  {
    name: 'build-links',
    least: 30,
    async run({ platform, attacker }, tally, signal) {
      const victim = join(platform.home, 'victim');
      mkdirSync(victim, { mode: 0o700 });
      writeFileSync(join(victim, 'canary'), 'sings', { mode: 0o600 });
      const hook = `cd .. && mv sub old && ln -s ${victim} sub`;
      const more = {
        APP_FOLDER: 'sub',
        CC_MLPYTHON_RUN_MAIN: 'x.json',
        CC_OVERRIDE_BUILDCACHE: 'keepme',
      };
      for (const [name, value] of [
        ['CC_POST_BUILD_HOOK', hook],
        ['CC_PRE_BUILD_HOOK', hook],
      ] as const) {
        const files = { 'sub/x.json': '{}', 'sub/keepme/a': 'a' };
        const said = await buildOnce(
          { platform, attacker },
          { files, env: { ...more, [name]: value } },
          signal,
        );
        count(tally, 200, name);
        if (said.includes('canary')) tally.wrong.add(`${name}: root's files are named in the log`);
        if (!readdirSync(victim).includes('canary'))
          tally.wrong.add(`${name}: root's files are deleted`);
      }
    },
  },
];

async function compile(home: string, mark: string): Promise<Buffer> {
  const [source, made] = [join(home, 'evil.c'), join(home, 'evil.so')];
  writeFileSync(source, LIBRARY(mark));
  await run('cc', ['-shared', '-fPIC', '-o', made, source]);
  return readFileSync(made);
}

/** Pushes, waits for the end or the time, and removes it; the log of the deployment. */
async function buildOnce(
  { attacker }: Pick<Scene, 'platform' | 'attacker'>,
  { files, env }: { files: Files; env: Record<string, string> },
  signal: AbortSignal,
): Promise<string> {
  const id = await attacker.push(files, { type: 'ml_python', env });
  const path = `/v2/organisations/${attacker.ownerId}/applications/${id}`;
  const ended = new AbortController();
  const late = over(signal).then(() => ended.abort());
  let said = '';
  while (!ended.signal.aborted) {
    const { json } = await attacker.ask('GET', `${path}/deployments`);
    const [last] = json as { state: string; detail?: string }[];
    said = JSON.stringify(last);
    if (last !== undefined && last.state !== 'WIP' && last.state !== 'QUEUED') break;
    await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  await attacker.ask('DELETE', path);
  return said;
}
