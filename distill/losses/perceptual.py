"""Differences of two pictures that lie on top of each other, in VGG16's activations."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from distill.measure.perceptual import Lpips

# relu1_1 … relu5_1 among VGG16's convolutions, counted from 0.
LEVELS = (0, 2, 4, 7, 10)


def level_activations(network: Lpips, pictures: Tensor, count: int = len(LEVELS)) -> list[Tensor]:
    """The first `count` of relu1_1, 2_1, 3_1, 4_1, 5_1 for pictures [N,3,S,S]; `network` is `Lpips("vgg")`."""
    taken = []
    for index, x in enumerate(network.activations(pictures)):
        if index in LEVELS:
            taken.append(x)
        if len(taken) == count:
            break
    return taken


def perceptual_l1(a: Sequence[Tensor], b: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Mean absolute difference of the activations of two batches, weighted by level, [N]."""
    terms = [weight * (x - y).abs().mean((1, 2, 3)) for weight, x, y in zip(weights, a, b, strict=True) if weight]
    return torch.stack(terms).sum(0)
