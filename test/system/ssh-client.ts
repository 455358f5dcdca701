import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Platform } from './platform.ts';

/** How an SSH client ended, and what it was told; -1 where it was killed. */
export type Spoken = { code: number; out: Buffer; err: string };

/** The system's own SSH client, with a user's key. What is asked for is the remote command, in words. */
export type SshClient = {
  /** Runs it to its end. */
  ssh(asked: readonly string[], input?: string | Buffer): Promise<Spoken>;
  /** Starts it; the caller ends it. */
  start(asked: readonly string[]): ChildProcessWithoutNullStreams;
  /** Starts it in a terminal of this size. */
  open(asked: readonly string[], size?: string): Terminal;
};

export type Terminal = {
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** Waits until the pattern shows, after what was seen of it before; what was shown up to there. */
  shows(pattern: RegExp): Promise<string>;
  end: Promise<number>;
};

/** A user's key, and no settings of whoever runs the test. */
const optionsOf = ({ home }: Platform, key: string): string[] => [
  '-F',
  'none',
  '-i',
  join(home, key),
  ...[
    'IdentitiesOnly=yes',
    'BatchMode=yes',
    'LogLevel=ERROR',
    'StrictHostKeyChecking=accept-new',
    `UserKnownHostsFile=${join(home, 'known')}`,
  ].flatMap((option) => ['-o', option]),
];

/** A folder with an `ssh` that has these options, for programs that look for one in their path. */
export function sshFolder(platform: Platform, key = 'key'): string {
  const folder = join(platform.home, `ssh-${key}`);
  mkdirSync(folder, { recursive: true });
  const line = `exec /usr/bin/ssh ${optionsOf(platform, key).join(' ')} "$@"`;
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  return folder;
}

export function openSshClient(platform: Platform): SshClient {
  const argumentsOf = (asked: readonly string[]): string[] => {
    const state = readFileSync(join(platform.data, 'control.json'), 'utf8');
    const { sshPort } = JSON.parse(state) as { sshPort: number };
    return [...optionsOf(platform, 'key'), `ssh://anybody@localhost:${sshPort}`, ...asked];
  };
  const start = (asked: readonly string[]) => spawn('ssh', argumentsOf(asked));
  return {
    start,
    ssh: (asked, input = '') => converse(start(asked), input),
    open: (asked, size = '80 24') => openTerminal(['ssh', '-t', ...argumentsOf(asked)], size),
  };
}

async function converse(
  child: ChildProcessWithoutNullStreams,
  input: string | Buffer,
): Promise<Spoken> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (part: Buffer) => out.push(part));
  child.stderr.on('data', (part: Buffer) => err.push(part));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, out: Buffer.concat(out), err: Buffer.concat(err).toString() };
}

/** The text alone: where it stands on the screen, and in which colour, is left out. */
const withoutControl = (shown: string): string =>
  // eslint-disable-next-line no-control-regex
  shown.replaceAll(/\u001B(\[[\d;?]*[A-Za-z]|[=>()][0AB]?)|\r|\u0007/g, '');

const program = join(import.meta.dirname, 'terminal.py');

/** Starts a program in a terminal of this size. */
export function openTerminal(
  argv: readonly string[],
  size: string,
  { cwd, env = process.env }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Terminal {
  const child = spawn('python3', [program, ...size.split(' '), ...argv], {
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
    env: { ...env, TERM: 'xterm' },
    cwd,
  });
  const [typed, output, window] = [0, 1, 3].map((at) => child.stdio[at]) as [
    Writable,
    Readable,
    Writable,
  ];
  let [all, seen] = ['', 0];
  let look = (): void => undefined;
  output.on('data', (part: Buffer) => {
    all += part.toString('latin1');
    look();
  });
  const end = once(child, 'close').then(([code]) => (code as number | null) ?? -1);
  const shows = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      look = () => {
        const shown = withoutControl(all).slice(seen);
        const found = pattern.exec(shown);
        if (found === null) return;
        look = () => undefined;
        const length = found.index + found[0].length;
        seen += length;
        resolve(shown.slice(0, length));
      };
      look();
      void end.then(() => reject(new Error(`it ended without ${String(pattern)}: ${all}`)));
    });
  return {
    type: (text) => void typed.write(text),
    resize: (columns, rows) => void window.write(`${columns} ${rows}\n`),
    shows,
    end,
  };
}
