"""Several processes as one: gradients and statistics averaged, the batch split by rank.

Started by ``torchrun`` the environment names rank and world; alone, everything here is a no-op.
Gradients are averaged by hand instead of by a wrapper: the regularisers differentiate twice,
which wrappers do not support.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclass(frozen=True)
class World:
    """This process's place: `rank` of `size`, working on `device`."""

    rank: int
    size: int
    device: torch.device

    def share(self, batch: int) -> slice:
        """This process's part of a global batch."""
        if batch % self.size:
            raise SystemExit(f"batch={batch} must be a multiple of the number of processes, {self.size}.")
        part = batch // self.size
        return slice(self.rank * part, (self.rank + 1) * part)


def join_world(device: str = "auto") -> World:
    """Join the processes that torchrun started (NCCL on GPUs, gloo otherwise), or stand alone.

    `device` is auto, cpu, cuda or mps; auto takes a GPU if there is one.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    chosen = pick_device(device)
    if chosen.type == "cuda":
        chosen = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(chosen)
    if size > 1 and not dist.is_initialized():
        dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    return World(rank, size, chosen)


def leave_world() -> None:
    """Leave the group, if one was joined."""
    if dist.is_initialized():
        dist.destroy_process_group()


def pick_device(name: str) -> torch.device:
    """auto → cuda, then cpu; any other name as it is, with a sentence if it is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise SystemExit("device=cuda, but PyTorch finds no GPU here; set device=cpu.")
    return device


def average_gradients(parameters: Iterable[nn.Parameter], world: World) -> None:
    """Replace each gradient by its mean over the processes, in one exchange."""
    if world.size == 1:
        return
    grads = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([grad.reshape(-1) for grad in grads])
    dist.all_reduce(flat)
    flat /= world.size
    for grad, part in zip(grads, flat.split([g.numel() for g in grads]), strict=True):
        grad.copy_(part.view_as(grad))


def mean_over(value: Tensor, world: World) -> Tensor:
    """The mean of a detached tensor over the processes."""
    value = value.detach().clone()
    if world.size > 1:
        dist.all_reduce(value)
        value /= world.size
    return value


def any_over(flag: bool, world: World) -> bool:
    """Whether `flag` is set in any process."""
    if world.size == 1:
        return flag
    value = torch.tensor(float(flag), device=world.device)
    dist.all_reduce(value)
    return bool(value > 0)


def broadcast_modules(modules: Iterable[nn.Module], world: World) -> None:
    """Give every process rank 0's weights and buffers."""
    if world.size == 1:
        return
    for module in modules:
        for tensor in (*module.parameters(), *module.buffers()):
            dist.broadcast(tensor.data, 0)
