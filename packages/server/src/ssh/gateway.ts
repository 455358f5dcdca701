import type { CommandEnd } from '../workloads/engine.ts';
import { DAY } from '../lib/duration.ts';
import { createPlaces } from '../lib/places.ts';
import type { Places } from '../lib/places.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Asked } from './asked.ts';
import { enterInstance } from './enter-instance.ts';
import type { EnterDeps } from './enter-instance.ts';
import { requireEnterable, describeInstance } from './find-instance.ts';
import type { Enterable } from './find-instance.ts';
import { whenSilent } from './silence.ts';
import type { Talk } from './talk.ts';

export type GatewayDeps = EnterDeps & {
  /** The sessions of each user in instances. */
  inside: Places;
};

/** Each costs the machine two small processes that no limit of an instance holds. */
export const createInside = (): Places => createPlaces({ each: 20, what: 'sessions in instances' });

/** A shell may be left alone overnight. */
const SILENT_FOR = DAY;

/** Lets the user into the instance that they ask for; how their command there ended. */
export async function serveGateway(
  deps: GatewayDeps,
  talk: Talk,
  { place, line }: Extract<Asked, { kind: 'enter' }>,
): Promise<CommandEnd> {
  const { user, channel, requests, write, left } = talk;
  const enterable = await requireEnterable(deps.database.read, user, place);
  const leave = deps.inside.take(user.id);
  const silent = new AbortController();
  whenSilent(channel, { within: SILENT_FOR, until: left }, () => silent.abort());
  try {
    const { terminal } = requests;
    if (terminal !== undefined && line === undefined) await write(channel, greet(enterable));
    const either = AbortSignal.any([left, silent.signal]);
    const end = await enterInstance(deps, { ...talk, enterable, line, terminal, left: either });
    if (end !== undefined) return end;
    throw new Refusal('unavailable', silent.signal.aborted ? ALONE : endedWith(enterable));
  } finally {
    leave();
  }
}

const greet = ({ instance, application }: Enterable): string =>
  `${application.name}: ${describeInstance(instance, application)}\r\nWhat you change here is gone with the instance, and what you start ends when you leave.\r\n`;

const ALONE = 'Nothing was typed or said here for a day: this session has ended.';

const endedWith = ({ instance, application }: Enterable): string =>
  `Instance ${instance.number} of ${application.name} has ended, and this session with it.`;
