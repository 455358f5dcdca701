import { z } from 'zod';
import { SECOND } from '../lib/duration.ts';

/** A run that is over, as some record has it; times in ms. */
export type PastRun = {
  at: number;
  duration: number;
  /** How long it was expected to take; undefined where nobody said. */
  estimate: number | undefined;
  nodes: number;
  /** Of each node, and so is the memory. */
  gpus: number;
  memoryMiB: number;
  /** Undefined where any devices will do. */
  deviceClass: string | undefined;
};

export type PastRuns = {
  runs: readonly PastRun[];
  /** How many lines tell of nothing that ran: their time or their size is not known. */
  unknown: number;
};

/** A line that is neither of the two formats, with what is wrong in it. */
export class UnreadableRuns extends Error {
  override readonly name = 'UnreadableRuns';
}

/**
 * Reads what ran from a file's text: our own records, one object of JSON a line, or Feitelson's Standard
 * Workload Format, version 2. Throws UnreadableRuns, with the line.
 */
export function parsePastRuns(text: string): PastRuns {
  const lines = text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith(';'));
  const parseLine = lines[0]?.line.startsWith('{') === true ? parseRecord : parseStandard;
  const all = lines.map(({ line, number }) => parseLine(line, number));
  const runs = all.filter((one) => one !== undefined);
  return { runs, unknown: all.length - runs.length };
}

/** What the platform calls the devices of a class that no mapping tells apart. */
const ANY_GPU = 'gpu';

const whole = z.int().min(0);

const record = z.object({
  createdAt: whole,
  duration: whole,
  estimate: whole.nullish(),
  nodes: z.int().min(1).default(1),
  gpus: whole.default(0),
  memory: whole.default(0),
  class: z.string().nullish(),
});

function parseRecord(line: string, number: number): PastRun {
  const parsed = record.safeParse(parseJson(line, number));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UnreadableRuns(`Line ${number}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { createdAt: at, duration, estimate, nodes, gpus, memory, class: named } = parsed.data;
  return {
    at,
    duration,
    estimate: estimate ?? undefined,
    nodes,
    gpus,
    memoryMiB: memory,
    deviceClass: named === ANY_GPU ? undefined : (named ?? undefined),
  };
}

function parseJson(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new UnreadableRuns(`Line ${number} is no JSON.`);
  }
}

/** What its 18 columns are; -1 where something is not known. */
const COLUMNS = 18;

/**
 * A processor counts as a GPU, wherever it is: a node of its own. Memory is that of other machines, and
 * does not count.
 */
function parseStandard(line: string, number: number): PastRun | undefined {
  const columns = line.split(/\s+/).map(Number);
  if (columns.length !== COLUMNS || columns.some((value) => !Number.isFinite(value)))
    throw new UnreadableRuns(
      `Line ${number} has not the ${COLUMNS} numbers of the Standard Workload Format.`,
    );
  const column = (place: number): number => columns[place - 1] ?? -1;
  const [submitted, took, allocated] = [column(2), column(4), column(5)];
  const [requested, requestedTime] = [column(8), column(9)];
  const processors = requested > 0 ? requested : allocated;
  if (submitted < 0 || took < 0 || processors < 1) return undefined;
  return {
    at: submitted * SECOND,
    duration: took * SECOND,
    estimate: requestedTime > 0 ? requestedTime * SECOND : undefined,
    nodes: processors,
    gpus: 1,
    memoryMiB: 0,
    deviceClass: undefined,
  };
}
