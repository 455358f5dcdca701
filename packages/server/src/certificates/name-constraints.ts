import { isIP } from 'node:net';

const SEQUENCE = 0x30;
const PERMITTED = 0xa0;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

/** The names and addresses that an authority may vouch for (RFC 5280 §4.2.1.10); a name permits all below it. */
export function constrainTo(names: readonly string[]): Buffer {
  const tops = new Set(names.map((name) => name.replace(/^\*\./, '')));
  const subtrees = [...tops].map((name) => encode(SEQUENCE, subtree(name)));
  return encode(SEQUENCE, encode(PERMITTED, Buffer.concat(subtrees)));
}

function subtree(name: string): Buffer {
  if (isIP(name) === 0) return encode(DNS_NAME, Buffer.from(name, 'ascii'));
  const address = addressBytes(name);
  return encode(IP_ADDRESS, Buffer.concat([address, Buffer.alloc(address.length, 0xff)]));
}

/** Of `127.0.0.1` and `::1`. */
const addressBytes = (address: string): Buffer =>
  isIP(address) === 4
    ? Buffer.from(address.split('.').map(Number))
    : Buffer.concat([Buffer.alloc(15), Buffer.from([Number(address.slice(2))])]);

/** DER: a tag, the length, the bytes. */
function encode(tag: number, bytes: Buffer): Buffer {
  const { length } = bytes;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), bytes]);
}
