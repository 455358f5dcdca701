import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const gitConfig = async (name: string): Promise<string | undefined> =>
  run('git', ['config', '--get', name]).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );

export const headCommit = async (): Promise<string | undefined> =>
  run('git', ['rev-parse', '--verify', 'HEAD']).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );

/** Runs git with the user's own terminal; its exit code. */
export const runGit = (
  args: readonly string[],
  output: 'shown' | 'quiet' = 'shown',
): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn('git', [...args], { stdio: output === 'shown' ? 'inherit' : 'ignore' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
