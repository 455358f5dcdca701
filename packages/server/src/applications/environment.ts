import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import type { Keyring } from '../lib/encryption.ts';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { requireNoMore } from '../limits/require-room.ts';
import type { Database, Reader, Tx } from '../store/database.ts';
import { recordApplicationEvent } from './application-event.ts';
import {
  deleteValue,
  deleteValues,
  selectValues,
  takeApplication,
  upsertValues,
} from './environment-store.ts';
import type { ValueTable } from './environment-store.ts';

export type Variables = Readonly<Record<string, string>>;

type Deps = { database: Database; clock: Clock; keyring: Keyring };

const LONGEST_NAME = 256;
const LARGEST_VALUE = 64 * 1024;
/** Names with dots and dashes are allowed: they reach Java as system properties. One means another thing to objects. */
const NAME = /^(?!__proto__$)[A-Za-z0-9._-]+$/;

type Place = { table: ValueTable; id: ApplicationId };
/** The application, and who changes its variables. */
type Own = { id: ApplicationId; ownerId: OwnerId; by: Actor };

const context = ({ table, id }: Place, name: string) => `${table}/${id}/${name}`;

/** The application's own variables. */
export const loadEnvironment = (
  db: Reader,
  keyring: Keyring,
  id: ApplicationId,
): Promise<Variables> => loadValues(db, keyring, { table: 'environmentValues', id });

/** What those that depend on it see. */
export const loadExposed = (db: Reader, keyring: Keyring, id: ApplicationId): Promise<Variables> =>
  loadValues(db, keyring, { table: 'exposedValues', id });

/** Its own variables, or those that it exposes. */
export async function loadValues(db: Reader, keyring: Keyring, place: Place): Promise<Variables> {
  const rows = await selectValues(db, place.table, place.id);
  return Object.fromEntries(
    rows.map(({ name, value }) => [name, keyring.decrypt(value, context(place, name))]),
  );
}

/** Sets these variables and leaves the others. They count from the next deployment on. */
export const setVariables = (
  { database, clock, keyring }: Deps,
  application: Own,
  values: Variables,
): Promise<void> =>
  database.transaction(async (tx) => {
    const at = clock();
    await setVariablesIn(tx, keyring, { ...own(application.id), values, at });
    await recordVariables(tx, application, { set: Object.keys(values), removed: [], at });
  });

const own = (id: ApplicationId): Place => ({ table: 'environmentValues', id });

/** Names alone: what the values are is told to nobody by the way. */
async function recordVariables(
  tx: Tx,
  { by, ...application }: Own,
  { at, ...data }: { set: string[]; removed: string[]; at: number },
): Promise<void> {
  if (data.set.length + data.removed.length === 0) return;
  const event = { kind: 'application.variables_changed', by, at, data } as const;
  await recordApplicationEvent(tx, application, event);
}

/** Names of the variables that are new or others than before, and of those that are gone. */
export const changesOf = (before: Variables, after: Variables) => ({
  set: Object.keys(after).filter((name) => before[name] !== after[name]),
  removed: Object.keys(before).filter((name) => !Object.hasOwn(after, name)),
});

/** These variables and no others. */
export const replaceVariables = (
  { database, clock, keyring }: Deps,
  application: Own,
  values: Variables,
): Promise<void> =>
  database.transaction(async (tx) => {
    const at = clock();
    const order = { ...own(application.id), values, at };
    const before = await replaceVariablesIn(tx, keyring, order);
    await recordVariables(tx, application, { ...changesOf(before, values), at });
  });

type Order = Place & { values: Variables; at: number };

/** The same inside a transaction, for either table; what was there before. */
export async function replaceVariablesIn(
  tx: Tx,
  keyring: Keyring,
  order: Order,
): Promise<Variables> {
  const ownerId = await requireApplication(tx, order);
  await refuseVariables(tx, keyring, { ...order, ownerId, present: [] });
  const before = await loadValues(tx, keyring, order);
  await deleteValues(tx, order.table, order.id);
  await writeVariables(tx, keyring, order);
  return before;
}

/** Removes a variable; one that is not there is fine. */
export const removeVariable = (
  { database, clock }: Pick<Deps, 'database' | 'clock'>,
  application: Own,
  name: string,
): Promise<void> =>
  database.transaction(async (tx) => {
    if (!(await deleteValue(tx, application.id, name))) return;
    await recordVariables(tx, application, { set: [], removed: [name], at: clock() });
  });

export async function setVariablesIn(tx: Tx, keyring: Keyring, order: Order): Promise<void> {
  const ownerId = await requireApplication(tx, order);
  const present = await selectValues(tx, order.table, order.id);
  await refuseVariables(tx, keyring, { ...order, ownerId, present });
  await writeVariables(tx, keyring, order);
}

/** Whoever changes variables of one application waits for the other: two could each wait for a row of the other's. */
async function requireApplication(tx: Tx, { id }: Place): Promise<OwnerId> {
  const ownerId = await takeApplication(tx, id);
  if (ownerId === undefined) throw new Refusal('not_found', `There is no application ${id}.`);
  return ownerId;
}

async function writeVariables(tx: Tx, keyring: Keyring, order: Order): Promise<void> {
  const sealed = Object.entries(order.values).map(([name, value]) => ({
    name,
    value: keyring.encrypt(value, context(order, name)),
  }));
  await upsertValues(tx, order, sealed);
}

type Checked = Order & { ownerId: OwnerId; present: readonly { name: string; value: string }[] };

/** Refuses what cannot be, or is too much beside what is there; before anything is encrypted. */
async function refuseVariables(tx: Tx, keyring: Keyring, order: Checked): Promise<void> {
  const { table, ownerId: of, values } = order;
  const [former, staying] = partition(order.present, ({ name }) => Object.hasOwn(values, name));
  const present = order.present.length;
  const adding = Object.keys(values).length - former.length;
  const name = table === 'environmentValues' ? 'variables' : 'exposed-variables';
  await requireNoMore(tx, name, { of, present, adding });
  for (const [variable, value] of Object.entries(values)) refuseVariable(variable, value);
  const bytes = bytesOf(keyring, former);
  await requireNoMore(tx, 'variable-bytes', {
    of,
    present: bytes + bytesOf(keyring, staying),
    adding: sizeOfVariables(values) - bytes,
  });
}

/** How many there are of what is set or exposed, and how large. */
export async function measureVariables(
  { database, keyring }: Pick<Deps, 'database' | 'keyring'>,
  { table, id }: Place,
): Promise<{ count: number; bytes: number }> {
  const values = await selectValues(database.read, table, id);
  return { count: values.length, bytes: bytesOf(keyring, values) };
}

const bytesOf = (keyring: Keyring, sealed: readonly { name: string; value: string }[]): number =>
  sealed.reduce((sum, { name, value }) => sum + Buffer.byteLength(name) + keyring.sizeOf(value), 0);

function partition<T>(all: readonly T[], isIn: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isIn), all.filter((one) => !isIn(one))];
}

/** Bytes of all names and values. */
export const sizeOfVariables = (values: Variables): number =>
  Object.entries(values).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );

function refuseVariable(name: string, value: string): void {
  if (!NAME.test(name) || name.length > LONGEST_NAME)
    throw new Refusal('invalid', `${JSON.stringify(name)} cannot be the name of a variable.`, {
      name: `must be 1 to ${LONGEST_NAME} letters, digits, "_", "." or "-"`,
    });
  if (value.includes('\0'))
    throw new Refusal('invalid', `The value of ${name} holds a NUL, which no environment can.`, {
      value: 'must not hold a NUL character',
    });
  if (Buffer.byteLength(value) > LARGEST_VALUE)
    throw new Refusal(
      'too_large',
      `The value of ${name} is larger than ${LARGEST_VALUE / 1024} KiB.`,
      {
        value: `must have at most ${LARGEST_VALUE / 1024} KiB`,
      },
    );
}
