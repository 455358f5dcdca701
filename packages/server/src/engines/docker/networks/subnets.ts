import { createHash } from 'node:crypto';

/** An IPv4 network, as a number and how many of its bits count. */
export type Subnet = { address: number; bits: number };

/** Blocks of 1,022 addresses below 10.64.0.0/10, which few use: 4,096 of them. */
const FIRST = ipv4('10.64.0.0');
const BITS = 22;
const BLOCKS = 4096;
const TRIES = 32;

/** Where an owner's network may be, the likeliest first; none that overlaps with what is taken. */
export function candidateSubnets(owner: string, taken: readonly Subnet[]): string[] {
  return Array.from({ length: TRIES }, (_, nth) => {
    const hash = createHash('sha256').update(`${owner} ${nth}`).digest();
    return { address: FIRST + (hash.readUInt16BE(0) % BLOCKS) * 2 ** (32 - BITS), bits: BITS };
  })
    .filter((subnet) => !taken.some((other) => overlaps(subnet, other)))
    .map(({ address, bits }) => `${dotted(address)}/${bits}`);
}

/** What of a subnet the engine gives to containers that are started without an address: its lower half. */
export function lowerHalf(subnet: string): string {
  const { address, bits } = parseSubnet(subnet);
  return `${dotted(address)}/${bits + 1}`;
}

/** Its upper half, one by one; those that look like a network or a broadcast are left out. */
export function upperHalf(subnet: string): string[] {
  const { address, bits } = parseSubnet(subnet);
  const size = 2 ** (32 - bits);
  return Array.from({ length: size / 2 }, (_, nth) => address + size / 2 + nth)
    .filter((one) => one % 256 !== 0 && one % 256 !== 255)
    .map(dotted);
}

function parseSubnet(text: string): Subnet {
  const [address = '', bits] = text.split('/');
  return { address: ipv4(address), bits: Number(bits) };
}

function overlaps(one: Subnet, other: Subnet): boolean {
  const size = 2 ** (32 - Math.min(one.bits, other.bits));
  return Math.floor(one.address / size) === Math.floor(other.address / size);
}

/** What this machine has routes to, the way out left aside (`/proc/net/route`). */
export function parseRoutes(text: string): Subnet[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length > 7)
    .map((fields) => ({ address: little(fields[1]), mask: little(fields[7]) }))
    .map(({ address, mask }) => ({ address, bits: 32 - Math.log2(2 ** 32 - mask) }))
    .filter(({ bits }) => bits > 0);
}

/** Eight hexadecimal digits, the last byte first. */
const little = (digits = ''): number => Buffer.from(digits.padStart(8, '0'), 'hex').readUInt32LE(0);

function ipv4(text: string): number {
  return text.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

const dotted = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
