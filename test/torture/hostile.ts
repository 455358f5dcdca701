import { setTimeout as wait } from 'node:timers/promises';
import type { Attack } from './attack.ts';
import { openScene } from './scene.ts';
import type { Scene } from './scene.ts';
import { endedOf, lookAt, memoryOf, revive } from './survive.ts';
import { newTally } from './tally.ts';
import type { Seen } from './verdict.ts';
import { watchInnocents } from './watch-innocents.ts';
import type { Innocents } from './watch-innocents.ts';

export type Torture = {
  attacks: readonly Attack[];
  /** How long each attack lasts. */
  seconds: number;
  say(line: string): void;
};

/** Attacks a platform of its own, one attack after the other, while innocent clients measure what they wait. */
export async function torture({ attacks, seconds, say }: Torture): Promise<Seen[]> {
  const scene = await openScene();
  const innocents = watchInnocents(scene);
  const all: Seen[] = [];
  try {
    for (const attack of attacks) {
      const lacks = attack.lacks?.();
      if (lacks !== undefined) {
        say(`${attack.name}: left out, this machine lacks ${lacks}`);
        continue;
      }
      say(`${attack.name} …`);
      const time = Math.max(seconds, attack.least ?? 0);
      all.push(await attackOnce({ scene, innocents, attack, seconds: time }));
    }
  } finally {
    await innocents.end();
    await scene.platform.end();
  }
  return all;
}

/** What an attack may take to end after its time. */
const GRACE = 60_000;
/** Requests that began before its end are part of it. */
const AFTERWARDS = 1_000;

type Once = { scene: Scene; innocents: Innocents; attack: Attack; seconds: number };

async function attackOnce({ scene, innocents, attack, seconds }: Once): Promise<Seen> {
  const { platform } = scene;
  await innocents.settled();
  const quiet = Date.now();
  await wait(Math.min(seconds, 3) * 1_000);
  const [begun, alive] = [Date.now(), await lookAt(platform)];
  const memory = memoryOf(alive);
  const tally = newTally();
  const time = AbortSignal.timeout(seconds * 1_000);
  const failure = await Promise.race([
    attack.run(scene, tally, time).then(
      () => undefined,
      (error: Error) => `the attack failed: ${error.message}`,
    ),
    wait(seconds * 1_000 + GRACE, 'the attack did not end', { ref: false }),
  ]);
  await wait(AFTERWARDS);
  const end = Date.now();
  const after = await lookAt(platform);
  await revive(platform);
  for (const probe of await innocents.settled()) tally.wrong.add(`${probe}: no answer any more`);
  return {
    name: attack.name,
    tally,
    failure,
    before: innocents.between(quiet, begun),
    during: innocents.between(begun, end),
    ended: endedOf(alive, after),
    memory: [memory, memoryOf(after)],
  };
}
