const GROUPS = 8;
const OF_NETWORK = 4;

/**
 * Whose an address is, as far as it tells: of IPv6 one household has 2⁶⁴ of them. One of IPv4 that is written as
 * one of IPv6 (`::ffff:192.0.2.1`) is itself.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  if (address.includes('.')) return address.slice(address.lastIndexOf(':') + 1);
  const [bare = ''] = address.toLowerCase().split('%');
  const [head = '', tail] = bare.split('::');
  const [before, after] = [head, tail ?? ''].map((part) => part.split(':').filter(Boolean));
  const missing = Math.max(0, GROUPS - (before?.length ?? 0) - (after?.length ?? 0));
  const groups = [...(before ?? []), ...Array<string>(missing).fill('0'), ...(after ?? [])];
  return groups
    .slice(0, OF_NETWORK)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
