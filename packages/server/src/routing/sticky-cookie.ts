import type { Route, Upstream } from './route-table.ts';

const NAME = 'grid_instance';
const OURS = new RegExp(`(?:^|;)\\s*${NAME}=([\\w-]+)`, 'g');
const isOurs = (cookie: string): boolean => cookie.trimStart().startsWith(`${NAME}=`);

/** The instances that a client's cookies name: of several that are kept for different paths, the longest path first. */
export const namedInstances = (cookies: string | undefined): string[] =>
  cookies === undefined ? [] : Array.from(cookies.matchAll(OURS), ([, id = '']) => id);

/** The application's own cookies: it is not told of ours, and shows them to nobody. */
export const withoutOurs = (cookies: string): string =>
  cookies.includes(NAME)
    ? cookies
        .split(';')
        .filter((cookie) => !isOurs(cookie))
        .join(';')
        .trim()
    : cookies;

/** What binds a client to an instance; undefined where its cookies do already. */
export function bindTo(
  { instanceId }: Upstream,
  { pathPrefix }: Pick<Route, 'pathPrefix'>,
  { cookies, secure }: { cookies: string | undefined; secure: boolean },
): string | undefined {
  if (namedInstances(cookies).includes(instanceId)) return undefined;
  // of two applications at one name each has its own
  const path = pathPrefix.includes(';') ? '/' : pathPrefix;
  return `${NAME}=${instanceId}; Path=${path}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}
