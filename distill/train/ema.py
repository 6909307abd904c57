"""Exponential moving averages of weights, with a half-life in images."""

from __future__ import annotations

import copy

import torch
from torch import nn

RAMP = 0.05


def ema_copy(module: nn.Module) -> nn.Module:
    """A frozen copy to average into."""
    return copy.deepcopy(module).requires_grad_(False).eval()


def ema_decay(batch: int, half_life_kimg: float, position: int) -> float:
    """The factor of one step; early in training the half-life is at most 5 % of the position."""
    half_life = min(half_life_kimg * 1000, max(position, 1) * RAMP)
    return 0.5 ** (batch / max(half_life, 1e-8))


@torch.no_grad()
def update_ema(average: nn.Module, current: nn.Module, decay: float) -> None:
    """Move `average` towards `current`: weights by `decay`, buffers copied."""
    pairs = [(a, b) for a, b in zip(average.parameters(), current.parameters(), strict=True)]
    torch._foreach_lerp_([a for a, _ in pairs], [b.detach() for _, b in pairs], 1 - decay)
    for a, b in zip(average.buffers(), current.buffers(), strict=True):
        a.copy_(b)
