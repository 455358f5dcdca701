import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { constants } from 'node:os';
import type { InstanceId } from '../../../lib/ids.ts';
import type {
  CommandEnd,
  Entered,
  EnteringCommand,
  TerminalSize,
} from '../../../workloads/engine.ts';
import { DockerError, isMissing } from '../client.ts';
import { inspectContainer, unless } from './containers.ts';
import { demultiplex } from './demultiplex.ts';
import { containerName } from '../names.ts';
import type { DockerDeps } from '../docker-deps.ts';

/** Marks all that was started by one who entered: children inherit it. */
const MARK = 'CG_ENTERED';
const GRACE = 2000;

type ExecOrder = {
  id: InstanceId;
  argv: readonly string[];
  terminal?: (TerminalSize & { type: string }) | undefined;
  mark?: string;
};

type Exec = { id: string; socket: Socket };

/** A command beside an instance's own; rejects where the instance does not run. */
async function beginExec(
  { client }: DockerDeps,
  { id, argv, terminal, mark }: ExecOrder,
  signal: AbortSignal,
): Promise<Exec> {
  const Env = [
    ...(mark === undefined ? [] : [`${MARK}=${mark}`]),
    ...(terminal === undefined ? [] : [`TERM=${terminal.type}`]),
  ];
  const Tty = terminal !== undefined;
  const body = {
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty,
    Env,
    Cmd: argv,
    ...(terminal && { ConsoleSize: [terminal.rows, terminal.columns] }),
  };
  const path = `/containers/${containerName(id)}/exec`;
  const made = await client.ask<{ Id: string }>({ method: 'POST', path, body }, signal);
  const start = { method: 'POST', path: `/exec/${made.Id}/start`, body: { Tty } } as const;
  return { id: made.Id, socket: await client.hijack(start, signal) };
}

/** How a command ended, or undefined where its instance ended under it. */
async function endOfExec(
  { client, closing }: DockerDeps,
  { id }: Exec,
): Promise<CommandEnd | undefined> {
  const call = { path: `/exec/${id}/json` };
  const found = await unless(
    isMissing,
    client.ask<{ Running: boolean; ExitCode: number | null }>(call, closing),
  );
  if (found === undefined || found.Running || found.ExitCode === null) return undefined;
  return toEnd(found.ExitCode);
}

/** Docker gives the end by a signal as 128 and the signal's number, as shells do. */
function toEnd(code: number): CommandEnd {
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128);
  return code > 128 && signal !== undefined ? { signal: signal[0] } : { exitCode: code };
}

/** Where there is no reaching what the instance's own command says, nobody hears it. */
const HEARD =
  'if (: >>/proc/1/fd/1) 2>/dev/null; then exec "$@" >>/proc/1/fd/1 2>>/proc/1/fd/2; fi; exec "$@"';

/** Runs a command to its end; it speaks where the instance's own command does, and is heard in its log. */
export async function execute(
  deps: DockerDeps,
  order: { id: InstanceId; argv: readonly string[] },
  signal: AbortSignal,
): Promise<CommandEnd> {
  const argv = ['/bin/sh', '-c', HEARD, 'sh', ...order.argv];
  const exec = await beginExec(deps, { ...order, argv }, signal);
  const abort = (): void => void exec.socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  await untilClosed(exec.socket);
  signal.removeEventListener('abort', abort);
  signal.throwIfAborted();
  const end = await endOfExec(deps, exec);
  if (end === undefined) throw new Error('the instance ended');
  return end;
}

function untilClosed(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  socket.resume();
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

/** Lets somebody in; everything that they started ends when they leave, or when their command does. */
export async function enterInstance(
  deps: DockerDeps,
  id: InstanceId,
  { argv, terminal }: EnteringCommand,
  signal: AbortSignal,
): Promise<Entered> {
  const mark = randomUUID();
  const exec = await beginExec(deps, { id, argv: told(argv, terminal), terminal, mark }, signal);
  const { socket } = exec;
  const [output, errors] = [new PassThrough(), new PassThrough()];
  let left = false;
  const leave = (): void => {
    left = true;
    socket.destroy();
  };
  signal.addEventListener('abort', leave, { once: true });
  const pumped = pump(socket, { output, errors, raw: terminal !== undefined });
  const ended = pumped.then(async () => {
    signal.removeEventListener('abort', leave);
    await endMarked(deps, id, mark);
    const end = left ? undefined : await endOfExec(deps, exec);
    return (await isOver(deps, id)) ? undefined : end;
  });
  const close = (): void => {
    output.end();
    errors.end();
  };
  ended.then(close, close);
  return {
    input: inputOf(socket, terminal === undefined ? undefined : END_OF_INPUT),
    output,
    errors,
    resize: (size) => void resize(deps, exec, size),
    leave,
    ended,
  };
}

/**
 * By way of a shell, which says what is wrong where the engine would say it to itself, and makes the terminal as
 * large as it is: engines before API 1.42 tell it later.
 */
const told = (argv: readonly string[], size: TerminalSize | undefined): string[] => {
  const sized = size && `stty rows ${size.rows} columns ${size.columns} 2>/dev/null; `;
  return ['/bin/sh', '-c', `${sized ?? ''}exec "$@"`, 'sh', ...argv];
};

/** Whether an instance is over, or about to be. */
async function isOver({ client, records, closing }: DockerDeps, id: InstanceId): Promise<boolean> {
  if ((await records.read(id))?.ending !== undefined) return true;
  const found = await inspectContainer(client, containerName(id), closing);
  return found?.State.Status !== 'running';
}

type Sinks = { output: PassThrough; errors: PassThrough; raw: boolean };

/** Until the connection ends, however it does; whoever reads slowly is waited for. */
async function pump(socket: Socket, { output, errors, raw }: Sinks): Promise<void> {
  const give = async (to: PassThrough, bytes: Buffer): Promise<void> => {
    if (!to.write(bytes)) await new Promise((resolve) => to.once('drain', resolve));
  };
  try {
    if (raw) for await (const part of socket) await give(output, part as Buffer);
    else
      for await (const { stream, bytes } of demultiplex(socket))
        await give(stream === 'stderr' ? errors : output, bytes);
  } catch {
    // a connection that breaks is a caller that left, or an instance that ended
  }
}

/** What a terminal's key for it sends (Control-D). */
const END_OF_INPUT = '\u0004';

const inputOf = (socket: Socket, last: string | undefined): Writable =>
  new Writable({
    write(data: Buffer, _encoding, done) {
      if (socket.writable) socket.write(data, () => done());
      else done();
    },
    final(done) {
      if (!socket.writable) done();
      else if (last === undefined) socket.end(() => done());
      else socket.write(last, () => done());
    },
  });

async function resize(
  { client, closing }: DockerDeps,
  { id }: Exec,
  size: TerminalSize,
): Promise<void> {
  const query = { h: size.rows, w: size.columns };
  const call = { method: 'POST', path: `/exec/${id}/resize`, query } as const;
  await client.ask(call, closing).catch(() => undefined);
}

/** Tells each process that bears the mark with this signal; how many there were. */
const TELL = `
told=0
for one in /proc/[0-9]*; do
  if tr '\\0' '\\n' < $one/environ 2>/dev/null | grep -qx "${MARK}=$1"; then
    kill -$2 "\${one#/proc/}" 2>/dev/null && told=$((told + 1))
  fi
done
exit $((told > 0))
`;

/** HUP to what is left of those who entered, and KILL two seconds later. */
async function endMarked(deps: DockerDeps, id: InstanceId, mark: string): Promise<void> {
  const tell = async (signal: string): Promise<boolean> => {
    const argv = ['/bin/sh', '-c', TELL, 'tell', mark, signal];
    const exec = await beginExec(deps, { id, argv }, deps.closing);
    await untilClosed(exec.socket);
    const end = await endOfExec(deps, exec);
    return end !== undefined && 'exitCode' in end && end.exitCode === 1;
  };
  try {
    const began = deps.clock();
    for (let some = await tell('HUP'); some && deps.clock() - began < GRACE;) {
      await wait(50, undefined, { signal: deps.closing });
      some = await tell('0');
    }
    while (await tell('KILL'));
  } catch (error) {
    // one that is over has taken them with it
    if (!(error instanceof DockerError)) throw error;
  }
}
