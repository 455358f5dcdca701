"""Trains a small network on several nodes with PyTorch: `torchrun train.py` is all there is to start."""
import os
import time

import torch
import torch.distributed as dist
from torch import nn

CHECKPOINT = os.path.join(os.environ.get("CG_CHECKPOINT_DIR", "."), "model.pt")
STEPS = int(os.environ.get("STEPS", "200"))
STEP_SECONDS = float(os.environ.get("STEP_SECONDS", "0"))
SAVE_EVERY = 10
BATCH = 64


def batch_of(step, rank, world):
    """This process's part of what is learnt from at this step, the same in every attempt: a curved surface."""
    points = torch.rand(BATCH, 2, generator=torch.Generator().manual_seed(step)) * 4 - 2
    heights = torch.sin(points[:, :1]) * torch.cos(points[:, 1:])
    return points[rank::world], heights[rank::world]


def average(tensors, world):
    """The same mean in all processes: what DistributedDataParallel does while gradients are still being made."""
    for tensor in tensors:
        dist.all_reduce(tensor)
        tensor /= world


def save(step, model, optimizer):
    """Replaces the checkpoint as a whole: whoever is killed meanwhile leaves the former."""
    torch.save({"step": step, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, CHECKPOINT + ".new")
    os.replace(CHECKPOINT + ".new", CHECKPOINT)


def begin(model, optimizer):
    """The first step: where the former attempt left off, or the beginning."""
    if os.environ.get("CG_RESUME") != "1" or not os.path.exists(CHECKPOINT):
        return 0
    saved = torch.load(CHECKPOINT, weights_only=True)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    return saved["step"]


def main():
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(7)
    model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    first = begin(model, optimizer)
    print(f"process {rank} of {world} begins at step {first}", flush=True)
    for step in range(first, STEPS):
        points, heights = (part.to(device) for part in batch_of(step, rank, world))
        loss = nn.functional.mse_loss(model(points), heights)
        optimizer.zero_grad()
        loss.backward()
        average([part.grad for part in model.parameters()], world)
        optimizer.step()
        loss = loss.detach()
        average([loss], world)
        if rank == 0:
            print(f"step {step + 1} loss {loss:.6f}", flush=True)
            if (step + 1) % SAVE_EVERY == 0:
                save(step + 1, model, optimizer)
        time.sleep(STEP_SECONDS)
    mine = torch.cat([part.detach().ravel() for part in model.parameters()])
    every = [torch.empty_like(mine) for _ in range(world)]
    dist.all_gather(every, mine)
    if not all(torch.equal(one, mine) for one in every):
        raise SystemExit(f"process {rank} holds other parameters than the others")
    print(f"process {rank} holds the parameters of all {world}: loss {loss:.6f}, sum {mine.sum():.6f}")
    dist.destroy_process_group()


main()
