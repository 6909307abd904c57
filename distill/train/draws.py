"""Random draws that follow from (seed, stream, position) alone.

Every draw of a training step is made for the whole batch from its own generator, and each
process takes its share. So resuming needs no generator states, and any number of processes
sees the same numbers.
"""

from __future__ import annotations

import hashlib

import torch


def seeded(seed: int, stream: str, position: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator for one purpose (`stream`) at one position (in images)."""
    digest = hashlib.sha256(f"{seed}/{stream}/{position}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "big") >> 1)
