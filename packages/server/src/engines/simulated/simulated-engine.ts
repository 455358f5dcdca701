import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../lib/clock.ts';
import type { InstanceId, OwnerId } from '../../lib/ids.ts';
import { Unavailable } from '../../lib/unavailable.ts';
import type {
  Capacity,
  Engine,
  EngineName,
  Entrance,
  InstanceMeasure,
  InstanceSpec,
  Meter,
  NodeNetwork,
  Observation,
  WorkloadSpec,
} from '../../workloads/engine.ts';
import { exitAt, stopped } from './fate.ts';
import type { Fate } from './fate.ts';

export type SimulatedOptions = {
  name: EngineName;
  clock: Clock;
  memoryMiB: number;
  /** Decided once, when it starts. */
  fateOf(spec: InstanceSpec): Fate;
};

/** An engine that runs nothing: what becomes of an instance is data, and time is the clock's. */
export type SimulatedEngine = Engine &
  Meter &
  NodeNetwork &
  Entrance & {
    /** Tells those who watch of every instance that is over by now and that they were not told of, unless it is away. */
    tick(): void;
    /** When the next instance is over by itself. */
    nextEnd(): number | undefined;
    /** The instance and all that is known of it is gone, as after a restart of the machine. */
    lose(id: InstanceId): void;
    /** While it is away, every call fails with `Unavailable`. */
    setAway(away: boolean): void;
    /** Every instance that was ever started, as often as it was. */
    readonly started: readonly InstanceSpec[];
    /** Whether it runs and answers on its port. */
    serves(id: InstanceId): boolean;
    /** Those that run now. */
    running(): readonly InstanceSpec[];
    /** Those that it has not forgotten, also where they are over. */
    kept(): readonly InstanceSpec[];
    /** Those of them that are over; of an engine that is away nobody knows. */
    over(): InstanceId[];
  };

type Kept = { spec: InstanceSpec; startedAt: number; fate: Fate; told: boolean };

type State = SimulatedOptions & {
  kept: Map<InstanceId, Kept>;
  started: InstanceSpec[];
  watchers: Set<(id: InstanceId) => void>;
  away: boolean;
};

export function createSimulatedEngine(options: SimulatedOptions): SimulatedEngine {
  const state: State = {
    ...options,
    kept: new Map(),
    started: [],
    watchers: new Set(),
    away: false,
  };
  return {
    name: options.name,
    started: state.started,
    ...port(state),
    ...besides(state),
    ...controls(state),
  };
}

const port = (state: State): Omit<Engine, 'name'> => ({
  async ensure(workload) {
    requireThere(state);
    keepOnly(state, workload);
    for (const spec of workload.instances) if (!state.kept.has(spec.instanceId)) start(state, spec);
  },
  async remove(workloadId) {
    requireThere(state);
    for (const [id, { spec }] of state.kept)
      if (spec.workloadId === workloadId) state.kept.delete(id);
  },
  async list() {
    requireThere(state);
    return [...state.kept.values()].map((one) => observe(state, one));
  },
  async observe(id) {
    requireThere(state);
    const one = state.kept.get(id);
    return one && observe(state, one);
  },
  watch(changed, signal) {
    state.watchers.add(changed);
    signal.addEventListener('abort', () => state.watchers.delete(changed), { once: true });
  },
  connect: async (id) => connect(state, id),
  async exec() {
    requireThere(state);
    return { exitCode: 0 };
  },
  capacity: async (): Promise<Capacity> => ({
    cpus: 64,
    memoryMiB: state.memoryMiB,
    isolated: true,
    warnings: [],
  }),
});

const besides = (state: State): Omit<Meter & NodeNetwork & Entrance, 'name'> => ({
  measure: async () => running(state).map((spec) => measure(state, spec)),
  nodeAddresses: async (ownerId) => {
    requireThere(state);
    return { addresses: addressesOf(ownerId), networkInterface: 'eth0' };
  },
  enter: async () => {
    throw new Error('Nobody enters a simulated instance.');
  },
});

const controls = (state: State) => ({
  tick: () => tick(state),
  nextEnd() {
    const ends = [...state.kept.values()].flatMap((one) => exitAt(one)?.at ?? []);
    const ahead = ends.filter((at) => at > state.clock());
    return ahead.length === 0 ? undefined : Math.min(...ahead);
  },
  lose: (id: InstanceId) => void state.kept.delete(id),
  setAway: (away: boolean) => void (state.away = away),
  serves: (id: InstanceId) => findServing(state, id) !== undefined,
  running: () => running(state),
  kept: () => [...state.kept.values()].map(({ spec }) => spec),
  over: () =>
    state.away ? [] : [...state.kept].filter(([, one]) => !isRunning(state, one)).map(([id]) => id),
});

function requireThere({ away }: State): void {
  if (away) throw new Unavailable('The simulated engine is away.');
}

function start(state: State, spec: InstanceSpec): void {
  state.started.push(spec);
  const one = { spec, startedAt: state.clock(), fate: state.fateOf(spec), told: false };
  state.kept.set(spec.instanceId, one);
  tell(state, spec.instanceId);
}

/** Ends what is not in the list any more. */
function keepOnly(state: State, { workloadId, instances }: WorkloadSpec): void {
  const wanted = new Set(instances.map(({ instanceId }) => instanceId));
  for (const [id, one] of state.kept)
    if (one.spec.workloadId === workloadId && !wanted.has(id) && isRunning(state, one)) {
      one.fate = stopped(one, state.clock());
      tell(state, id);
    }
}

function tick(state: State): void {
  if (state.away) return;
  for (const [id, one] of state.kept)
    if (!one.told && !isRunning(state, one)) {
      one.told = true;
      tell(state, id);
    }
}

const tell = ({ watchers }: State, id: InstanceId): void => {
  for (const watcher of watchers) watcher(id);
};

const exitOf = ({ clock }: State, one: Kept) => {
  const exit = exitAt(one);
  return exit !== undefined && exit.at <= clock() ? exit : undefined;
};

const isRunning = (state: State, one: Kept): boolean => exitOf(state, one) === undefined;

const running = (state: State): InstanceSpec[] =>
  [...state.kept.values()].filter((one) => isRunning(state, one)).map(({ spec }) => spec);

function observe(state: State, one: Kept): Observation {
  const { spec, startedAt } = one;
  const { instanceId, workloadId, port: served } = spec;
  const exit = exitOf(state, one);
  const endpoint = served === undefined ? undefined : { host: '127.0.0.1', port: served };
  return {
    instanceId,
    workloadId,
    state:
      exit === undefined
        ? { status: 'running', startedAt, heartbeatAt: state.clock(), endpoint }
        : { status: 'exited', startedAt, exit },
  };
}

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

function findServing(state: State, id: InstanceId): Kept | undefined {
  const one = state.kept.get(id);
  return one !== undefined && isRunning(state, one) && one.fate.serves !== false ? one : undefined;
}

/** To one that serves: whatever is asked is answered. */
function connect(state: State, id: InstanceId): Duplex {
  requireThere(state);
  if (findServing(state, id) === undefined) throw new Error('connect ECONNREFUSED');
  const [ours, theirs] = duplexPair();
  theirs.once('data', () => theirs.end(ANSWER));
  return ours;
}

const measure = (state: State, { instanceId, limits }: InstanceSpec): InstanceMeasure => ({
  instanceId,
  cpuMilliseconds: state.clock() - (state.kept.get(instanceId)?.startedAt ?? state.clock()),
  memoryBytes: limits.memoryMiB * 512 * 1024,
  receivedBytes: 0,
  sentBytes: 0,
});

/** Each owner has a network of its own. */
const addressesOf = (_ownerId: OwnerId): string[] =>
  Array.from({ length: 127 }, (_, index) => `10.0.0.${index + 128}`);
