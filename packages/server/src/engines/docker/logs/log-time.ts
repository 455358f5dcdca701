/** When a container wrote something, as exactly as the engine says it. */
export type LogTime = { seconds: number; nanoseconds: number };

export const compareTimes = (a: LogTime, b: LogTime): number =>
  a.seconds - b.seconds || a.nanoseconds - b.nanoseconds;

export const millisecondsOf = ({ seconds, nanoseconds }: LogTime): number =>
  seconds * 1000 + Math.floor(nanoseconds / 1e6);

/** As the engine wants it: `1700000000.000000001`. */
export const printTime = ({ seconds, nanoseconds }: LogTime): string =>
  `${seconds}.${String(nanoseconds).padStart(9, '0')}`;

export function parsePrinted(text: string): LogTime | undefined {
  const [, seconds, nanoseconds] = /^(\d+)\.(\d{9})$/.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  return { seconds: Number(seconds), nanoseconds: Number(nanoseconds) };
}

/** What is before the fraction: `2006-01-02T15:04:05`. */
const SECOND = 19;
const [DOT, ZERO, NINE] = [0x2e, 0x30, 0x39];

/**
 * Reads RFC 3339 with whatever fraction and zone, from `start` to `end`, or undefined where it is
 * something else. Messages of one second are many: what its text means is kept.
 */
export function createTimeReader() {
  const known = Buffer.alloc(SECOND);
  let knownZone = '';
  let seconds = Number.NaN;
  const isKnown = (bytes: Buffer, start: number): boolean => {
    for (let at = SECOND - 1; at >= 0; at -= 1) if (bytes[start + at] !== known[at]) return false;
    return true;
  };
  return (bytes: Buffer, start: number, end: number): LogTime | undefined => {
    const { nanoseconds, zoneAt } = readFraction(bytes, start + SECOND, end);
    const isUtc = end - zoneAt === 1;
    const zone = isUtc ? 'Z' : bytes.toString('latin1', zoneAt, end);
    if (zone !== knownZone || !isKnown(bytes, start)) {
      bytes.copy(known, 0, start, start + SECOND);
      knownZone = zone;
      seconds = Date.parse(`${known.toString('latin1')}${zone}`) / 1000;
    }
    return Number.isNaN(seconds) ? undefined : { seconds, nanoseconds };
  };
}

function readFraction(bytes: Buffer, start: number, end: number) {
  if (bytes[start] !== DOT) return { nanoseconds: 0, zoneAt: start };
  let at = start + 1;
  let digits = 0;
  for (; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < ZERO || byte > NINE) break;
    digits = digits * 10 + byte - ZERO;
  }
  return { nanoseconds: digits * 10 ** (9 - (at - start - 1)), zoneAt: at };
}
