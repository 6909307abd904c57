"""Distances between two sets of features: FID, KID, precision and recall."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Interval(NamedTuple):
    """A value with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """FID: Fréchet distance of two Gaussians fitted to features [N,D] and [M,D].

    Biased upwards by few samples (below some thousands compare only at equal counts).
    """
    mean_a, mean_b = a.mean(0), b.mean(0)
    centred_a, centred_b = (a - mean_a) / (len(a) - 1) ** 0.5, (b - mean_b) / (len(b) - 1) ** 0.5
    # tr √(Σa Σb) is the sum of the singular values of A·Bᵀ, and reducing A and B to their triangular
    # factors changes none of them: no matrix root, and nothing larger than D×D or N×M.
    cross = torch.linalg.svdvals(_reduced(centred_a) @ _reduced(centred_b).t()).sum()
    distance = (mean_a - mean_b).square().sum() + centred_a.square().sum() + centred_b.square().sum() - 2 * cross
    return max(0.0, distance.item())


def _reduced(x: Tensor) -> Tensor:
    return torch.linalg.qr(x, mode="r").R if len(x) > x.shape[1] else x


def _mmd(a: Tensor, b: Tensor) -> Tensor:
    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y.t() / x.shape[1] + 1) ** 3

    n, m = len(a), len(b)
    within_a = kernel(a, a)
    within_b = kernel(b, b)
    return (
        (within_a.sum() - within_a.diagonal().sum()) / (n * (n - 1))
        + (within_b.sum() - within_b.diagonal().sum()) / (m * (m - 1))
        - 2 * kernel(a, b).mean()
    )


def kernel_distance(a: Tensor, b: Tensor, *, subsets: int = 100, size: int = 200, seed: int = 0) -> Interval:
    """KID ×1000 (unbiased, cubic kernel) with a 95 % interval over random subsets.

    Raises SystemExit with fewer than four samples on a side: a subset is half of them at most.
    """
    count = min(len(a), len(b))
    if count < 4:
        raise SystemExit(f"KID needs four pictures on each side at least; there are {len(a)} and {len(b)}.")
    size = min(size, count // 2)
    generator = torch.Generator().manual_seed(seed)
    values = []
    for _ in range(subsets):
        picks = [torch.randperm(len(x), generator=generator)[:size] for x in (a, b)]
        values.append(_mmd(a[picks[0]], b[picks[1]]) * 1000)
    values = torch.stack(values)
    # Subsets of all samples scatter by √(1/size − 1/n), the value itself by √(1/n).
    spread = values.std() * (size / (count - size)) ** 0.5
    mean = values.mean().item()
    return Interval(mean, mean - 1.96 * spread.item(), mean + 1.96 * spread.item())


def precision_recall(real: Tensor, fake: Tensor, neighbours: int = 3) -> tuple[float, float]:
    """Share of fakes inside the real manifold, and of reals inside the fake one (k-NN balls)."""

    def radii(x: Tensor) -> Tensor:
        return torch.cdist(x, x).kthvalue(min(neighbours + 1, len(x)), dim=1).values

    def covered(points: Tensor, centres: Tensor) -> float:
        inside = torch.cdist(points, centres) <= radii(centres)[None]
        return inside.any(1).double().mean().item()

    return covered(fake, real), covered(real, fake)


def right_among(same: Tensor, others: Tensor) -> float:
    """Share of rows whose similarity to the right one [N] beats all of `others` [N,K]."""
    return (same > others.max(1).values).double().mean().item()
