import type { Selectable } from 'kysely';
import type { Event, EventKind } from '../events/event.ts';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Kind } from '../reconcile/reconciler.ts';
import type { Schema } from '../store/schema.ts';

type Table = keyof Schema;
type Column<T extends Table> = T extends Table ? keyof Selectable<Schema[T]> & string : never;
/** Values by the names of their columns. */
export type Columns = { readonly [column: string]: string | number | null | readonly string[] };

type KindOf<N extends string> = Extract<EventKind, `${N}.${string}`>;

/** What one event writes beside the state. */
type Effect<T extends Table> = {
  /** Columns that whoever reports the event must give. */
  brings?: readonly Column<T>[];
  /** Columns that may be given. */
  may?: readonly Column<T>[];
  /** Columns that are emptied, where these are others than the machine says. */
  clears?: readonly Column<T>[];
  /** The column of when it happened first; it is never moved. */
  at?: Column<T>;
  /** Whether it may come when all is over: nothing is changed then. Elsewhere that is a mistake of the program. */
  late?: true;
  /** Whether it counts once: where its time is written, nothing is changed. */
  once?: true;
};

/** What is read of a row that an event came to, with whom it belongs to. */
type Row<T extends Table, C> = Pick<Selectable<Schema[T]>, C & keyof Selectable<Schema[T]>> & {
  ownerId: OwnerId | null;
  applicationId: ApplicationId | null;
};

/**
 * Everything that can become of a kind of row: `transition` obeys it, `docs/states.md` is drawn from it. A state with
 * nothing in its line is final.
 */
export type Machine<
  T extends Table = Table,
  S extends string = string,
  E extends string = string,
  N extends string = string,
  C extends string = string,
  B extends string = string,
> = {
  /** What its events are called: `deployment` in `deployment.live`. */
  noun: N;
  table: T;
  /** Where the state stands. */
  column: Column<T>;
  /** What names a row, and what narrows that; a part of it names several. */
  key: readonly Column<T>[];
  /** The states that rows are made in, by the event that makes them. */
  begins: Readonly<Record<B, S>>;
  states: Readonly<Record<S, Readonly<Partial<Record<NoInfer<E>, S>>>>>;
  events: Readonly<Record<E, Effect<T>>>;
  /** Columns that every event empties which does not bring them: why it waited counts no more. */
  clears?: readonly Column<T>[];
  /** The column of when the state began, which every event moves. */
  since?: Column<T>;
  /** The table that says whom it belongs to, by which of its columns; where that is not its own. */
  ownedBy?: 'platform' | { table: Table; column: Column<T> };
  /** What `describe` and `looks` are given of a row. */
  reads: readonly (C & Column<T>)[];
  /** What is recorded of it, beside who and when. */
  describe(row: Row<T, C>): Pick<Event<KindOf<N>>, 'subjectId' | 'data'>;
  /** What is to be looked at when something became of it. */
  looks?(row: Row<T, C>, event: E | B): readonly (readonly [Kind, string])[];
};

/** The states that a column may hold. */
type StateOf<T extends Table, L> = Selectable<Schema[T]>[L & Column<T>] & string;

/** A machine as it is written down: each state of the column is in it, each event known to `events/event.ts`. */
export const defineMachine = <
  const T extends Table,
  const L extends Column<T>,
  const K extends Column<T>,
  const N extends string,
  const C extends string,
  const B extends string,
  const V extends Readonly<Record<string, Effect<T>>>,
>(
  machine: Machine<T, StateOf<T, L>, keyof V & string, N, C, B> & {
    column: L;
    key: readonly K[];
    begins: { [E in B]: `${N}.${E}` extends EventKind ? unknown : never };
    events: V & { [E in keyof V]: `${N}.${E & string}` extends EventKind ? unknown : never };
  },
) => machine;

/** What is read of the rows of a machine. */
export type RowOf<M extends Machine> = Row<M['table'], M['reads'][number]>;

export type AnyMachine = Pick<
  Machine,
  'noun' | 'begins' | 'states' | 'events' | 'clears' | 'since'
>;

/** The states that an event may come in, and the one that it leads to; undefined where it leaves each as it is. */
export function pathOf(
  { noun, states }: Pick<AnyMachine, 'noun' | 'states'>,
  event: string,
): { from: readonly string[]; to: string | undefined } {
  const steps = Object.entries(states).flatMap(([from, line]) => {
    const to = line[event];
    return to === undefined ? [] : [{ from, to }];
  });
  const targets = new Set(steps.map(({ to }) => to));
  const from = steps.map((step) => step.from);
  if (targets.size === 1) return { from, to: [...targets][0] };
  if (targets.size > 1 && steps.every((step) => step.from === step.to))
    return { from, to: undefined };
  throw new Error(`${noun}.${event} leads to ${targets.size} states: it must lead to one`);
}

export const isFinalIn = ({ states }: Pick<AnyMachine, 'states'>, state: string): boolean =>
  Object.keys(states[state] ?? {}).length === 0;
