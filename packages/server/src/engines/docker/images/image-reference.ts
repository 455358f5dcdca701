/**
 * An image's name as Docker understands it, whichever way it is written: the grammar and the defaults are those
 * of https://github.com/distribution/reference (`reference.go`, `normalize.go`).
 */
export type ImageReference = {
  /** The registry's host, in lower case, with its port where it has one. */
  domain: string;
  path: string;
  tag: string | undefined;
  digest: string | undefined;
};

const HUB = 'docker.io';

const LONGEST_NAME = 255;
const LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = new RegExp(String.raw`^(?:${LABEL}(?:\.${LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$`);
const COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,128}$/;

/**
 * Reads a name; undefined for what is none. An image's whole id is none either: it would lead to an image without
 * saying whose it is. The beginning of an id is a name like any other, and means a repository.
 */
export function parseReference(text: string): ImageReference | undefined {
  if (WHOLE_ID.test(text)) return undefined;
  const { rest: named, suffix: digest } = cut(text, text.indexOf('@'));
  const colon = named.lastIndexOf(':');
  const { rest: name, suffix: tag } = cut(named, colon > named.lastIndexOf('/') ? colon : -1);
  const { domain, path } = splitDomain(name);
  const holds =
    name.length <= LONGEST_NAME &&
    DOMAIN.test(domain) &&
    path.split('/').every((component) => COMPONENT.test(component)) &&
    (tag === undefined || TAG.test(tag)) &&
    (digest === undefined || DIGEST.test(digest));
  return holds ? { domain, path, tag, digest } : undefined;
}

const WHOLE_ID = /^(?:sha256:)?[0-9a-f]{64}$/i;

const cut = (text: string, at: number): { rest: string; suffix: string | undefined } =>
  at === -1
    ? { rest: text, suffix: undefined }
    : { rest: text.slice(0, at), suffix: text.slice(at + 1) };

/** What is before the first slash is a host where it looks like one; Docker Hub has two names. */
function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first;
  const written = isHost ? first.toLowerCase() : HUB;
  const rest = isHost ? name.slice(slash + 1) : name;
  const domain = written === `index.${HUB}` ? HUB : written;
  return { domain, path: domain === HUB && !rest.includes('/') ? `library/${rest}` : rest };
}

/** The one way to write it: no engine takes that for an id, or for a name of another place. */
export function canonicalName({ domain, path, tag, digest }: ImageReference): string {
  const shown = tag ?? (digest === undefined ? 'latest' : undefined);
  return `${domain}/${path}${shown === undefined ? '' : `:${shown}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** Whether an engine that looks for ids, too, could find an image by it: three digits of an id are enough. */
export const mayBeId = (text: string): boolean => /^(?:sha256:)?[0-9a-f]{1,64}$/i.test(text);

/** Images that the platform made: their names tell whose they are, and do not say that they may be had. */
export const isOurs = ({ domain, path }: ImageReference): boolean =>
  domain === HUB && path.startsWith('clever-grid/');

/** Those that read Dockerfiles for BuildKit; anybody else's could ask it for whatever it has. */
export const isDockerfileFrontend = ({ domain, path }: ImageReference): boolean =>
  domain === HUB && ['docker/dockerfile', 'docker/dockerfile-upstream'].includes(path);
