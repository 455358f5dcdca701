import { Unavailable } from '../../../lib/unavailable.ts';
import type { Exit } from '../../../workloads/engine.ts';
import { DockerError } from '../client.ts';
import { isAddressTaken } from '../retry-transient.ts';

type Told = Pick<Exit, 'reason'> & Partial<Pick<Exit, 'exitCode' | 'detail' | 'step'>>;

/** An instance is over before there is a container that could say so. */
export class EarlyExit extends Error {
  override readonly name = 'EarlyExit';
  readonly told: Told;

  constructor(told: Told) {
    super(told.detail);
    this.told = told;
  }
}

/** What a start that came to nothing is to the user; an engine that is away is not that, and thrown on. */
export function exitOfStart(error: unknown, at: number): Exit {
  if (error instanceof Unavailable || !(error instanceof Error)) throw error;
  const end = { at, exitCode: undefined, signal: undefined, step: '', detail: undefined };
  if (error instanceof EarlyExit) return { ...end, ...error.told };
  if (isAddressTaken(error)) return { ...end, reason: 'start_failed', detail: TAKEN };
  const { message } = error;
  if (!(error instanceof DockerError))
    return { ...end, reason: 'start_failed', detail: `start_failed: ${message}` };
  if (/no space left on device/.test(message))
    return { ...end, reason: 'disk_full', detail: `disk_full: ${ENGINE_FULL} (${message}).` };
  const cause = /could not select device driver|CDI device/.test(message)
    ? `${WITHOUT_GPUS} (${message}).`
    : message;
  return { ...end, reason: 'start_failed', detail: `start_failed: ${cause}` };
}

const TAKEN = 'start_failed: its address is taken by another instance of its owner.';
const ENGINE_FULL = 'the disk of the Docker engine is full; its operator can free some';

const WITHOUT_GPUS =
  "the Docker engine cannot give GPUs to containers; its operator can install NVIDIA's container toolkit";
