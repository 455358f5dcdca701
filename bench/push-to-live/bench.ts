import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostOf, until } from '../../test/system/platform.ts';
import type { Platform } from '../../test/system/platform.ts';
import { cleanUpAfter } from '../clean-up.ts';
import { BUSYBOX, withDocker } from '../docker.ts';
import { atMost, figureOf, percentile } from '../figure.ts';
import type { Bench, Figure } from '../figure.ts';
import { pushFirst } from '../grid.ts';
import type { Grid } from '../grid.ts';

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

/** A Webapp, and the file whose one line changes. */
type Kind = {
  name: string;
  type: string;
  env: string[];
  files: Record<string, string>;
  changes: { path: string; to(version: string): string };
  limit: number;
};

const python = (engine: 'process' | 'docker', limit: number): Kind => ({
  name: `Python, ${engine} engine`,
  type: 'ml_python_web',
  env: ['CC_MLPYTHON_RUN_MAIN=server.py', `CG_ENGINE=${engine}`],
  files: { 'requirements.txt': '# nothing\n' },
  changes: { path: 'server.py', to: serverOf },
  limit,
});

const DOCKERFILE = `FROM ${BUSYBOX}
COPY page /www/index.html
CMD trap exit TERM; httpd -f -p 8080 -h /www & wait
`;

const dockerfile: Kind = {
  name: 'Dockerfile',
  type: 'ml_docker_web',
  env: [],
  files: { Dockerfile: DOCKERFILE },
  changes: { path: 'page', to: (version) => version },
  limit: 4_000,
};

/**
 * One line changed, requirements unchanged: from the start of `git push` over SSH until the router
 * answers with the new version. Beside it a push of the same commits to a bare repository by file.
 */
export const bench: Bench = () =>
  withDocker(async ({ docker, ...grid }) => {
    const kinds = [
      python('process', 2_000),
      ...(docker === undefined ? [] : [python('docker', 4_000), dockerfile]),
    ];
    const figures: Figure[] = [];
    for (const kind of kinds) figures.push(...(await measure(grid, kind)));
    return figures;
  });

const measure = ({ platform, ...grid }: Grid, kind: Kind): Promise<Figure[]> =>
  cleanUpAfter(async (later) => {
    const floor = mkdtempSync(join(tmpdir(), 'grid-bench-'));
    later(() => rmSync(floor, { recursive: true }));
    const { type, env, changes } = kind;
    const files = { ...kind.files, [changes.path]: changes.to('0') };
    const { id, folder } = await pushFirst({ platform, ...grid }, { type, files, env });
    await platform.git(['init', '--quiet', '--bare', floor], folder);
    const site: Site = { platform, folder, floor, host: hostOf(id), changes };
    const rounds: Push[][] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await pushSeveral(site, round));
    await platform.grid(['stop'], { folder });
    return toFigures(kind, rounds);
  });

function toFigures({ name, limit }: Kind, rounds: readonly Push[][]): Figure[] {
  const median = (of: (push: Push) => number) =>
    rounds.map((pushes) => percentile(pushes.map(of), 0.5));
  const beside = { name: 'git push by file', rounds: median(({ bare }) => bare) };
  const common = { bench: 'push-to-live', unit: 'ms', beside };
  return [
    figureOf({
      ...common,
      metric: `git push (SSH) → the router answers with it: ${name}`,
      rounds: median(({ live }) => live),
      goal: atMost(limit, 'ms'),
    }),
    figureOf({
      ...common,
      metric: `of which git push: ${name}`,
      rounds: median(({ pushed }) => pushed),
    }),
  ];
}

type Site = Pick<Kind, 'changes'> & {
  platform: Platform;
  folder: string;
  floor: string;
  host: string;
};

/** In milliseconds since the push began. */
type Push = { pushed: number; live: number; bare: number };

async function pushSeveral(site: Site, round: number): Promise<Push[]> {
  const pushes: Push[] = [];
  while (pushes.length < PUSHES) pushes.push(await pushOnce(site, `${round}.${pushes.length}`));
  return pushes;
}

async function pushOnce(site: Site, version: string): Promise<Push> {
  const { platform, folder, floor, host, changes } = site;
  writeFileSync(join(folder, changes.path), changes.to(version));
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
