import type { Duplex, Readable, Writable } from 'node:stream';
import type { ApplicationId, InstanceId, OwnerId, WorkloadId } from '../lib/ids.ts';
import type { GrantedDevice } from '../devices/device.ts';
import type { SomeOf } from '../lib/reason.ts';

/** As the table of engines has it, and `workloads.engine`; that one may be gone by now. */
export type EngineName = string;

/** The engine of that name; throws `Unavailable` where the platform has none such any more. */
export type Engines = (name: EngineName) => Engine & Entrance & NodeNetwork;

/**
 * What runs things. Every call may be repeated: asking twice changes nothing. The platform decides
 * which instances there are; an engine starts, watches and ends them, and never restarts, renumbers
 * or invents one.
 */
export interface Engine {
  readonly name: EngineName;

  /**
   * Makes it so that exactly these instances of the workload run or have run: starts those it has
   * never seen, ends (TERM, then KILL after the grace) those that run and are not in the list.
   * Resolves when every start is durable, not when it is healthy. A start that the engine refuses
   * (no such interpreter, disk full) is observed as an exit with a reason, never thrown.
   */
  ensure(workload: WorkloadSpec, signal: AbortSignal): Promise<void>;

  /** Ends what still runs of the workload and forgets it. Resolves when nothing of it is left. */
  remove(workloadId: WorkloadId, graceSeconds: number, signal: AbortSignal): Promise<void>;

  /** Everything that this engine keeps for us, even what nobody remembers. */
  list(signal: AbortSignal): Promise<readonly Observation[]>;

  /** One instance, or undefined where the engine knows nothing of it. */
  observe(instanceId: InstanceId, signal: AbortSignal): Promise<Observation | undefined>;

  /** Calls back with the id of each instance that may have changed, until the signal aborts. */
  watch(changed: (instanceId: InstanceId) => void, signal: AbortSignal): void;

  /** A connection to a port inside the instance, from wherever the control plane is. */
  connect(instanceId: InstanceId, port: number, signal: AbortSignal): Promise<Duplex>;

  /** Runs a command inside a running instance, with its environment, to its end; it is heard in its log. */
  exec(instanceId: InstanceId, argv: readonly string[], signal: AbortSignal): Promise<CommandEnd>;

  /** What the machine has, before any reserve. */
  capacity(): Promise<Capacity>;
}

/** An engine that lets somebody into an instance; not every one does. */
export interface Entrance {
  /**
   * Starts a command inside a running instance, beside its own: the same environment, directory, user,
   * files, network and limits, and no right more. With a terminal it gets one of the instance's own.
   * Everything that it started ends with it, and all of it when the caller leaves or is gone, or when
   * the instance ends. Rejects with a sentence where the instance cannot be entered.
   */
  enter(instanceId: InstanceId, command: EnteringCommand, signal: AbortSignal): Promise<Entered>;
}

/** An engine that can tell what instances use; not every one does. */
export interface Meter {
  /** Of every instance that runs; what cannot be told is undefined. Ends within its own deadline. */
  measure(signal: AbortSignal): Promise<readonly InstanceMeasure[]>;
}

/** An engine on which nodes know each other's addresses before any of them starts; not every one does. */
export interface NodeNetwork {
  /**
   * The addresses on the owner's network that the platform may give to nodes: the engine takes others for
   * what is started without one. The network is there from now on.
   */
  nodeAddresses(ownerId: OwnerId, signal: AbortSignal): Promise<NodeAddresses>;
}

/** An engine that keeps images of what builds made; not every one does. */
export interface ImageKeeper {
  /** Removes what nobody needs any more of what it keeps beside instances. */
  sweep(sweep: ImageSweep, signal: AbortSignal): Promise<void>;
}

export type ImageSweep = {
  /** Whether what an image was made from is there still: a folder, or the name of the image itself. */
  isKept(source: string): boolean;
  /** Newer ones stay: no row may know them yet. */
  before: number;
};

/** An engine that gives numbers to names and keeps them: users to applications, networks to owners. */
export interface NumberKeeper {
  /** Who has any. */
  numbered(signal: AbortSignal): Promise<Numbered>;
  /**
   * Gives back the numbers of these, as far as nothing of theirs runs and no file of that user is left in one of
   * the places; what is kept for now is asked for again.
   */
  giveBack(gone: Numbered, places: readonly Place[], signal: AbortSignal): Promise<void>;
}

export type Numbered = { applications: readonly string[]; owners: readonly string[] };

/** A folder, and how deep below it applications' trees begin: 1 where they lie in the folder itself. */
export type Place = readonly [folder: string, depth: number];

export type NodeAddresses = {
  addresses: readonly string[];
  /** The interface that carries the address inside the instance. */
  networkInterface: string;
};

export type InstanceMeasure = {
  instanceId: InstanceId;
  /** Since it started. */
  cpuMilliseconds: number | undefined;
  memoryBytes: number | undefined;
  /** Since it started, by its network namespace. */
  receivedBytes: number | undefined;
  sentBytes: number | undefined;
};

export type EnteringCommand = {
  argv: readonly [string, ...string[]];
  terminal: (TerminalSize & { type: string }) | undefined;
};

export type TerminalSize = { columns: number; rows: number };

/** A command that runs inside an instance for whoever entered it. */
export type Entered = {
  /** What is typed; whoever types faster than the command reads is made to wait. */
  input: Writable;
  output: Readable;
  /** Nothing where there is a terminal: all is output then. */
  errors: Readable;
  resize(size: TerminalSize): void;
  /** Hangs up: the command and what it started get HUP, and KILL two seconds later. */
  leave(): void;
  /** How the command ended, or undefined where it was not by itself: with the instance, or after `leave`. */
  ended: Promise<CommandEnd | undefined>;
};

/** As a process ends: by itself, or by a signal (`SIGKILL`). */
export type CommandEnd = { exitCode: number } | { signal: string };

export type Capacity = {
  cpus: number;
  memoryMiB: number;
  /** Whether instances are kept apart from each other and from the host. */
  isolated: boolean;
  /** What is missing for isolation or limits, in words with the command that adds it. */
  warnings: readonly string[];
};

export type WorkloadSpec = {
  workloadId: WorkloadId;
  /** How long an instance that is ended has between TERM and KILL. */
  graceSeconds: number;
  instances: readonly InstanceSpec[];
};

export type InstanceSpec = {
  instanceId: InstanceId;
  workloadId: WorkloadId;
  ownerId: OwnerId;
  applicationId: ApplicationId;
  /** 0 … N-1 within the workload. */
  number: number;
  /** Counted from 1 within the number. */
  attempt: number;
  files: InstanceFiles;
  /** Absolute path inside the instance where commands start. */
  workingDirectory: string;
  /** Everything the program sees; the engine adds only what it alone knows (PORT without namespaces). */
  environment: Readonly<Record<string, string>>;
  /** Run in order before the command, in the same sandbox; the first that fails ends the instance. */
  before: readonly Command[];
  command: Work;
  /** Run after the command ended by itself, by its exit status; what they answer is only logged. */
  after: { succeeded?: Command; failed?: Command };
  limits: { cpus: number; memoryMiB: number; diskMiB: number };
  /** What it may ask of the kernel; `strict` where nothing is said. */
  sandbox?: Sandbox | undefined;
  /** GPUs, the only ones that it can see: always given, empty where there are none. */
  devices: readonly GrantedDevice[];
  /** The port that a Webapp serves, or undefined for a Runner or a build. */
  port: number | undefined;
  /** Its address, one of those that `nodeAddresses` offers; without it the engine chooses. */
  address?: string | undefined;
  /** What names resolve to inside it, besides its own: the nodes of a run. */
  hosts?: Readonly<Record<string, string>> | undefined;
  /** Where the segments of `logs/segment.ts` go: a directory of this instance alone. */
  logDirectory: string;
  logBudgetMiB: number;
  /** Values of 8 characters and more that are replaced by *** in the output (build tools). */
  masked: readonly string[];
};

/**
 * What an instance may ask of the kernel. `strict` is what applications need; `nested` allows namespaces besides,
 * for those that make sandboxes of their own. Engines that hold instances otherwise may know no difference.
 */
export type Sandbox = 'strict' | 'nested';

/** A step of an instance: what is run, and the name that log lines and failures give it. */
export type Command = { name: string; argv: readonly [string, ...string[]] };

/**
 * What an instance is for. Only engines that have images know the last two: there, what runs before and
 * after a container's own command sees the instance's files, not the container's.
 */
export type Work = Command | ContainerCommand | ImageBuild;

/** The command that an image brings. */
export type ContainerCommand = {
  name: string;
  image: string;
  /** In place of the image's own command; its entrypoint stays. */
  argv?: readonly [string, ...string[]] | undefined;
  /** Whether the engine's own socket is seen in the container. */
  mountSocket?: boolean;
};

/** Makes an image out of the working directory; nothing runs but what its Dockerfile says. */
export type ImageBuild = {
  name: string;
  makes: {
    /** What it is called from then on; an image that is called so is not made again. */
    image: string;
    /** Relative to the working directory. */
    dockerfile: string;
    builder: 'buildkit' | 'classic';
    /** Who the registry knows the application as; without it, or where it is refused, nobody. */
    login: RegistryLogin | undefined;
    withinSeconds: number;
    /** Nothing that was made before is taken again: no layers, and base images are pulled where they can be. */
    afresh: boolean;
  };
};

export type RegistryLogin = { server: string; username: string; password: string };

export type InstanceFiles = {
  /** The application's directory on the host, seen at `mountedAt` (`/home/bas/<APP_ID>`). */
  application: { source: string; mountedAt: string; access: 'throw-away' | 'writable' };
  /**
   * The dependencies, seen at `/opt/env`; writable only while they are built. While `source` is empty, an engine that
   * can shows `base` there, and what is changed of it goes with the instance: `source` is at `/opt/env.kept` then.
   */
  environment:
    | { source: string; access: 'read-only' }
    | { source: string; access: 'writable'; base?: string | undefined }
    | undefined;
  /** The owner's download cache, seen at `/home/bas/.cache`, for builds only. */
  cache: { source: string } | undefined;
  /** Interpreters and tools outside /usr, seen read-only at their own paths. */
  readOnly: readonly string[];
  /** A directory that the nodes and attempts of a run share, made where it is not there; outlives them all. */
  shared?: { source: string; mountedAt: string } | undefined;
};

export type Observation = {
  instanceId: InstanceId;
  workloadId: WorkloadId;
  state:
    | { status: 'running'; startedAt: number; heartbeatAt: number; endpoint: Endpoint | undefined }
    | { status: 'exited'; startedAt: number; exit: Exit };
};

/** Where the router reaches the instance. */
export type Endpoint = { host: string; port: number };

export type Exit = {
  at: number;
  exitCode: number | undefined;
  signal: string | undefined;
  reason: ExitReason;
  /** The step that ended it, by name. */
  step: string;
  /** A sentence for the user, where the reason alone does not say what to do. */
  detail: string | undefined;
};

/** Why an instance is over. */
export type ExitReason = SomeOf<
  | 'exited'
  | 'stopped'
  | 'memory_limit'
  | 'disk_full'
  | 'process_limit'
  | 'before_failed'
  | 'start_failed'
  | 'timeout'
  | 'invalid_file'
  | 'supervisor_lost'
>;
