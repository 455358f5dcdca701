import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A token and its secret; both made of `[A-Za-z0-9_-]`, since the CLI sends them as they are. */
export type TokenPair = { token: string; secret: string };

/**
 * So many random bytes in letters and digits alone: people give them to programs, which take what begins
 * with `-` for an option.
 */
export const randomWord = (bytes: number): string => randomBytes(bytes).toString('hex');

export const newTokenPair = (): TokenPair => ({ token: randomWord(18), secret: randomWord(32) });

/** What is kept of a secret of 256 random bits: a plain hash is enough. */
export const hashSecret = (secret: string): string =>
  createHash('sha256').update(secret).digest('hex');

/** Whether `secret` is the one whose hash is kept; takes as long either way. */
export const isSecret = (secret: string, hash: string): boolean =>
  timingSafeEqual(Buffer.from(hashSecret(secret)), Buffer.from(hash));

/** Longer than any header that says who somebody is. */
const LONGEST_HEADER = 4096;

/**
 * The token pair of an `Authorization` header, or undefined: OAuth 1 PLAINTEXT as the `clever` CLI
 * sends it (RFC 5849 §3.4.4: the signature is both secrets, joined by `&`), `Bearer token.secret`, or
 * Basic with the token as user (git).
 */
export function parseAuthorization(header: string): TokenPair | undefined {
  if (header.length > LONGEST_HEADER) return undefined;
  const [scheme = '', rest = ''] = splitOnce(header.trim(), ' ');
  switch (scheme.toLowerCase()) {
    case 'oauth':
      return parsePlaintext(rest);
    case 'bearer':
      return pair(splitOnce(rest.trim(), '.'));
    case 'basic':
      return pair(splitOnce(Buffer.from(rest.trim(), 'base64').toString('utf8'), ':'));
    default:
      return undefined;
  }
}

function parsePlaintext(parameters: string): TokenPair | undefined {
  const values = new Map(parameters.split(',').map(parseParameter));
  const method = values.get('oauth_signature_method');
  if (method !== undefined && method.toUpperCase() !== 'PLAINTEXT') return undefined;
  const [, secret] = (values.get('oauth_signature') ?? '').split(/%26|&/i);
  return pair([values.get('oauth_token'), secret]);
}

/** `name="value"`, with room around each; the value of one that is not quoted is none. */
function parseParameter(parameter: string): [name: string, value: string] {
  const [name, text = ''] = splitOnce(parameter, '=');
  const value = text.trim();
  const quoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
  return [name.trim(), quoted ? value.slice(1, -1) : ''];
}

const pair = ([token, secret]: readonly (string | undefined)[]): TokenPair | undefined =>
  token && secret && [token, secret].every((part) => /^[\w-]{8,128}$/.test(part))
    ? { token, secret }
    : undefined;

function splitOnce(text: string, separator: string): [string, string] | [string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
