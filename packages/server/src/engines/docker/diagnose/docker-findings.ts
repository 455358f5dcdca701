import type { Finding } from '../../../lib/finding.ts';
import type { EngineDescription } from '../describe-engine.ts';

/** What was seen of Docker on this machine. */
export type SeenDocker =
  /** The platform runs everything elsewhere. */
  | { is: 'unused'; instead: string }
  | { is: 'absent'; installed: boolean }
  | { is: 'closed'; socketPath: string; user: string }
  /** Nobody answers, or one that the platform does not talk to: a sentence says so. */
  | { is: 'silent'; socketPath: string; why: string }
  | {
      is: 'there';
      socketPath: string;
      engine: EngineDescription;
      /** Of its data; undefined where that is not to be seen from here. */
      disk: { freeGiB: number; share: number } | undefined;
      guarded: boolean;
      classicOnly: boolean;
      /** Of NVIDIA's container toolkit, such as `1.17.8`; undefined without it. */
      toolkit: string | undefined;
      /** Whether the platform is root. */
      root: boolean;
    };

const NOT_OFFERED = 'Docker applications are not offered; all others run without it';

/** Where the configuration asks for Docker, the platform does not start without it. */
export function dockerFindings(
  seen: SeenDocker,
  { required, hasDevices }: { required: boolean; hasDevices: boolean },
): Finding[] {
  if (seen.is === 'there') return [...ofEngine(seen), ...(hasDevices ? inContainers(seen) : [])];
  if (seen.is === 'unused')
    return [{ what: 'Docker', state: 'ok', detail: `is not used (GRID_ENGINE=${seen.instead})` }];
  const state = required ? 'missing' : 'limited';
  return [{ what: 'Docker', state, ...withoutEngine(seen, required) }];
}

type Without = Exclude<SeenDocker, { is: 'there' | 'unused' }>;

/** One whose socket is there is offered also while it is away, and what needs it waits. */
function withoutEngine(seen: Without, required: boolean): Pick<Finding, 'detail' | 'mend'> {
  const cost = required ? 'GRID_ENGINE=docker asks for it' : NOT_OFFERED;
  switch (seen.is) {
    case 'absent':
      return seen.installed
        ? { detail: `is installed and does not run: ${cost}`, mend: 'systemctl start docker' }
        : { detail: `is not there: ${cost}`, mend: 'apt-get install docker.io' };
    case 'closed':
      return {
        detail: `is there, and ${seen.user} may not use ${seen.socketPath}: ${cost}`,
        mend: `sudo usermod -aG docker ${seen.user}, and sign in again: whoever may use Docker owns the machine`,
      };
    case 'silent':
      return {
        detail: `does not work, and what needs it waits. ${seen.why}`,
        mend: /podman/.test(seen.socketPath)
          ? 'systemctl start podman.socket'
          : 'systemctl start docker',
      };
    default:
      return seen satisfies never;
  }
}

type There = Extract<SeenDocker, { is: 'there' }>;

const ofEngine = (seen: There): Finding[] => [
  identity(seen),
  builder(seen),
  storage(seen),
  firewall(seen),
  userIds(seen),
  calls(seen),
  ...(seen.engine.name === 'Docker' ? [liveRestore(seen)] : []),
];

function identity({ engine, socketPath }: There): Finding {
  const { name, version, apiVersion, rootless } = engine;
  const what = 'Docker';
  const detail = `${name} ${version} (API ${apiVersion}) at ${socketPath}`;
  if (!rootless) return { what, state: 'ok', detail };
  return {
    what,
    state: 'limited',
    detail: `${detail} is an ordinary user's own: this machine does not reach its containers, so nobody reaches Webapps in them`,
    mend: 'run it as root, or name the socket of one that is: GRID_DOCKER_SOCKET=/var/run/docker.sock',
  };
}

const OWN_BUILDER = "the engine's own builder builds, and holds each build to its memory";

function builder({ engine, classicOnly, root }: There): Finding {
  const ok = (detail: string): Finding => ({ what: 'BuildKit', state: 'ok', detail });
  if (classicOnly) return ok(`is not used (GRID_DOCKER_BUILDER=classic): ${OWN_BUILDER}`);
  if (!engine.buildkit) return ok(`is not there: ${OWN_BUILDER}`);
  const memory =
    root && engine.cgroupDriver === 'cgroupfs'
      ? 'those of all builds together are held to their memory'
      : 'nothing holds them to a memory';
  return ok(
    `is there. Its RUN steps are on Docker's default bridge, so the platform's firewall guards all containers on it, and ${memory}; GRID_DOCKER_BUILDER=classic leaves that bridge alone and holds each build to its own memory`,
  );
}

/** Builds stop when less than this share is free. */
const LEAST_SHARE = 0.05;
const LEAST_GIB = 10;

function storage({ engine: { name, storageDriver, dataFolder }, disk }: There): Finding {
  const what = "Docker's disk";
  const free =
    disk === undefined
      ? 'its free disk is not to be seen from here'
      : `${disk.freeGiB.toFixed(0)} GiB free at ${dataFolder}`;
  const detail = `${storageDriver}, ${free}`;
  if (disk !== undefined && (disk.share < LEAST_SHARE || disk.freeGiB < LEAST_GIB)) {
    const cost = disk.share < LEAST_SHARE ? ': builds of images are stopped below 5 %' : '';
    return {
      what,
      state: 'limited',
      detail: `${detail}${cost}`,
      mend: `${name.toLowerCase()} system prune`,
    };
  }
  if (storageDriver === 'vfs')
    return {
      what,
      state: 'limited',
      detail: `${detail}: each layer and container is a whole copy of what is below it`,
      mend: '"storage-driver": "overlay2" in /etc/docker/daemon.json, then systemctl restart docker',
    };
  return { what, state: 'ok', detail };
}

const firewall = ({ guarded }: There): Finding =>
  guarded
    ? {
        what: "Docker's firewall",
        state: 'ok',
        detail:
          'nftables keeps containers from this machine, the networks around it and other owners',
      }
    : {
        what: "Docker's firewall",
        state: 'limited',
        detail: 'there is no nftables: containers reach this machine and the networks around it',
        mend: 'apt-get install nftables',
      };

const userIds = ({ engine: { mapsUsers } }: There): Finding =>
  mapsUsers
    ? {
        what: "Docker's user namespaces",
        state: 'limited',
        detail:
          'are on (userns-remap): nothing can be started, since the firewall is set by a container in the network of this machine, which they forbid',
        mend: 'remove "userns-remap" from /etc/docker/daemon.json, then systemctl restart docker',
      }
    : {
        what: "Docker's user namespaces",
        state: 'ok',
        detail:
          'are off (userns-remap), as the platform needs it; root in an image is root outside, with few rights',
      };

const calls = ({ engine: { name, filtersCalls } }: There): Finding =>
  filtersCalls
    ? { what: "Docker's system calls", state: 'ok', detail: `${name} filters those of containers` }
    : {
        what: "Docker's system calls",
        state: 'limited',
        detail: `${name} does not filter those of containers: more of the kernel is open to applications`,
        mend: 'remove "seccomp-profile" from /etc/docker/daemon.json, then systemctl restart docker',
      };

const liveRestore = ({ engine: { keepsContainers } }: There): Finding =>
  keepsContainers
    ? { what: 'live-restore', state: 'ok', detail: 'is on: what runs outlives a restart of Docker' }
    : {
        what: 'live-restore',
        state: 'limited',
        detail:
          'is off: a restart of Docker ends what runs. Webapps are started again, runs are not',
        mend: '"live-restore": true in /etc/docker/daemon.json, then systemctl reload docker',
      };

/** Whether containers can have this machine's devices. */
function inContainers({ engine, toolkit }: There): Finding[] {
  const { name, givesGpus } = engine;
  const what = 'GPUs in containers';
  if (givesGpus && isUnsafe(toolkit))
    return [
      {
        what,
        state: 'limited',
        detail: `${name} can give them, by a container toolkit (${toolkit}) that runs its hooks with a container's own variables, outside of it (CVE-2025-23266)`,
        mend: 'apt-get install nvidia-container-toolkit (1.17.8 or newer), then systemctl restart docker',
      },
    ];
  if (givesGpus) return [{ what, state: 'ok', detail: `${name} can give them` }];
  return [
    {
      what,
      state: 'limited',
      detail: `${name} cannot give them, and containers that ask for some do not start: NVIDIA's container toolkit is missing`,
      mend: 'apt-get install nvidia-container-toolkit, then nvidia-ctk runtime configure --runtime=docker, then systemctl restart docker',
    },
  ];
}

/** The first whose hooks take nothing from a container. */
const SAFE = [1, 17, 8];

function isUnsafe(version: string | undefined): boolean {
  if (version === undefined) return false;
  const parts = version.split('.').map(Number);
  const at = SAFE.findIndex((part, index) => (parts[index] ?? 0) !== part);
  return at >= 0 && (parts[at] ?? 0) < (SAFE[at] ?? 0);
}
