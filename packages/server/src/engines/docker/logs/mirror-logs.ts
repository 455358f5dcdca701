import { existsSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Unavailable } from '../../../lib/unavailable.ts';
import { openSegmentWriter } from '../../../logs/segment-writer.ts';
import { UNENDED } from '../../../logs/segment.ts';
import { DockerError } from '../client.ts';
import type { DockerClient } from '../client.ts';
import { askSince, readPosition } from './log-position.ts';
import { openTransfer, planTransfer } from './log-transfer.ts';
import type { LogPlace, LogTransfer } from './log-transfer.ts';

export type MirroredLog = LogPlace & {
  /** A container without a terminal. */
  containerId: string;
  masked: readonly string[];
};

/**
 * Writes what a container says to our segments until it is over, and resolves when all of that is there;
 * one that is gone has nothing more to say. May be called again after it was cut off in any way, even
 * killed: it goes on where it was, and nothing is there twice. Rejects with `Unavailable` where the engine
 * goes away, and where the container has not begun. The log is not closed by this: other containers of
 * the instance may follow, and `finishLog` comes last.
 */
export async function mirrorLogs(
  client: DockerClient,
  log: MirroredLog,
  signal: AbortSignal,
): Promise<void> {
  if (isClosed(log.directory)) return;
  if (planTransfer(log.containerId, log.positionFile) === undefined) return;
  const trouble = await transfer(client, log, { follow: true }, signal);
  if (!(await isOver(client, log.containerId, signal)))
    throw new Unavailable(
      `The Docker engine sends no more of a log: ${trouble ?? 'it broke off'}.`,
    );
  // who follows may be left without the last lines
  await transfer(client, log, { follow: false }, signal);
}

/**
 * Adds the platform's last lines to a log that nobody writes any more, and closes it; where it is closed
 * already, nothing happens.
 */
export function finishLog(
  { directory, positionFile, budgetMiB }: LogPlace,
  { lines, at }: { lines: readonly string[]; at: number },
): void {
  if (isClosed(directory)) {
    rmSync(positionFile, { force: true });
    return;
  }
  const from = readPosition(positionFile)?.writer;
  const budgetBytes = budgetMiB * 1024 * 1024;
  const writer = openSegmentWriter(directory, { budgetBytes, masked: [], ...(from && { from }) });
  for (const line of lines) writer.say(line, at);
  writer.close();
  rmSync(join(directory, UNENDED), { force: true });
  rmSync(positionFile, { force: true });
}

const isClosed = (directory: string): boolean => existsSync(join(directory, 'closed'));

/** Takes all that there is, however often it has to be asked for; answers with what the engine said where it could not read the log. */
async function transfer(
  client: DockerClient,
  log: MirroredLog,
  { follow }: { follow: boolean },
  signal: AbortSignal,
): Promise<string | undefined> {
  for (;;) {
    const taken = await transferOnce(client, log, { follow }, signal);
    if (taken !== 'again') return taken.trouble;
  }
}

async function transferOnce(
  client: DockerClient,
  log: MirroredLog,
  { follow }: { follow: boolean },
  signal: AbortSignal,
): Promise<'again' | { trouble: string | undefined }> {
  const from = planTransfer(log.containerId, log.positionFile);
  if (from === undefined) return { trouble: undefined };
  const since = askSince(from);
  const answer = await openLog(client, { ...log, follow, since }, signal);
  const transfer = openTransfer(log, { masked: log.masked, from });
  try {
    const verdict = answer === undefined ? 'on' : await takeAll(answer, transfer);
    if (follow || verdict === 'again') transfer.save();
    else transfer.conclude();
    return verdict === 'again' ? verdict : { trouble: transfer.trouble() };
  } catch (error) {
    if (!isBroken(error)) throw error;
    transfer.save();
    signal.throwIfAborted();
    throw new Unavailable('The Docker engine went away.', { cause: error });
  } finally {
    transfer.leave();
  }
}

type Question = { containerId: string; follow: boolean; since: string | undefined };

/** Nothing where the container is gone, or going. */
async function openLog(
  client: DockerClient,
  { containerId, ...query }: Question,
  signal: AbortSignal,
): Promise<IncomingMessage | undefined> {
  const path = `/containers/${containerId}/logs`;
  const { follow, since } = query;
  const wanted = { follow, since, stdout: true, stderr: true, timestamps: true };
  return client.open({ path, query: wanted }, signal).catch(nothingIfGone);
}

/** Whoever is killed writes again what came since the last save: that is right, but takes time. */
const SAVE_EVERY_MS = 250;

async function takeAll(answer: IncomingMessage, transfer: LogTransfer): Promise<'on' | 'again'> {
  let savedAt = performance.now();
  for await (const chunk of answer) {
    if (transfer.take(chunk) === 'again') return 'again';
    if (performance.now() - savedAt < SAVE_EVERY_MS) continue;
    transfer.save();
    savedAt = performance.now();
  }
  return 'on';
}

type Inspection = { State: { Status: string; Error: string } };

/** Whether nothing more can come: it has ended, never could begin, or is gone. */
async function isOver(
  client: DockerClient,
  containerId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const path = `/containers/${containerId}/json`;
  const found = await client.ask<Inspection>({ path }, signal).catch(nothingIfGone);
  if (found === undefined) return true;
  const { Status: status, Error: error } = found.State;
  return ['exited', 'dead', 'removing'].includes(status) || (status === 'created' && error !== '');
}

function nothingIfGone(error: unknown): undefined {
  if (error instanceof DockerError && (error.status === 404 || error.status === 409)) return;
  throw error;
}

/** Whether a connection ended before its time. */
const isBroken = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ABORT_ERR', 'ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String(error.code));
