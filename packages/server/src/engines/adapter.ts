import type { Clock } from '../lib/clock.ts';
import type { Finding, FindProgram } from '../lib/finding.ts';
import type { Settings } from '../lib/setting.ts';
import type { Log } from '../lib/log.ts';
import type { KnownEngine } from '../workloads/choose-engine.ts';
import type {
  Engine,
  Entrance,
  ImageKeeper,
  Meter,
  NodeNetwork,
  NumberKeeper,
} from '../workloads/engine.ts';

/**
 * An engine that operators can have: how it is found and opened, and what is said of it. What opens it is loaded when
 * it is asked for, since the command line knows the table too.
 */
export type EngineAdapter<Values> = KnownEngine & {
  /** What instances run in, for operators who choose. */
  means: string;
  /** What can be set of it alone. */
  settings: Settings;
  /** Undefined where there is none, and never was. Throws `CannotStart` where the settings ask for it in vain. */
  open(settings: Values, opening: Opening): Promise<OpenEngine | undefined>;
  /** As it was opened last, to end what it has; undefined where it never was. */
  reopen(opening: Opening): Promise<OpenEngine | undefined>;
  /** What `grid doctor` says of it. */
  diagnose(settings: Values, machine: SeenMachine): Promise<readonly Finding[]>;
};

export type Opening = {
  /** Where engines keep what they know. */
  directory: string;
  clock: Clock;
  log: Log;
};

/** An engine of this platform; it need not answer just now. */
export type OpenEngine = {
  engine: Engine & Entrance & NodeNetwork & Meter & Partial<ImageKeeper & NumberKeeper>;
  /** Whether what is new may run on it; what runs there is kept in any case. */
  offered: boolean;
  /** Whether instances are kept apart from each other and from this machine. */
  isolated: boolean;
  /** Whether the kernel holds instances to their memory; else it is looked at, and some of it nobody can see. */
  exact: boolean;
  /** What is missing, in words with the command that adds it. */
  warnings: readonly string[];
  /** Said by the engine that every platform has. */
  machine?: Machine;
  /** Ends what holds instances, when there are none any more. */
  dissolve(signal: AbortSignal): Promise<void>;
  /** Stops listening; what runs goes on. */
  close(): void;
};

/** What an engine knows of this machine, and others need. */
export type Machine = {
  memoryMiB: number;
  /** The Python that the platform's own programs run with. */
  python: string;
  /** Where instances are to be reached from; undefined for right here. */
  namespaces: { userns: string; netns: string } | undefined;
};

/** What of this machine is looked at in any case. */
export type SeenMachine = {
  root: boolean;
  user: string;
  /** Whether it has devices that are not simulated. */
  hasDevices: boolean;
  findProgram: FindProgram;
};
