"""Matching one cloud of vectors to another."""

from __future__ import annotations

import torch
from torch import Tensor


def sliced_distance(a: Tensor, b: Tensor, directions: Tensor) -> Tensor:
    """Mean squared sliced Wasserstein distance of clouds [N,D] and [N,D] along unit `directions` [D,K].

    Relative to the variance of `b`: 0 for equal clouds, about 1 or more for strangers.
    """
    projected_a, projected_b = (x @ directions for x in (a, b))
    gaps = (projected_a.sort(0).values - projected_b.sort(0).values).square().mean()
    return gaps / (projected_b.var(0).mean() + 1e-6)


def random_directions(dim: int, count: int, generator: torch.Generator) -> Tensor:
    """Unit vectors as columns [dim, count], on the generator's device."""
    draws = torch.randn(dim, count, generator=generator, device=generator.device)
    return draws / draws.norm(dim=0, keepdim=True)
