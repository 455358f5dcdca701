import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Command } from 'commander';
import { Failure } from '../fail.ts';
import { findApplication } from '../find-application.ts';
import { parseNumber } from '../options.ts';
import { signedIn } from '../profile.ts';

type SshOptions = { app?: string; instance?: number; identity?: string };

/** A shell or a command in a running instance, by the system's own SSH client. */
export function sshCommand(program: Command): void {
  program
    .command('ssh')
    .description('a shell in a running instance, or a command: grid ssh -- python -V')
    .argument('[command...]', 'what to run there; one word is read by the shell as it is')
    .option('--app <application>')
    .option('--instance <number>', 'where there are several', parseNumber)
    .option('-i, --identity <file>', 'the private key to use')
    .action(async (command: string[], { app, instance, identity }: SshOptions) => {
      const { id, deployment } = await findApplication(signedIn(), app);
      const place = instance === undefined ? id : `${id}/${instance}`;
      const line = command.length > 1 ? command.map(quote).join(' ') : (command[0] ?? '');
      const args = [
        ...(identity === undefined ? [] : ['-i', identity]),
        ...(process.stdin.isTTY && process.stdout.isTTY ? ['-t'] : []),
        '--', // what comes from the platform is never an option
        gatewayOf(deployment.url),
        `${place} ${line}`.trim(),
      ];
      process.exitCode = await runSsh(args);
    });
}

/** The SSH server that the repository is pushed to. */
function gatewayOf(repository: string): string {
  const [gateway] = /^ssh:\/\/[^/]+/.exec(repository) ?? [];
  if (gateway !== undefined) return gateway;
  throw new Failure(`The platform gives no address of its SSH server (${repository}).`);
}

/** What a shell reads as this word. */
const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

const runSsh = (args: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn('ssh', [...args], { stdio: 'inherit' });
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new Failure('There is no SSH client on this machine: apt-get install openssh-client')
          : error,
      ),
    );
    child.on('close', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
