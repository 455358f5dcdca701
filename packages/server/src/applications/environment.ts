import type { Kysely } from 'kysely';
import type { Clock } from '../lib/clock.ts';
import type { Keyring } from '../lib/encryption.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database, Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import {
  deleteValue,
  deleteValues,
  selectValues,
  takeApplication,
  upsertValue,
} from './environment-store.ts';
import type { ValueTable } from './environment-store.ts';

export type Variables = Readonly<Record<string, string>>;

type Deps = { database: Database; clock: Clock; keyring: Keyring };

const LONGEST_NAME = 256;
const LARGEST_VALUE = 64 * 1024;
const LARGEST_TOTAL = 512 * 1024;
/** Names with dots and dashes are allowed: they reach Java as system properties. One means another thing to objects. */
const NAME = /^(?!__proto__$)[A-Za-z0-9._-]+$/;

type Place = { table: ValueTable; id: ApplicationId };

const context = ({ table, id }: Place, name: string) => `${table}/${id}/${name}`;

/** The application's own variables. */
export const loadEnvironment = (
  db: Kysely<Schema>,
  keyring: Keyring,
  id: ApplicationId,
): Promise<Variables> => loadValues(db, keyring, { table: 'environment_values', id });

/** Its own variables, or those that it exposes. */
export async function loadValues(
  db: Kysely<Schema>,
  keyring: Keyring,
  place: Place,
): Promise<Variables> {
  const rows = await selectValues(db, place.table, place.id);
  return Object.fromEntries(
    rows.map(({ name, value }) => [name, keyring.decrypt(value, context(place, name))]),
  );
}

/** Sets these variables and leaves the others. They count from the next deployment on. */
export const setVariables = (
  { database, clock, keyring }: Deps,
  applicationId: ApplicationId,
  values: Variables,
): Promise<void> =>
  database.transaction((tx) =>
    setVariablesIn(tx, keyring, { ...own(applicationId), values, at: clock() }),
  );

const own = (id: ApplicationId): Place => ({ table: 'environment_values', id });

/** These variables and no others. */
export const replaceVariables = (
  { database, clock, keyring }: Deps,
  applicationId: ApplicationId,
  values: Variables,
): Promise<unknown> =>
  database.transaction((tx) =>
    replaceVariablesIn(tx, keyring, { ...own(applicationId), values, at: clock() }),
  );

type Order = Place & { values: Variables; at: number };

/** The same inside a transaction, for either table; what was there before. */
export async function replaceVariablesIn(
  tx: Tx,
  keyring: Keyring,
  order: Order,
): Promise<Variables> {
  await demandApplication(tx, order);
  const before = await loadValues(tx, keyring, order);
  await deleteValues(tx, order.table, order.id);
  await writeVariables(tx, keyring, order);
  return before;
}

/** Removes a variable; one that is not there is fine. */
export const removeVariable = (
  { database }: Pick<Deps, 'database'>,
  applicationId: ApplicationId,
  name: string,
): Promise<unknown> => database.transaction((tx) => deleteValue(tx, applicationId, name));

export async function setVariablesIn(tx: Tx, keyring: Keyring, order: Order): Promise<void> {
  await demandApplication(tx, order);
  await writeVariables(tx, keyring, order);
}

/** Whoever changes variables of one application waits for the other: two could each wait for a row of the other's. */
async function demandApplication(tx: Tx, { id }: Place): Promise<void> {
  if (!(await takeApplication(tx, id)))
    throw new Refusal('not_found', `There is no application ${id}.`);
}

async function writeVariables(tx: Tx, keyring: Keyring, order: Order): Promise<void> {
  const { table, id, at } = order;
  for (const [name, value] of Object.entries(order.values)) {
    refuseVariable(name, value);
    const sealed = keyring.encrypt(value, context(order, name));
    await upsertValue(tx, table, { applicationId: id, name, value: sealed, at });
  }
  const total = Object.entries(await loadValues(tx, keyring, order))
    .map(([name, value]) => Buffer.byteLength(name) + Buffer.byteLength(value))
    .reduce((a, b) => a + b, 0);
  if (total > LARGEST_TOTAL)
    throw new Refusal('too_large', `All variables together may have ${LARGEST_TOTAL / 1024} KiB.`);
}

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
