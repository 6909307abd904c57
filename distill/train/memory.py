"""The most memory that training took: of the GPU, or of the whole process on a CPU."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

import torch

# Linux: writing 5 to the first makes the second forget its high-water mark.
CLEAR = Path("/proc/self/clear_refs")
STATUS = Path("/proc/self/status")


def reset_peak(device: torch.device) -> None:
    """Count from now on; on a CPU only Linux can forget the past."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return
    with contextlib.suppress(OSError):
        CLEAR.write_text("5")


def peak_gib(device: torch.device) -> float:
    """The most memory since `reset_peak`, in GiB: what tensors held on a GPU, else what the process took."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    with contextlib.suppress(OSError, StopIteration):
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**20
    unit = 1 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30
