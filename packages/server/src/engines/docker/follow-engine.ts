import { setTimeout as wait } from 'node:timers/promises';
import type { InstanceId } from '../../lib/ids.ts';
import { linesOf } from '../../lib/lines.ts';
import { LABEL, ofPlatform } from './names.ts';
import type { DockerDeps } from './docker-deps.ts';

/** What became of a container: epoch milliseconds, and of a `kill` the number of the signal. */
export type Change = { action: string; at: number; signal: number };

type Heard = {
  /** A container of the instance's changed. */
  changed(id: InstanceId, change: Change): void;
  /** The engine is there, for the first time or again: anything may have happened before. */
  back(): Promise<void>;
};

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

/** Listens to what the engine tells of our containers, for as long as the control plane runs. */
export async function followEngine(deps: DockerDeps, heard: Heard): Promise<void> {
  const { clock, closing, log } = deps;
  let pause = FIRST_PAUSE;
  while (!closing.aborted) {
    try {
      await listen(deps, {
        ...heard,
        async back() {
          await heard.back();
          pause = FIRST_PAUSE;
        },
      });
    } catch (error) {
      if (closing.aborted) return;
      log.warn({ err: error }, 'the Docker engine is not heard');
    }
    deps.lostAt = clock();
    await wait(pause, undefined, { signal: closing }).catch(() => undefined);
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }
}

/** Until the engine breaks off. It is looked at once it is listened to, so nothing is missed in between. */
async function listen({ client, platform, closing }: DockerDeps, heard: Heard): Promise<void> {
  const filters = { type: ['container'], label: [ofPlatform(platform)] };
  const query = { filters: JSON.stringify(filters) };
  const events = await client.open({ path: '/events', query }, closing);
  const broken = new Promise<never>((_, reject) => events.once('error', reject));
  broken.catch(() => undefined);
  await Promise.race([heard.back(), broken]);
  for await (const line of linesOf(events)) {
    const { Action, Actor, timeNano } = JSON.parse(line) as Event;
    const id = Actor.Attributes[LABEL.instance];
    const { signal } = Actor.Attributes;
    const change = { action: Action, at: Math.floor(timeNano / 1e6), signal: Number(signal) };
    if (id !== undefined) heard.changed(id as InstanceId, change);
  }
}

type Event = {
  Action: string;
  Actor: { Attributes: Readonly<Record<string, string>> };
  timeNano: number;
};
