import type { Clock } from '../lib/clock.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { request } from '../reconcile/queue.ts';
import type { Database } from '../store/database.ts';
import {
  deleteDomain,
  findDomainOwner,
  insertDomain,
  selectDomains,
  setFavourite,
} from './domain-store.ts';

/** A name, with an optional path, that an application answers at. */
export type Domain = {
  host: string;
  /** Starts with `/`. */
  pathPrefix: string;
  favourite: boolean;
};

type Deps = { database: Database; clock: Clock; platformHosts: readonly string[] };

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/** `host[/path]`, lower case, as it is kept. Refuses what is no host name. */
export function parseDomain(text: string): Pick<Domain, 'host' | 'pathPrefix'> {
  const [, host = '', path = ''] = /^([^/]*)(\/.*)?$/s.exec(text.trim()) ?? [];
  const name = host.toLowerCase();
  const labels = (name.startsWith('*.') ? name.slice(2) : name).split('.');
  const wrong =
    name.length > 253 || labels.length < 2 || !labels.every((label) => LABEL.test(label));
  if (wrong || !/^(\/[\w.~!$&'()*+,;=:@%-]*)*$/.test(path) || path.length > 1024)
    throw new Refusal('invalid', `${JSON.stringify(text)} is not a domain name.`, {
      fqdn: 'must be a host name with an optional path, such as example.com/api',
    });
  return { host: name, pathPrefix: path === '' ? '/' : path };
}

/** As clients write it: without the path where it is `/`. */
export const formatDomain = ({ host, pathPrefix }: Pick<Domain, 'host' | 'pathPrefix'>): string =>
  pathPrefix === '/' ? host : `${host}${pathPrefix}`;

export const listDomains = selectDomains;

/** Adds a domain; the same application's is fine. Refuses another's and the platform's own. */
export const addDomain = (
  { database, clock, platformHosts }: Deps,
  applicationId: ApplicationId,
  text: string,
): Promise<void> => {
  const domain = parseDomain(text);
  return database.transaction(async (tx) => {
    const owner = await findDomainOwner(tx, domain);
    if (owner?.applicationId === applicationId) return;
    if (owner !== undefined || platformHosts.includes(domain.host))
      throw new Refusal('conflict', `${formatDomain(domain)} is not available.`, {
        fqdn: 'is not available',
      });
    await insertDomain(tx, { ...domain, applicationId, at: clock() });
    await request(tx, 'routes', 'all', clock());
  });
};

export const removeDomain = (
  { database, clock }: Deps,
  applicationId: ApplicationId,
  text: string,
): Promise<void> =>
  database.transaction(async (tx) => {
    await deleteDomain(tx, applicationId, parseDomain(text));
    await request(tx, 'routes', 'all', clock());
  });

/** The domain that links lead to; undefined unsets it. Refuses one that the application has not. */
export const setFavouriteDomain = (
  { database }: Pick<Deps, 'database'>,
  applicationId: ApplicationId,
  text: string | undefined,
): Promise<void> =>
  database.transaction(async (tx) => {
    const domain = text === undefined ? undefined : parseDomain(text);
    const owner = domain && (await findDomainOwner(tx, domain));
    if (domain !== undefined && owner?.applicationId !== applicationId)
      throw new Refusal('not_found', `${text} is not a domain of this application.`);
    await setFavourite(tx, applicationId, domain);
  });
