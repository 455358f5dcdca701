import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { requireRoom } from '../limits/require-room.ts';
import { countOrganizations } from '../organizations/organization-store.ts';
import { askForLook } from '../reconcile/looks.ts';
import type { Database, Reader } from '../store/database.ts';
import { recordApplicationEvent } from './application-event.ts';
import { formatDomain, judgeAddress, parseDomain, proofNames, proofOf } from './domain.ts';
import type { Address, Asker, Verdict } from './domain.ts';
import {
  deleteDomain,
  insertDomain,
  listDomains,
  selectHeld,
  selectReserved,
  setFavourite,
} from './domain-store.ts';

export type DomainDeps = {
  database: Database;
  clock: Clock;
  platformHosts: readonly string[];
  /** `open`: whoever asks first for a name has it. `auto`: so while there is one organization. */
  domains: 'auto' | 'open' | 'proven';
  /** The texts of the records at any of these names; none where DNS does not answer in time. */
  readTxt(names: readonly string[]): Promise<readonly string[]>;
};

type Own = { id: ApplicationId; ownerId: OwnerId; by: Actor };
type Asked = Own & { operator: boolean };

/** Adds a domain; one that the application has is fine. Refuses what `judgeAddress` does not grant. */
export async function addDomain(deps: DomainDeps, asked: Asked, text: string): Promise<void> {
  const { database, clock } = deps;
  const domain = parseDomain(text);
  const by = { applicationId: asked.id, ownerId: asked.ownerId, operator: asked.operator };
  const isProven =
    (await judge(deps, database.read, { domain, by })) === 'unproven' &&
    (await deps.readTxt(proofNames(domain.host))).includes(proofOf(by.ownerId));
  await database.transaction(async (tx) => {
    // first, since it lets one at a time go on: two names near each other are on different rows
    await askForLook(tx, 'routes', 'all', clock());
    const own = await listDomains(tx, asked.id);
    if (own.some((one) => formatDomain(one) === formatDomain(domain))) return;
    const verdict = await judge(deps, tx, { domain, by });
    if (verdict !== 'granted' && !(verdict === 'unproven' && isProven))
      throw sayNo(verdict, domain, by);
    const count = async () => own.length;
    await requireRoom(tx, 'domains', { of: by.ownerId, within: asked.id, count });
    const at = clock();
    await insertDomain(tx, { ...domain, applicationId: asked.id, createdAt: at });
    const data = { domain: formatDomain(domain) };
    const event = { kind: 'application.domain_added', by: asked.by, at, data } as const;
    await recordApplicationEvent(tx, asked, event);
  });
}

async function judge(
  { platformHosts, domains }: DomainDeps,
  db: Reader,
  { domain, by }: { domain: Address; by: Asker },
): Promise<Verdict> {
  const alone = domains === 'auto' && (await countOrganizations(db)) <= 1;
  return judgeAddress(domain, by, {
    platformHosts,
    held: await selectHeld(db, domain.host),
    reserved: await selectReserved(db, domain.host),
    open: domains === 'open' || alone,
  });
}

function sayNo(verdict: Exclude<Verdict, 'granted'>, domain: Address, by: Asker): Refusal {
  const name = formatDomain(domain);
  const [record = `_clever-grid.${domain.host}`] = proofNames(domain.host);
  const sentences = {
    taken: `${name} is not available.`,
    operators: `${name} is not available: only the operator of the platform gives names here.`,
    unproven: `${name} is not proven to be yours: set the TXT record ${record} to "${proofOf(by.ownerId)}" and add it again, or ask the operator of the platform.`,
  };
  return new Refusal('conflict', sentences[verdict], {
    fqdn: verdict === 'unproven' ? 'is not proven to be yours' : 'is not available',
  });
}

/** Removes a domain, also one that would be refused today. */
export const removeDomain = (
  { database, clock }: Pick<DomainDeps, 'database' | 'clock'>,
  application: Own,
  text: string,
): Promise<void> =>
  database.transaction(async (tx) => {
    const own = await listDomains(tx, application.id);
    const written = text.trim().toLowerCase();
    const found = own.find((one) => formatDomain(one).toLowerCase() === written);
    const domain = found ?? parseDomain(text);
    await deleteDomain(tx, application.id, domain);
    const at = clock();
    await askForLook(tx, 'routes', 'all', at);
    if (found === undefined) return;
    const data = { domain: formatDomain(domain) };
    const event = { kind: 'application.domain_removed', by: application.by, at, data } as const;
    await recordApplicationEvent(tx, application, event);
  });

/** The domain that links lead to; undefined unsets it. Refuses one that the application has not. */
export const setFavouriteDomain = (
  { database, clock }: Pick<DomainDeps, 'database' | 'clock'>,
  application: Own,
  text: string | undefined,
): Promise<void> =>
  database.transaction(async (tx) => {
    const domain = text === undefined ? undefined : parseDomain(text);
    const own = await listDomains(tx, application.id);
    if (domain !== undefined && !own.some((one) => formatDomain(one) === formatDomain(domain)))
      throw new Refusal('not_found', `${text} is not a domain of this application.`);
    await setFavourite(tx, application.id, domain);
    await recordApplicationEvent(tx, application, {
      kind: 'application.favourite_domain_set',
      by: application.by,
      at: clock(),
      data: { domain: domain === undefined ? null : formatDomain(domain) },
    });
  });
