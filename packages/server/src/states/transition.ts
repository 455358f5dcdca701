import type { Selectable } from 'kysely';
import { PLATFORM } from '../events/actor.ts';
import type { Actor } from '../events/actor.ts';
import { appendEvents } from '../events/append.ts';
import type { Event } from '../events/event.ts';
import { askForLooks } from '../reconcile/looks.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { isFinalIn, pathOf } from './machine.ts';
import type { Columns, Machine, RowOf } from './machine.ts';
import { selectStates, updateStates } from './state-store.ts';

type Some<M extends Machine, C> = Pick<
  Selectable<Schema[M['table']]>,
  C & keyof Selectable<Schema[M['table']]>
>;

type May<M extends Machine, E> = E extends { may: readonly (infer C)[] }
  ? Partial<Some<M, C>>
  : unknown;

type Facts<M extends Machine, E extends keyof M['events']> = M['events'][E] extends {
  brings: readonly (infer C)[];
}
  ? { facts: Some<M, C> & May<M, M['events'][E]> }
  : { facts?: undefined };

type Change<M extends Machine, E extends keyof M['events']> = {
  event: E;
  at: number;
  /** Whoever did it; the platform where nobody else is named. */
  by?: Actor;
} & Facts<M, E>;

/** A row by its key, or several by a part of that; with its state where only what is in that is meant. */
type Which<M extends Machine> = Partial<
  Pick<
    Selectable<Schema[M['table']]>,
    (M['key'][number] | M['column']) & keyof Selectable<Schema[M['table']]>
  >
>;

/**
 * The one door for every change of state: something happened to a row. Where the machine knows the event in the state
 * that the row is in, the row is written, the event recorded, and what follows looked at. False where it came too
 * late, or the row is gone, or is in another state than the one that is meant. Whatever else is a mistake of the
 * program, and throws.
 */
export async function transition<M extends Machine, E extends keyof M['events'] & string>(
  tx: Tx,
  machine: M,
  which: Which<M>,
  { event, facts, at, by = PLATFORM }: Change<M, E>,
): Promise<boolean> {
  const { from, to } = pathOf(machine, event);
  const meant = (which as Readonly<Record<string, string>>)[machine.column];
  if (meant !== undefined && !from.includes(meant)) return requireLate(machine, event, [meant]);
  const key = keyOf(machine, which);
  const rows = await updateStates(tx, machine, {
    key,
    states: meant === undefined ? from : [meant],
    ...write(machine, { event, to, facts: facts as Columns, at }),
  });
  if (rows.length === 0)
    return meant === undefined && requireLate(machine, event, await selectStates(tx, machine, key));
  await record(tx, machine, rows, { event, by, at });
  return true;
}

/** Records that rows have come, which their store has made in the state that the event leads to. */
export const begin = <M extends Machine>(
  tx: Tx,
  machine: M,
  rows: readonly RowOf<M>[],
  { event, at, by = PLATFORM }: { event: keyof M['begins'] & string; at: number; by?: Actor },
): Promise<void> => record(tx, machine, rows, { event, by, at });

function keyOf({ key, noun }: Machine, which: object): Columns {
  const named = Object.entries(which as Columns).filter(([column]) =>
    key.some((one) => one === column),
  );
  if (named.length === 0) throw new Error(`which ${noun} is meant is not said`);
  return Object.fromEntries(named);
}

/** The columns that an event writes, and the one that it writes where nothing stands there. */
function write(
  { column, clears = [], since, events }: Machine,
  {
    event,
    to,
    facts = {},
    at,
  }: { event: string; to: string | undefined; facts?: Columns; at: number },
) {
  const effect = events[event] ?? {};
  const { brings = [], may = [], at: first } = effect;
  const state = to === undefined ? [] : [[column, to]];
  const empty = (effect.clears ?? clears).map((one) => [one, null]);
  const given = [...brings, ...may.filter((one) => facts[one] !== undefined)].map((one) => [
    one,
    facts[one],
  ]);
  const moved = since === undefined ? [] : [[since, at]];
  return {
    set: Object.fromEntries([...state, ...empty, ...moved, ...given]) as Columns,
    first: first === undefined ? [] : [{ column: first, at, once: effect.once === true }],
  };
}

/** Whatever is over stays so, where the machine says that the event may come then. */
function requireLate(machine: Machine, event: string, states: readonly string[]): false {
  const { late = false, once = false } = machine.events[event] ?? {};
  const { from } = pathOf(machine, event);
  const fine = (state: string): boolean =>
    (late && isFinalIn(machine, state)) || (once && from.includes(state));
  const wrong = states.find((state) => !fine(state));
  if (wrong === undefined) return false;
  throw new Error(`${machine.noun}.${event} cannot come to one that is ${wrong}`);
}

async function record<M extends Machine>(
  tx: Tx,
  { noun, describe, looks: looksOf }: M,
  rows: readonly RowOf<M>[],
  { event, by, at }: { event: string; by: Actor; at: number },
): Promise<void> {
  const kind = `${noun}.${event}` as Event['kind'];
  await appendEvents(
    tx,
    rows.map((row) => {
      const { ownerId = null, applicationId = null } = row as Partial<typeof row>;
      return { kind, ownerId, applicationId, by, at, ...describe(row) };
    }),
  );
  const follow = rows.flatMap((row) => looksOf?.(row, event) ?? []);
  const looks = [...new Map(follow.map((one) => [one.join(' '), one])).values()];
  await askForLooks(tx, looks, at);
}
