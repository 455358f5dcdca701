import type { Exit, InstanceSpec } from '../../workloads/engine.ts';

/** What becomes of an instance. */
export type Fate = {
  /** How long it runs by itself, in ms; undefined: until it is ended. */
  runsFor?: number;
  /** How it ends then; well, where nothing is said. */
  exit?: Partial<Pick<Exit, 'exitCode' | 'signal' | 'reason' | 'detail'>>;
  /** Whether a Webapp's answers on its port; it does where nothing is said. */
  serves?: boolean;
};

type Fated = { spec: InstanceSpec; startedAt: number; fate: Fate };

/** When and how the instance ends, or undefined for one that goes on until it is ended. */
export function exitAt({ spec, startedAt, fate }: Fated): Exit | undefined {
  if (fate.runsFor === undefined) return undefined;
  const { exitCode = 0, signal, reason = 'exited', detail } = fate.exit ?? {};
  const code = signal === undefined && reason === 'exited' ? exitCode : undefined;
  return {
    at: startedAt + fate.runsFor,
    exitCode: code,
    signal,
    reason,
    step: spec.command.name,
    detail,
  };
}

/** One that is ended now, because it was asked to. */
export const stopped = ({ startedAt }: Fated, now: number): Fate => ({
  runsFor: now - startedAt,
  exit: { reason: 'stopped' },
});
