import type { IncomingHttpHeaders } from 'node:http';

/** Whether a browser says that one of the platform's own pages sent this. */
export const isOwnOrigin = ({ origin, host }: IncomingHttpHeaders): boolean =>
  origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;
