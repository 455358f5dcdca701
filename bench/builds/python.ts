import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choosePython } from '../../packages/server/src/builds/recipes/python/choose-python.ts';
import { bringInstaller } from '../../packages/server/src/builds/recipes/python/installer.ts';
import { findInterpreters } from '../../packages/server/src/builds/recipes/python/interpreters.ts';
import { root, writeFiles } from '../../test/system/platform.ts';
import type { Platform } from '../../test/system/platform.ts';
import { inCopy, timed } from '../by-hand.ts';
import { atMostOver } from '../figure.ts';
import type { Subject } from './subject.ts';

const REQUIREMENTS = readFileSync(
  join(root, 'examples', 'train-digits', 'requirements.txt'),
  'utf8',
);

type Later = (step: () => void) => void;

/**
 * The packages of `train-digits` with the same `uv`, index and options, into a virtual environment; its
 * downloads are kept between the rounds that are warm, the environment never.
 */
export async function pythonByHand(platform: Platform, later: Later) {
  const { uv = '', settings } = await bringInstaller({
    tools: join(platform.data, 'tools'),
    environment: process.env,
    shareCredentials: true,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    signal: AbortSignal.timeout(60_000),
  });
  const python =
    choosePython({ environment: {}, files: new Map() }, await findInterpreters())?.interpreter
      .path ?? 'python3';
  const cache = mkdtempSync(join(tmpdir(), 'grid-bench-'));
  later(() => rmSync(cache, { recursive: true, force: true }));
  const env = { ...settings, UV_CACHE_DIR: cache };
  return {
    forget: (): void => rmSync(cache, { recursive: true, force: true }),
    byHand: (tree: string): Promise<number> =>
      inCopy(undefined, async (folder) => {
        const requirements = join(tree, 'requirements.txt');
        const venv = await timed([uv, 'venv', '--quiet', '--python', python, folder, '--clear'], {
          env,
        });
        const options = ['--quiet', '--compile-bytecode', '--link-mode', 'copy'];
        const into = ['--python', join(folder, 'bin', 'python'), '-r', requirements];
        return venv + (await timed([uv, 'pip', 'install', ...options, ...into], { env }));
      }),
  };
}

export const pythonSubject = (
  engine: string,
  hand: Awaited<ReturnType<typeof pythonByHand>>,
): Subject => ({
  name: `Python, ${engine} engine`,
  type: 'ml_python',
  env: ['CC_MLPYTHON_RUN_MAIN=main.py', `CG_ENGINE=${engine}`],
  prepare: (folder) => writeFiles(folder, { 'main.py': 'print("done")\n' }),
  change: (round) => ({ 'requirements.txt': `${REQUIREMENTS}# ${engine} ${round}\n` }),
  ...hand,
  peer: 'uv',
  goal: atMostOver('uv'),
});
