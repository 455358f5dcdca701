import type { Route, RouteTable } from './route-table.ts';

/** A table that is quick to ask: routes by host, the longest path first. */
export type RouteIndex = {
  table: RouteTable;
  platform: ReadonlySet<string>;
  hosts: ReadonlyMap<string, readonly Route[]>;
};

export function indexRoutes(table: RouteTable): RouteIndex {
  const hosts = Map.groupBy(table.routes, ({ host }) => host);
  for (const routes of hosts.values())
    routes.sort((a, b) => b.pathPrefix.length - a.pathPrefix.length);
  return { table, platform: new Set(table.platformHosts), hosts };
}

/** `Host` without its port and the root's dot, lower case. */
export const hostName = (header: string | undefined): string =>
  (header ?? '').toLowerCase().replace(/\.?(:\d*)?$/, '');

const isAddress = (host: string): boolean => /^(\d+\.){3}\d+$|^\[.*\]$|^$/.test(host);

/** Where a request goes: to the platform itself, along a route, or nowhere. */
export function findRoute(
  index: RouteIndex,
  host: string,
  path: string,
): 'platform' | Route | undefined {
  if (index.platform.has(host) || isAddress(host)) return 'platform';
  const routes =
    index.hosts.get(host) ?? index.hosts.get(`*.${host.slice(host.indexOf('.') + 1)}`) ?? [];
  return routes.find(({ pathPrefix }) => covers(pathPrefix, path));
}

/** `/api` covers `/api`, `/api/` and `/api?x`, not `/apis`. */
function covers(prefix: string, path: string): boolean {
  if (prefix === '/' || !path.startsWith(prefix)) return prefix === '/';
  return prefix.endsWith('/') || ['', '/', '?', '#'].includes(path.charAt(prefix.length));
}
