import { domainToASCII } from 'node:url';
import { parse as parseSuffix } from 'tldts';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Row } from '../store/schema.ts';

/** A name, with an optional path, that an application answers at. */
export type Domain = Row<'domains'>;

/** Host and path alone. */
export type Address = Pick<Domain, 'host' | 'pathPrefix'>;

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
/** What ends in a number is an address to browsers (`127.1`, `0x7f.1`). */
const TOP = /^(?!\d+$|0x[\da-f]*$)/;
const MEANS_SOMETHING_ELSE = /[\s\p{Cc}%/:@#?<>[\]\\^|]/u;

/**
 * `host[/path]` as it is kept: in lower case, as DNS has it (`xn--…`), without the root's dot. Refuses what is no
 * host name, and names that nobody can own.
 */
export function parseDomain(text: string): Address {
  const [, written = '', path = ''] = /^([^/]*)(\/.*)?$/s.exec(text.trim()) ?? [];
  const wildcard = written.startsWith('*.') ? '*.' : '';
  const name = parseHost(written.slice(wildcard.length));
  const pathPrefix = parsePath(path);
  if (name === undefined || pathPrefix === undefined || wildcard.length + name.length > 253)
    throw new Refusal('invalid', `${JSON.stringify(text)} is not a domain name.`, {
      fqdn: 'must be a host name with an optional path, such as example.com/api',
    });
  if (isPublicSuffix(name))
    throw new Refusal('invalid', `${name} is a name that everybody’s names end with.`, {
      fqdn: 'must be a name below it',
    });
  return { host: wildcard + name, pathPrefix };
}

function parseHost(written: string): string | undefined {
  if (MEANS_SOMETHING_ELSE.test(written)) return undefined;
  const name = domainToASCII(written).replace(/\.$/, '');
  const labels = name.split('.');
  const whole = labels.length >= 2 && labels.every((label) => LABEL.test(label));
  return whole && TOP.test(labels.at(-1) ?? '') ? name : undefined;
}

/** A path without what browsers take out of it (`..`, `//`) and without its last slash. */
function parsePath(path: string): string | undefined {
  const segments = path.split('/').slice(1);
  if (segments.at(-1) === '') segments.pop();
  const plain = segments.map(decodeUnreserved);
  const wrong = (segment: string): boolean =>
    !/^([\w.~!$&'()*+,;=:@-]|%[\dA-F]{2})+$/.test(segment) || /^\.{1,2}$/.test(segment);
  return path.length > 1024 || plain.some(wrong) ? undefined : `/${plain.join('/')}`;
}

/** What needs no escape has none, and the others are written in one way (RFC 3986 §6.2.2). */
const decodeUnreserved = (segment: string): string =>
  segment.replaceAll(/%[\da-f]{2}/gi, (escape) => {
    const character = String.fromCodePoint(Number.parseInt(escape.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : escape.toUpperCase();
  });

const isPublicSuffix = (name: string): boolean => {
  const { publicSuffix, isIcann, isPrivate } = parseSuffix(name, { allowPrivateDomains: true });
  return publicSuffix === name && (isIcann === true || isPrivate === true);
};

/** As clients write it: without the path where it is `/`. */
export const formatDomain = ({ host, pathPrefix }: Address): string =>
  pathPrefix === '/' ? host : `${host}${pathPrefix}`;

/** `app-<uuid>` below the domain of applications. */
export const defaultDomain = (id: ApplicationId, applicationDomain: string): string =>
  `${id.replace('app_', 'app-')}.${applicationDomain}`;

/** The name that a wildcard is of; any other is itself. */
export const baseOf = (host: string): string => host.replace(/^\*\./, '');

/** A name and all above it, the nearest first; the last has no dot. */
export function itselfAndAbove(name: string): string[] {
  const labels = name.split('.');
  return labels.map((_, at) => labels.slice(at).join('.'));
}

const isBelow = (name: string, above: string): boolean => name.endsWith(`.${above}`);

/** An address that somebody has, above, at or below one that is asked for. */
export type Held = Address & { applicationId: ApplicationId; ownerId: OwnerId };

/** A name that the operator has given, with all below it, to an owner; or keeps from everybody. */
export type Reserved = { host: string; ownerId: OwnerId | null };

/** Who asks for an address. */
export type Asker = {
  applicationId: ApplicationId;
  ownerId: OwnerId;
  /** An operator asks: their own word is enough. */
  operator: boolean;
};

export type Known = {
  platformHosts: readonly string[];
  held: readonly Held[];
  reserved: readonly Reserved[];
  /** Whether a name of the world is whoever's asks first. */
  open: boolean;
};

/** Names that mean something else on each machine and network: no record in DNS proves whose they are. */
const LOCAL = ['localhost', 'local', 'internal', 'arpa', 'onion', 'invalid'];

/** `granted`: may be had. `unproven`: may be had by whoever proves that it is theirs. The others say no. */
export type Verdict = 'granted' | 'taken' | 'unproven' | 'operators';

/**
 * Whether an application may have an address. Names belong to owners: nobody else gets a path of a host, a name
 * below it, or one above it, whose cookies would be its own too.
 */
export function judgeAddress({ host, pathPrefix }: Address, by: Asker, known: Known): Verdict {
  const { platformHosts, reserved } = known;
  const name = baseOf(host);
  if (platformHosts.includes(name)) return 'taken';
  const above = itselfAndAbove(name).find((one) => platformHosts.includes(one));
  if (above !== undefined && DEFAULT.test(name.slice(0, -above.length)))
    return host === defaultDomain(by.applicationId, above) ? 'granted' : 'taken';
  if (isHeldByOthers({ host, pathPrefix }, by, known)) return 'taken';
  const given = itselfAndAbove(name).flatMap((one) =>
    reserved.filter((given) => given.host === one),
  )[0];
  if (given !== undefined) return given.ownerId === by.ownerId ? 'granted' : 'taken';
  if (by.operator) return 'granted';
  const around = above !== undefined || platformHosts.some((one) => isBelow(one, name));
  if (around || LOCAL.includes(itselfAndAbove(name).at(-1) ?? '')) return 'operators';
  return known.open && host === name ? 'granted' : 'unproven';
}

/** `app-<uuid>.` alone, as default names begin. */
const DEFAULT = /^app-[0-9a-f-]{36}\.$/;

/** Default names are below the platform's, whoever has a name above that: operators alone give it. */
function isHeldByOthers(asked: Address, by: Asker, { platformHosts, held }: Known): boolean {
  const isPlatforms = (host: string): boolean => platformHosts.some((one) => isBelow(host, one));
  return held
    .filter(({ host }) => isPlatforms(asked.host) || !isPlatforms(host))
    .some(
      (one) =>
        one.ownerId !== by.ownerId ||
        (one.host === asked.host &&
          one.pathPrefix === asked.pathPrefix &&
          one.applicationId !== by.applicationId),
    );
}

/** The record that proves whose a name is, at the name or any above it. */
export const proofOf = (ownerId: OwnerId): string => `clever-grid=${ownerId}`;

/** Where the record may be: at each name from this one up to the one that is registered. */
export function proofNames(host: string): string[] {
  const { domain } = parseSuffix(baseOf(host), { allowPrivateDomains: true });
  return itselfAndAbove(baseOf(host))
    .filter((name) => domain !== null && (name === domain || isBelow(name, domain)))
    .slice(-8)
    .map((name) => `_clever-grid.${name}`);
}
