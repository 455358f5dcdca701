import type { Readable, Writable } from 'node:stream';
import type { CommandEnd, Entered, EnteringCommand, Engines } from '../workloads/engine.ts';
import { byUser } from '../events/actor.ts';
import { appendEvent } from '../events/append.ts';
import { carry } from '../lib/carry.ts';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database } from '../store/database.ts';
import type { Enterable } from './find-instance.ts';
import type { Talk } from './talk.ts';

export type EnterDeps = { database: Database; clock: Clock; engines: Engines };

export type Visit = Talk & {
  enterable: Enterable;
  /** What to run there, by the shell; without it the shell reads what is typed. */
  line: string | undefined;
  terminal: EnteringCommand['terminal'];
};

/** Connects the client to a login shell in the instance; how that ended, or undefined with the instance. */
export async function enterInstance(
  deps: EnterDeps,
  visit: Visit,
): Promise<CommandEnd | undefined> {
  const { requests, channel, write } = visit;
  await recordEntering(deps, visit);
  const entered = await begin(deps, visit);
  requests.onResize(entered.resize);
  // what is typed after the end goes nowhere
  carry(channel, entered.input, {}).catch(() => channel.resume());
  const pass = async (from: Readable, to: Writable): Promise<void> => {
    for await (const part of from) await write(to, part as Buffer);
  };
  await Promise.all([pass(entered.output, channel), pass(entered.errors, channel.stderr)]);
  return entered.ended;
}

const begin = (
  { engines }: EnterDeps,
  { enterable: { instance }, line, terminal, left }: Visit,
): Promise<Entered> => {
  const argv = ['/bin/bash', '-l', ...(line === undefined ? [] : ['-c', line])] as const;
  const engine = engines(instance.engine);
  return engine.enter(instance.id, { argv, terminal }, left).catch((error: unknown) => {
    if (left.aborted || !(error instanceof Error)) throw error;
    throw new Refusal('unavailable', `Instance ${instance.id} cannot be entered: ${error.message}`);
  });
};

/** Who was inside is on record before they are; what they did there is theirs. */
const recordEntering = (
  { database, clock }: EnterDeps,
  { user, enterable: { instance, application }, terminal }: Visit,
): Promise<void> =>
  database.transaction((tx) =>
    appendEvent(tx, {
      ownerId: application.ownerId,
      applicationId: application.id,
      kind: 'instance.entered',
      subjectId: instance.id,
      by: byUser(user.id),
      at: clock(),
      data: {
        instanceId: instance.id,
        number: instance.number,
        userId: user.id,
        terminal: terminal !== undefined,
      },
    }),
  );
