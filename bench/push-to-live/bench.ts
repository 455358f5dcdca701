import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostOf, until } from '../../test/system/platform.ts';
import type { Platform } from '../../test/system/platform.ts';
import { cleanUpAfter } from '../clean-up.ts';
import { atMost, figureOf, percentile } from '../figure.ts';
import type { Bench } from '../figure.ts';
import { pushFirst, withGrid } from '../grid.ts';

const ROUNDS = 3;
const PUSHES = 6;

/** Listens a few milliseconds after Python has started, and answers with its version. */
const serverOf = (version: string): string => `
import os, signal, socket, sys
VERSION = b"${version}"
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
listener = socket.create_server(("0.0.0.0", int(os.environ["PORT"])))
while True:
    visitor, _ = listener.accept()
    with visitor:
        visitor.recv(65536)
        head = b"HTTP/1.1 200 OK\\r\\nconnection: close\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(VERSION)
        visitor.sendall(head + VERSION)
`;

/**
 * One line changed, requirements unchanged: from the start of `git push` over SSH until the router
 * answers with the new version. Beside it a push of the same commits to a bare repository by file.
 */
export const bench: Bench = () =>
  withGrid(({ platform, ...grid }) =>
    cleanUpAfter(async (later) => {
      const floor = mkdtempSync(join(tmpdir(), 'grid-bench-'));
      later(() => rmSync(floor, { recursive: true }));
      const files = { 'server.py': serverOf('0'), 'requirements.txt': '# nothing\n' };
      const { id, folder } = await pushFirst(
        { platform, ...grid },
        { type: 'ml_python_web', files, env: ['CC_MLPYTHON_RUN_MAIN=server.py'] },
      );
      await platform.git(['init', '--quiet', '--bare', floor], folder);
      const site: Site = { platform, folder, floor, host: hostOf(id) };
      const rounds: Push[][] = [];
      for (let round = 0; round < ROUNDS; round++) rounds.push(await pushSeveral(site, round));
      const median = (of: (push: Push) => number) =>
        rounds.map((pushes) => percentile(pushes.map(of), 0.5));
      const bareRounds = median(({ bare }) => bare);
      const common = { bench: 'push-to-live', unit: 'ms' };
      return [
        figureOf({
          ...common,
          metric: 'git push (SSH) → the router answers with it',
          rounds: median(({ live }) => live),
          goal: atMost(2_000, 'ms'),
          beside: { name: 'git push by file', rounds: bareRounds },
        }),
        figureOf({
          ...common,
          metric: 'of which git push',
          rounds: median(({ pushed }) => pushed),
          beside: { name: 'git push by file', rounds: bareRounds },
        }),
      ];
    }),
  );

type Site = { platform: Platform; folder: string; floor: string; host: string };

/** In milliseconds since the push began. */
type Push = { pushed: number; live: number; bare: number };

async function pushSeveral(site: Site, round: number): Promise<Push[]> {
  const pushes: Push[] = [];
  while (pushes.length < PUSHES) pushes.push(await pushOnce(site, `${round}.${pushes.length}`));
  return pushes;
}

async function pushOnce(site: Site, version: string): Promise<Push> {
  const { platform, folder, floor, host } = site;
  writeFileSync(join(folder, 'server.py'), serverOf(version));
  await platform.git(['commit', '--all', '--quiet', '--message', version], folder);
  const push = async (to: string): Promise<number> => {
    const begun = performance.now();
    const { code, out } = await platform.git(['push', '--quiet', to, 'HEAD:master'], folder);
    if (code !== 0) throw new Error(`git push failed: ${out}`);
    return performance.now() - begun;
  };
  const bare = await push(floor);
  const begun = performance.now();
  const pushing = push('grid');
  await until(`${version} is live`, async () => (await platform.visit(host)).body === version);
  const live = performance.now() - begun;

  return { pushed: await pushing, live, bare };
}
