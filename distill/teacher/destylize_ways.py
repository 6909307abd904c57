"""Two ways from a portrait to the face behind it.

Both give extrinsic codes (the portrait as E sees it, or as it was fitted) and intrinsic ones (the
face), [N,L,512] in Z+. Rows count from zero; the intrinsic code's rows from 8 on are the extrinsic one's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from distill.measure.perceptual import Lpips
from distill.networks.generator import Generator, truncate
from distill.teacher.destylize_config import DestylizeConfig
from distill.teacher.faces import FaceEncoder
from distill.train.draws import seeded

Similarity = Callable[[Tensor, Tensor], Tensor]
SMALLEST_NOISE_PX = 8


class Codes(NamedTuple):
    """One batch: `intrinsic`, `extrinsic` [N,L,512], and `faces` [N,3,S,S], g's pictures of the intrinsic ones."""

    intrinsic: Tensor
    extrinsic: Tensor
    faces: Tensor


def kept_rows(intrinsic: Tensor, extrinsic: Tensor, structure_layers: int) -> Tensor:
    """The intrinsic code with the extrinsic one's rows from one past the structure on."""
    first = structure_layers + 1
    return torch.cat([intrinsic[:, :first], extrinsic[:, first:]], 1)


def noise_size(maps: list[Tensor]) -> Tensor:
    """How much noise maps [1,1,h,h] resemble a picture: squared neighbour products, over their pyramid."""
    total = maps[0].new_zeros(())
    for level in maps:
        while True:
            shifts = ((level * level.roll(1, axis)).mean().square() for axis in (2, 3))
            total = total + sum(shifts)
            if level.shape[-1] <= SMALLEST_NOISE_PX:
                break
            level = F.avg_pool2d(level, 2) * 2
    return total


def rate_at(step: int, config: DestylizeConfig) -> float:
    """The factor of the learning rate: a cosine down over the last share, a ramp up over the first."""
    done = step / config.steps
    down = min(1.0, (1 - done) / config.ramp_down)
    return (0.5 - 0.5 * math.cos(down * math.pi)) * min(1.0, done / config.ramp_up)


def fit_portraits(
    pictures: Tensor, start: Tensor, tuned: Generator, config: DestylizeConfig, lpips: Lpips, similarity: Similarity | None,
    stream: str,
) -> Tensor:
    """Z+ codes [N,L,512] whose pictures by g′ are near `pictures` [N,3,S,S] but still codes of faces."""
    draws = seeded(config.seed, stream, 0)
    maps = [torch.randn(len(pictures), 1, px, px, generator=draws).to(pictures).requires_grad_() for px in tuned.layout.noise_sizes]
    code = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([code, *maps], lr=config.lr)
    with torch.no_grad():
        taps = lpips.features(pictures)
    for step in range(config.steps):
        optimiser.param_groups[0]["lr"] = config.lr * rate_at(step, config)
        out = tuned(code, maps)
        # Samples do not touch each other, so the sum fits each as it would alone.
        loss = config.lpips * lpips.distance(lpips.features(out), taps).sum()
        loss = loss + config.spread * code.std(1).mean(1).sum()
        if similarity is not None:
            loss = loss + config.identity * (1 - similarity(out, pictures)).sum()
        if config.noise:
            loss = loss + config.noise * sum(noise_size([level[None] for level in sample]) for sample in zip(*maps, strict=True))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            for level in maps:
                level.sub_(level.mean((2, 3), keepdim=True)).div_(level.std((2, 3), keepdim=True) + 1e-8)
    return code.detach()


def by_optimisation(
    pictures: Tensor, g: Generator, encoder: FaceEncoder, tuned: Generator, config: DestylizeConfig, lpips: Lpips,
    similarity: Similarity | None, stream: str,
) -> Codes:
    """The paper's way: fit z+ under g′, show it through g, embed that face."""
    with torch.no_grad():
        start = encoder(g, pictures)
    extrinsic = fit_portraits(pictures, start, tuned, config, lpips, similarity, stream)
    with torch.no_grad():
        first_face = g.synthesize(truncate(g.map(extrinsic), g.mean_w(), config.truncation))
        intrinsic = kept_rows(encoder(g, first_face), extrinsic, g.layout.structure_layers)
        return Codes(intrinsic, extrinsic, g(intrinsic))


@torch.no_grad()
def by_encoder(pictures: Tensor, g: Generator, encoder: FaceEncoder, config: DestylizeConfig) -> Codes:
    """Re-Destyle: encode, then encode what that shows, each round with fewer ReStyle steps; no g′, nothing optimised."""
    seen, codes = pictures, []
    for steps in config.rounds:
        codes.append(encoder(g, seen, steps))
        seen = g(codes[-1])
    intrinsic = kept_rows(codes[-1], codes[0], g.layout.structure_layers)
    return Codes(intrinsic, codes[0], g(intrinsic))
