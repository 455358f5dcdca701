import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';

/** A name, with an optional path, that an application answers at. */
export type Domain = {
  host: string;
  /** Starts with `/`. */
  pathPrefix: string;
  favourite: boolean;
};

/** Host and path alone. */
export type Address = Pick<Domain, 'host' | 'pathPrefix'>;

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/** `host[/path]`, lower case, as it is kept. Refuses what is no host name. */
export function parseDomain(text: string): Address {
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
export const formatDomain = ({ host, pathPrefix }: Address): string =>
  pathPrefix === '/' ? host : `${host}${pathPrefix}`;

/** `app-<uuid>` below the domain of applications. */
export const defaultDomain = (id: ApplicationId, applicationDomain: string): string =>
  `${id.replace('app_', 'app-')}.${applicationDomain}`;

const above = (host: string): string => host.slice(host.indexOf('.') + 1);

/** The wildcard that covers a host, which is the host itself where it is one. */
export const wildcardOf = (host: string): string => `*.${above(host)}`;

/** An address that somebody has, near one that is asked for. */
export type Held = Address & { applicationId: ApplicationId; ownerId: OwnerId };

/**
 * Whether an application may not have an address: it is the platform's, another application's default
 * one, or held. Names belong to owners: nobody else gets a path of a host, a wildcard over it, or a
 * name below a wildcard.
 */
export function isTaken(
  { host, pathPrefix }: Address,
  by: { applicationId: ApplicationId; ownerId: OwnerId },
  { platformHosts, held }: { platformHosts: readonly string[]; held: readonly Held[] },
): boolean {
  if (platformHosts.includes(host.replace(/^\*\./, ''))) return true;
  if (DEFAULT.test(host) && platformHosts.includes(above(host)))
    if (host !== defaultDomain(by.applicationId, above(host))) return true;
  return held.some(
    (one) =>
      one.ownerId !== by.ownerId ||
      (one.host === host &&
        one.pathPrefix === pathPrefix &&
        one.applicationId !== by.applicationId),
  );
}

const DEFAULT = /^app-[0-9a-f-]{36}\./;
