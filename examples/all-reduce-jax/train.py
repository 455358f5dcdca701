"""Trains a small network on several nodes: each takes its part of every batch, and the gradients are summed over all."""
import os
import signal
import time

import jax
import jax.numpy as jnp
import numpy
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

NODES = int(os.environ.get("NNODES", "1"))
RANK = int(os.environ.get("NODE_RANK", "0"))
CHECKPOINT = os.path.join(os.environ.get("CG_CHECKPOINT_DIR", "."), "model.npz")
STEPS = int(os.environ.get("STEPS", "200"))
STEP_SECONDS = float(os.environ.get("STEP_SECONDS", "0"))
SAVE_EVERY = 10
BATCH = 64
RATE = 0.1


def join():
    """Meets the other nodes, where there are any."""
    if NODES == 1:
        return
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    address = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
    jax.distributed.initialize(address, num_processes=NODES, process_id=RANK)
    # JAX takes TERM for a notice; whoever waits for a node that is gone must end by it.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def begin():
    """The first step and its parameters: where the former attempt left off, or at the beginning."""
    if os.environ.get("CG_RESUME") == "1" and os.path.exists(CHECKPOINT):
        with numpy.load(CHECKPOINT) as saved:
            params = {name: saved[name] for name in saved.files}
        return int(params.pop("step")), params
    random = numpy.random.default_rng(7)
    return 0, {
        "hidden": random.normal(size=(2, 32)).astype("float32"),
        "bias": numpy.zeros(32, "float32"),
        "out": random.normal(size=(32, 1)).astype("float32") / 32,
    }


def save(step, params):
    """Replaces the checkpoint as a whole: whoever is killed meanwhile leaves the former."""
    with open(CHECKPOINT + ".new", "wb") as file:
        numpy.savez(file, step=step, **jax.device_get(params))
        file.flush()
        os.fsync(file.fileno())
    os.replace(CHECKPOINT + ".new", CHECKPOINT)


def batch_of(step):
    """What is learnt from at this step, the same in every attempt: a curved surface."""
    points = numpy.random.default_rng(step).uniform(-2, 2, size=(BATCH, 2)).astype("float32")
    return points, numpy.sin(points[:, :1]) * numpy.cos(points[:, 1:])


def loss_of(params, points, heights):
    guess = jnp.tanh(points @ params["hidden"] + params["bias"]) @ params["out"]
    return jnp.mean((guess - heights) ** 2)


def learn(params, points, heights):
    loss, gradient = jax.value_and_grad(loss_of)(params, points, heights)
    return loss, jax.tree.map(lambda one, slope: one - RATE * slope, params, gradient)


def main():
    join()
    mesh = Mesh(numpy.array(jax.devices()), ("nodes",))
    everywhere, parted = NamedSharding(mesh, PartitionSpec()), NamedSharding(mesh, PartitionSpec("nodes"))
    first, params = begin()
    params = multihost_utils.host_local_array_to_global_array(params, mesh, PartitionSpec())
    # The mean of a loss whose points lie on all nodes: the compiler sums its gradient over them.
    step_of = jax.jit(learn, out_shardings=everywhere)
    print(f"node {RANK} of {NODES} begins at step {first}", flush=True)
    for step in range(first, STEPS):
        mine = [numpy.array_split(part, NODES)[RANK] for part in batch_of(step)]
        points, heights = (jax.make_array_from_process_local_data(parted, part) for part in mine)
        loss, params = step_of(params, points, heights)
        if (step + 1) % SAVE_EVERY == 0 and RANK == 0:
            save(step + 1, params)
        if RANK == 0:
            print(f"step {step + 1} loss {loss:.6f}", flush=True)
        time.sleep(STEP_SECONDS)
    mine = numpy.concatenate([part.ravel() for part in jax.tree.leaves(jax.device_get(params))])
    every = multihost_utils.process_allgather(mine).reshape(NODES, -1)
    if not (every == mine).all():
        raise SystemExit(f"node {RANK} holds other parameters than the others")
    print(f"node {RANK} holds the parameters of all {NODES}: loss {float(loss):.9f}, sum {every.sum() / NODES:.9f}")


main()
