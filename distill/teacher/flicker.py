"""Flicker: how much a drawing moves by itself when the crop around a still face trembles."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from distill.train.draws import seeded

FRAMES = 8
# Deviations of a tracker's crop from frame to frame: share of the side, radians, natural logarithm of the scale.
SHIFT, ROLL, SCALE = 0.004, 0.006, 0.005
# Of the picture, each side: what the tremble never moves out of the frame.
MARGIN = 0.08


class Flicker(NamedTuple):
    """Mean absolute change between neighbouring frames, the tremble undone, in grey levels of 255.

    drawn: of the drawings. photo: of the photos themselves, which is what undoing costs. ratio: drawn / photo.
    """

    drawn: float
    photo: float
    ratio: float


def tremble(frames: int, seed: int = 0) -> Tensor:
    """Similarity transforms [frames,2,3] in the coordinates of `affine_grid`, around the identity; the first is it."""
    draw = torch.randn(frames, 4, generator=seeded(seed, "tremble", 0)).double()
    draw[0] = 0
    scale, roll = torch.exp(SCALE * draw[:, 2]), ROLL * draw[:, 3]
    cos, sin = scale * torch.cos(roll), scale * torch.sin(roll)
    x, y = (2 * SHIFT * draw[:, :2]).unbind(1)
    return torch.stack([torch.stack([cos, -sin, x], 1), torch.stack([sin, cos, y], 1)], 1)


def inverse(transforms: Tensor) -> Tensor:
    """The transforms back, [N,2,3]."""
    linear = torch.linalg.inv(transforms[:, :, :2])
    return torch.cat([linear, -linear @ transforms[:, :, 2:]], 2)


def warp(pictures: Tensor, transforms: Tensor) -> Tensor:
    """Each picture [N,C,S,S] through its transform, bicubic, edges mirrored."""
    grid = F.affine_grid(transforms.to(pictures), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, mode="bicubic", padding_mode="reflection", align_corners=False)


def measure_flicker(photos: Tensor, stylize: Callable[[Tensor], Tensor], *, frames: int = FRAMES, seed: int = 0) -> Flicker:
    """Of a clip of each photo [N,3,S,S] under a trembling crop; `stylize` draws frames [frames,3,S,S] of one face."""
    changes: dict[str, list[float]] = {"drawn": [], "photo": []}
    with torch.no_grad():
        for index, photo in enumerate(photos):
            transforms = tremble(frames, seed + index)
            clip = warp(photo.expand(frames, -1, -1, -1), transforms)
            for name, seen in (("photo", clip), ("drawn", stylize(clip).to(clip).clamp(-1, 1))):
                steady = warp(seen, inverse(transforms))
                edge = math.ceil(MARGIN * steady.shape[-1])
                inner = steady[:, :, edge:-edge, edge:-edge]
                changes[name].append((inner[1:] - inner[:-1]).abs().mean().item() * 127.5)
    drawn, photo = (sum(changes[name]) / len(photos) for name in ("drawn", "photo"))
    return Flicker(drawn, photo, drawn / max(photo, 1e-8))
