"""How near reconstructions are to their photos, and two baselines that any model must beat."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from distill.measure.distributions import right_among
from distill.measure.expressions import ExpressionAgreement
from distill.measure.perceptual import Lpips
from distill.train.draws import seeded

CROWD = 20
THUMBNAIL_PX = 32


def average_face(train: Tensor, count: int) -> Tensor:
    """The mean of the training pictures, once for each of `count` photos."""
    return train.mean(0, keepdim=True).expand(count, -1, -1, -1)


def thumbnails(x: Tensor) -> Tensor:
    """Pictures as vectors of their pixels at 32 px."""
    return F.interpolate(x, size=(THUMBNAIL_PX, THUMBNAIL_PX), mode="area").flatten(1)


def nearest_faces(train: Tensor, photos: Tensor) -> Tensor:
    """For each photo the training picture nearest to it by pixels at 32 px."""
    return train[torch.cdist(thumbnails(photos), thumbnails(train)).argmin(1)]


@torch.no_grad()
def right_of_crowd(network: nn.Module, outs: Tensor, photos: Tensor, seed: int = 0) -> float:
    """How often an output is most like its own photo among 20 people's (chance 1/20)."""
    if len(photos) < 2:
        raise SystemExit("Identity needs at least two held-out people.")
    of_outs = torch.cat([network(part) for part in outs.split(8)])
    of_photos = torch.cat([network(part) for part in photos.split(8)])
    similarity = of_outs @ of_photos.t()
    crowd = min(CROWD, len(photos)) - 1
    draw = seeded(seed, "crowd", 0)
    others = []
    for index in range(len(photos)):
        picks = torch.randperm(len(photos) - 1, generator=draw)[:crowd]
        others.append(similarity[index, picks + (picks >= index).long()])
    return right_among(similarity.diagonal().cpu(), torch.stack(others).cpu())


@torch.no_grad()
def compare(
    outs: Tensor, photos: Tensor, lpips: Lpips, *, identity: nn.Module | None = None,
    expressions: Callable[[Tensor], ExpressionAgreement] | None = None,
) -> dict[str, float]:
    """lpips, psnr and, where what measures them is given, right_of_20, expression and faces_found."""
    outs = outs.clamp(-1, 1)
    mse = (outs - photos).square().mean((1, 2, 3)) / 4
    distances = [lpips(a, b) for a, b in zip(outs.split(8), photos.split(8), strict=True)]
    scores = {"lpips": torch.cat(distances).mean().item(), "psnr": (-10 * torch.log10(mse)).mean().item()}
    if identity is not None:
        scores["right_of_20"] = right_of_crowd(identity, outs, photos)
    if expressions is not None:
        agreement = expressions(outs)
        scores |= {"expression": agreement.correlation, "faces_found": agreement.found}
    return scores
