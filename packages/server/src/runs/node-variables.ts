import { createHash } from 'node:crypto';
import type { Command, NodeAddresses } from '../workloads/engine.ts';

/** Where a run keeps what outlives its attempts, inside its nodes. */
export const CHECKPOINTS = '/run/checkpoints';

type Node = {
  runId: string;
  /** Counted from 1. */
  attempt: number;
  rank: number;
  nodes: number;
  gpus: number;
  /** Where the nodes are, in order; undefined for a run of one. */
  network: NodeAddresses | undefined;
};

type Variables = Readonly<Record<string, string>>;

/** What nodes are called, and what those names lead to. */
export const nodeNames = ({ addresses }: NodeAddresses): Variables =>
  Object.fromEntries(addresses.map((address, rank) => [nodeName(rank), address]));

const nodeName = (rank: number): string => `node-${rank}`;

/**
 * What a node of a run is told: which it is, where the others are, and in the words of PyTorch's launcher
 * (`torchrun`, its `PET_*` variables), so that `torchrun train.py` works on N nodes without options.
 * What the launcher sets for each process (`RANK`, `WORLD_SIZE`, `LOCAL_RANK`) is left to it.
 */
export function nodeVariables(node: Node): Variables {
  const { runId, attempt, rank, nodes, gpus, network } = node;
  return {
    CG_RUN_ID: runId,
    CG_ATTEMPT: String(attempt),
    CG_NODE_RANK: String(rank),
    CG_NNODES: String(nodes),
    CG_GPUS_PER_NODE: String(gpus),
    CG_CHECKPOINT_DIR: CHECKPOINTS,
    ...(attempt > 1 && { CG_RESUME: '1' }),
    ...(network !== undefined && gangVariables(node, network)),
  };
}

function gangVariables(
  { runId, attempt, rank, nodes, gpus }: Node,
  { addresses, networkInterface }: NodeAddresses,
): Variables {
  const master = addresses[0] ?? '';
  const port = String(masterPort(runId, attempt));
  const processes = String(Math.max(1, gpus));
  return {
    CG_NODE_NAMES: addresses.map((_, index) => nodeName(index)).join('\n'),
    CG_NODE_IPS: addresses.join('\n'),
    CG_HOSTFILE: `${CHECKPOINTS}/.nodes/${attempt}/hostfile`,
    MASTER_ADDR: master,
    MASTER_PORT: port,
    NODE_RANK: String(rank),
    NNODES: String(nodes),
    NPROC_PER_NODE: processes,
    PET_MASTER_ADDR: master,
    PET_MASTER_PORT: port,
    PET_NODE_RANK: String(rank),
    PET_NNODES: String(nodes),
    PET_NPROC_PER_NODE: processes,
    NCCL_SOCKET_IFNAME: networkInterface,
    GLOO_SOCKET_IFNAME: networkInterface,
  };
}

const FIRST_PORT = 20_000;
const PORTS = 10_000;

/** Another for each attempt: what the former left behind is in nobody's way. */
const masterPort = (runId: string, attempt: number): number =>
  FIRST_PORT + (createHash('sha256').update(`${runId}/${attempt}`).digest().readUInt32BE() % PORTS);

export const BARRIER = 'start barrier';
const BARRIER_SECONDS = 300;

/**
 * The last step before the command of a node that is one of several: it waits until all have come so far,
 * and says which have not when its time is over.
 */
export const startBarrier = (): Command => ({
  name: BARRIER,
  argv: ['/bin/sh', '-c', SCRIPT, 'barrier', String(BARRIER_SECONDS * 20)],
});

const SCRIPT = `
set -eu
folder="$CG_CHECKPOINT_DIR/.nodes/$CG_ATTEMPT"
mkdir -p "$folder/ready"
printf '%s\\n' "$CG_NODE_IPS" | sed "s/$/ slots=$NPROC_PER_NODE/" > "$folder/hostfile.$CG_NODE_RANK"
mv "$folder/hostfile.$CG_NODE_RANK" "$CG_HOSTFILE"
: > "$folder/ready/$CG_NODE_RANK"
left=$1
while [ "$(ls "$folder/ready" | wc -l)" -lt "$CG_NNODES" ]; do
  left=$((left - 1))
  if [ "$left" -le 0 ]; then
    rank=0
    while [ "$rank" -lt "$CG_NNODES" ]; do
      [ -e "$folder/ready/$rank" ] || echo "Node $rank was not ready to begin in time." >&2
      rank=$((rank + 1))
    done
    exit 1
  fi
  sleep 0.05
done
`;
