"""Perceptual path length: how evenly the picture changes along a path in W."""

from __future__ import annotations

import torch
from torch import Tensor

from distill.measure.perceptual import Lpips
from distill.networks.generator import Generator
from distill.networks.layout import CODE_DIM
from distill.train.draws import seeded

EPSILON = 1e-2
TRIM = 0.01


@torch.no_grad()
def perceptual_path_length(generator: Generator, lpips: Lpips, *, count: int = 200, batch: int = 8, seed: int = 0) -> float:
    """PPL in W at random points between random pairs of codes, ends of the distribution trimmed.

    The step is larger than usual (0.01) so that rounding to float32 does not drown the difference.
    """
    device = generator.input.input.device
    draw = seeded(seed, "ppl", 0)
    z = torch.randn(2, count, CODE_DIM, generator=draw)
    place = torch.rand(count, 1, generator=draw)
    values: list[Tensor] = []
    for part in torch.arange(count).split(batch):
        first, second = (generator.map(z[side, part].to(device)) for side in (0, 1))
        here = place[part].to(device)
        pictures = [generator.synthesize(torch.lerp(first, second, at)) for at in (here, here + EPSILON)]
        values.append(lpips(*pictures).cpu() / EPSILON**2)
    lengths = torch.cat(values).sort().values
    cut = round(TRIM * count)
    return lengths[cut : count - cut].mean().item()
