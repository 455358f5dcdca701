import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a browser says that one of the platform's own pages sent this. Applications are the same site, and
 * no more ours than others.
 */
export const isOwnOrigin = (headers: IncomingHttpHeaders): boolean => {
  const { origin, host, 'sec-fetch-site': site = SAME } = headers;
  return site === SAME && origin !== undefined && isOf(origin, host);
};

const SAME = 'same-origin';

const isOf = (origin: string, host: string | undefined): boolean =>
  URL.canParse(origin) && new URL(origin).host === host;
