import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { run } from '../../system/platform.ts';
import type { Attack } from '../attack.ts';
import { ask, hold, statusIn } from '../raw.ts';
import type { Scene } from '../scene.ts';
import { count, over, pour } from '../tally.ts';
import type { Tally } from '../tally.ts';

const zeros = '0'.repeat(40);

/** What git gets that is none, or too much of it. */
export const git: readonly Attack[] = [
  {
    name: 'garbage-pushes',
    run({ platform, attacker }, tally, signal) {
      const { basic: authorization, webapp } = attacker;
      const bodies = [randomBytes(2_000), gzipSync(randomBytes(100)).subarray(0, 40)];
      const more = [Buffer.from('ffff'), Buffer.from(`0094${zeros} ${'1'.repeat(40)} refs/x`)];
      const settings = { 'content-type': 'application/json', authorization: attacker.bearer };
      const write = {
        method: 'PUT',
        path: `/v2/organisations/${attacker.ownerId}/applications/${webapp}/env/NAME`,
        headers: settings,
        body: '{"value":"1"}',
      };
      return pour({ times: 240, atOnce: 12, signal }, async (index) => {
        if (index % 5 === 0)
          return count(tally, await ask(platform.port(), write, signal), 'a variable');
        const service = index % 3 === 0 ? 'git-upload-pack' : 'git-receive-pack';
        const zipped = index % 2 === 0 && { 'content-encoding': 'gzip' };
        const type = { 'content-type': `application/x-${service}-request` };
        const headers = { authorization, ...type, ...zipped };
        const body = [...bodies, ...more][index % 4] ?? '';
        const path = `/git/${webapp}.git/${service}`;
        const asked = { method: 'POST', path, headers, body };
        return count(tally, await ask(platform.port(), asked, signal), 'a garbage push');
      });
    },
  },
  {
    name: 'inflating-fetches',
    run({ platform, attacker }, tally, signal) {
      const { basic: authorization, webapp } = attacker;
      const body = gzipSync(Buffer.alloc(64 * 1024 ** 2, '0000'));
      const path = `/git/${webapp}.git/git-upload-pack`;
      const headers = { authorization, 'content-encoding': 'gzip' };
      return pour({ times: 20, atOnce: 4, signal }, async () => {
        const asked = { method: 'POST', path, headers, body };
        count(tally, await ask(platform.port(), asked, signal), 'an inflating fetch');
      });
    },
  },
  {
    name: 'unfinished-pushes',
    async run({ platform, attacker }, tally, signal) {
      const path = `/git/${attacker.webapp}.git/git-receive-pack`;
      const text = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${attacker.basic}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0094\r\n`;
      const heads = await hold(platform.port(), { times: 70, text, signal });
      for (const head of heads) count(tally, statusIn(head), 'an unfinished push');
    },
  },
  {
    name: 'bomb-of-blobs',
    least: 20,
    run: (scene, tally, signal) => pushBomb(scene, tally, { signal, ...blobs }),
  },
  {
    name: 'bomb-of-trees',
    least: 20,
    run: (scene, tally, signal) => pushBomb(scene, tally, { signal, ...trees }),
  },
];

/** A tree of so many names of the one below it, so often, over one blob of zeros. */
type Bomb = { megabytes: number; names: number; levels: number };

/** 12 GiB out of a quarter of a megabyte. */
const blobs: Bomb = { megabytes: 256, names: 48, levels: 1 };
/** A million files out of three trees. */
const trees: Bomb = { megabytes: 0, names: 100, levels: 3 };

async function pushBomb(
  scene: Scene,
  tally: Tally,
  { signal, ...bomb }: Bomb & { signal: AbortSignal },
): Promise<void> {
  const { platform, attacker } = scene;
  const path = `/v2/organisations/${attacker.ownerId}/applications`;
  const env = { CC_MLPYTHON_RUN_MAIN: 'main.py' };
  const id = await attacker.push({ 'main.py': 'print(1)\n' }, { type: 'ml_python', env });
  const commit = await makeBomb(platform.home, bomb);
  const [, pair] = attacker.bearer.split(' ');
  const url = `http://${pair?.replace('.', ':')}@127.0.0.1:${platform.port()}/git/${id}.git`;
  const args = ['push', '--force', url, `${commit}:master`];
  const pushed = await promisify(execFile)('git', args, {
    cwd: bombFolder(platform.home),
    signal,
  }).then(
    () => 200,
    () => 400,
  );
  count(tally, pushed, 'a bomb');
  await over(signal);
  const { json } = await attacker.ask('GET', `${path}/${id}/deployments`);
  const [last] = json as { state: string; detail?: string }[];
  tally.notes.add(`deployment ${last?.state}: ${last?.detail ?? ''}`.slice(0, 160));
  await attacker.ask('DELETE', `${path}/${id}/deployments/2/instances`);
  await attacker.ask('DELETE', `${path}/${id}`);
}

const bombFolder = (home: string): string => join(home, 'bomb');

/** The commit of the bomb, in a bare repository of its own. */
async function makeBomb(home: string, { megabytes, names, levels }: Bomb): Promise<string> {
  const cwd = bombFolder(home);
  mkdirSync(cwd, { recursive: true });
  await run('git', ['init', '--quiet', '--bare'], { cwd });
  const zero = `head -c ${megabytes}M /dev/zero | git hash-object -w --stdin`;
  const level = `seq 1 ${names} | while read n; do printf '%s %s\\t%s\\n' "$kind" "$id" "f$n"; done | git mktree`;
  const script = `set -e; kind='100644 blob'; id=$(${zero}); for i in $(seq ${levels}); do id=$(${level}); kind='040000 tree'; done
    git -c user.name=eve -c user.email=eve@example.com commit-tree -m bomb "$id"`;
  const { out } = await run('sh', ['-c', script], { cwd });
  return out.trim().split('\n').at(-1) ?? '';
}
