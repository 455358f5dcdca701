import type { IncomingMessage } from 'node:http';
import { networkOf } from '../lib/network-of.ts';
import { isLoopback } from '../routing/forwarded-headers.ts';

/**
 * The router writes who asks it behind what is said of others. Where that is a proxy on this machine, which
 * alone the router believes, it is whom the proxy names last.
 */
export function clientAddress({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const said = String(headers['x-forwarded-for'] ?? '').split(',');
  const [before, last] = said.slice(-2).map((address) => address.trim());
  if (last === undefined) return before || undefined;
  return isLoopback(last) ? before : last;
}

/** The client as limits count it: its network, or `local` for whoever is on this machine. */
export function clientOf(request: Pick<IncomingMessage, 'headers'>): string {
  const address = clientAddress(request);
  return address === undefined ? 'local' : networkOf(address);
}
