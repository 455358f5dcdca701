import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import { decodeTrace } from './buildkit-trace.ts';
import type { Vertex, VertexLog } from './buildkit-trace.ts';

export type Print = (stream: 'stdout' | 'stderr', text: string) => void;

/** A line of the answer to `POST /build`, of either builder. */
const BuildMessage = z.object({
  stream: z.string().optional(),
  id: z.string().optional(),
  aux: z.unknown().optional(),
  error: z.string().optional(),
  errorDetail: z.object({ code: z.number().optional(), message: z.string().optional() }).optional(),
});

export type BuildError = { message: string; code: number | undefined };

/** Prints what a builder says as steps and their output; answers the error that ends the build. */
export function createBuildReader(print: Print): (message: unknown) => BuildError | undefined {
  const classic = createClassicReader(print);
  const buildkit = createBuildKitReader(print);
  return (message) => {
    const { stream, id, aux, error, errorDetail } = BuildMessage.parse(message);
    if (id === 'moby.buildkit.trace' && typeof aux === 'string')
      buildkit(Buffer.from(aux, 'base64'));
    else if (stream !== undefined) classic(stream);
    const text = errorDetail?.message ?? error;
    return text === undefined ? undefined : { message: text, code: errorDetail?.code };
  };
}

/** The classic builder names a step and says after that whether it has to do it. */
function createClassicReader(print: Print): (text: string) => void {
  let step: string | undefined;
  return (text) => {
    const [, place, instruction] = /^Step (\d+\/\d+) : (.*)$/s.exec(text) ?? [];
    if (place !== undefined && instruction !== undefined) {
      step = `[${place}] ${instruction}\n`;
      return;
    }
    if (text === '\n' && step !== undefined) return;
    if (step !== undefined) {
      print('stdout', text === ' ---> Using cache\n' ? `CACHED ${step}` : step);
      step = undefined;
    }
    if (CLASSIC_NOISE.some((noise) => noise.test(text))) return;
    const stream = text.startsWith('\u001b[91m') ? 'stderr' : 'stdout';
    print(stream, stripVTControlCharacters(text));
  };
}

const CLASSIC_NOISE = [
  /^ ---> ([0-9a-f]{12}|Using cache|Running in [0-9a-f]{12})?\n$/,
  /^Removing intermediate container [0-9a-f]{12}\n$/,
  /^Successfully (built|tagged) \S+\n$/,
  /^\[Warning\] One or more build-args .* were not consumed\n$/,
];

/** BuildKit says each step again and again; those that it needs for itself are left out. */
function createBuildKitReader(print: Print): (trace: Uint8Array) => void {
  const printed = new Set<string>();
  const decoders = new Map<string, StringDecoder>();

  function printStep({ digest, name, cached, started }: Vertex): void {
    if (!started || printed.has(digest) || !/^\[(?!internal\])/.test(name)) return;
    printed.add(digest);
    print('stdout', `${cached ? 'CACHED ' : ''}${name}\n`);
  }

  function printLog({ vertex, stream, message }: VertexLog): void {
    const source = `${vertex} ${stream}`;
    const decoder = decoders.get(source) ?? new StringDecoder();
    decoders.set(source, decoder);
    print(stream, decoder.write(Buffer.from(message)));
  }

  return (bytes) => {
    const { vertexes, logs } = decodeTrace(bytes);
    vertexes.forEach(printStep);
    logs.forEach(printLog);
  };
}
