/** What BuildKit says of a build under way: a `StatusResponse`, of which the rest is not read. */
export type Trace = { vertexes: readonly Vertex[]; logs: readonly VertexLog[] };

/** A step of the build, said again each time that something of it changes. */
export type Vertex = { digest: string; name: string; cached: boolean; started: boolean };

export type VertexLog = { vertex: string; stream: 'stdout' | 'stderr'; message: Uint8Array };

/** Decodes protocol buffers by the numbers in BuildKit's `control.proto`. */
export function decodeTrace(bytes: Uint8Array): Trace {
  const fields = readFields(bytes);
  return {
    vertexes: parts(fields, 1).map(readVertex),
    logs: parts(fields, 3).map(readLog),
  };
}

function readVertex(bytes: Uint8Array): Vertex {
  const fields = readFields(bytes);
  return {
    digest: textOf(fields, 1),
    name: textOf(fields, 3),
    cached: numberOf(fields, 4) === 1,
    started: parts(fields, 5).length > 0,
  };
}

function readLog(bytes: Uint8Array): VertexLog {
  const fields = readFields(bytes);
  return {
    vertex: textOf(fields, 1),
    stream: numberOf(fields, 3) === 2 ? 'stderr' : 'stdout',
    message: parts(fields, 4)[0] ?? new Uint8Array(),
  };
}

type Field = { number: number; value: number | Uint8Array };

function readFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length;) {
    const key = readNumber(bytes, at);
    const { value, next } = readValue(bytes, key.next, key.value % 8);
    fields.push({ number: Math.floor(key.value / 8), value });
    at = next;
  }
  return fields;
}

function readValue(bytes: Uint8Array, at: number, kind: number) {
  if (kind === 0) return readNumber(bytes, at);
  const length =
    kind === 2 ? readNumber(bytes, at) : { value: FIXED[kind] ?? bytes.length, next: at };
  const next = length.next + length.value;
  if (next > bytes.length) throw new RangeError('a message of BuildKit that is cut off');
  return { value: bytes.subarray(length.next, next), next };
}

/** How long what has no length of its own is. */
const FIXED: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/** Seven bits a byte, the lowest first; what is beyond 2^53 is not exact, and nothing here is. */
function readNumber(bytes: Uint8Array, from: number): { value: number; next: number } {
  let value = 0;
  let place = 1;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * place;
    if (byte < 0x80) return { value, next: at + 1 };
    place *= 0x80;
  }
  throw new RangeError('a message of BuildKit that is cut off');
}

const parts = (fields: readonly Field[], number: number): Uint8Array[] =>
  fields.flatMap((field) =>
    field.number === number && typeof field.value !== 'number' ? [field.value] : [],
  );

const textOf = (fields: readonly Field[], number: number): string =>
  new TextDecoder().decode(parts(fields, number)[0]);

const numberOf = (fields: readonly Field[], number: number): number | undefined => {
  const found = fields.find((field) => field.number === number)?.value;
  return typeof found === 'number' ? found : undefined;
};
