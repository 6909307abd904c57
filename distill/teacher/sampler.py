"""Training the sampling network by implicit maximum likelihood.

Every code is pulled towards by the nearest of many freshly mapped noises, so no code is left out,
as none of an adversary's favourites would be preferred. Structure and colour rows are learned
apart, so that any structure can later be joined with any colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from distill.teacher.sampler_network import NOISE_DIM, Sampler, SamplerHalf
from distill.train.draws import seeded

CANDIDATES_PER_CODE = 2
BUDGET = 500_000


@dataclass(frozen=True)
class SamplerTraining:
    """repeat_to: codes are repeated until there are about as many. jitter: noise on them, in their root mean square.

    epochs: 0 for 500000 through their number. lr halves every decay_epochs.
    """

    repeat_to: int = 1000
    jitter: float = 0.05
    batch: int = 128
    epochs: int = 0
    lr: float = 1e-3
    decay_epochs: int = 50
    weight_decay: float = 1e-5
    seed: int = 0


class Closeness(NamedTuple):
    """Mean distance of samples to their nearest code (fidelity) and of codes to their nearest sample (coverage)."""

    fidelity: float
    coverage: float


def nearest_distances(samples: Tensor, codes: Tensor) -> Closeness:
    """Both ways, over codes of any shape [N,…], relative to the mean distance between two codes."""
    samples, codes = samples.flatten(1).float(), codes.flatten(1).float()
    between = torch.cdist(codes, codes).sum() / max(len(codes) * (len(codes) - 1), 1)
    distances = torch.cdist(samples, codes) / between
    return Closeness(distances.amin(1).mean().item(), distances.amin(0).mean().item())


def gaussian_like(codes: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """The baseline: each number drawn by its own mean and deviation over the codes, [count,…]."""
    draws = torch.randn(count, *codes.shape[1:], generator=generator)
    return codes.mean(0) + codes.std(0) * draws


def train_half(codes: Tensor, config: SamplerTraining, stream: str) -> SamplerHalf:
    """Learn a map of noise to the vectors `codes` [N,D]."""
    torch.manual_seed(config.seed)
    network = SamplerHalf(codes.shape[1]).train()
    optimiser = torch.optim.Adam(network.parameters(), lr=config.lr, betas=(0.5, 0.999), weight_decay=config.weight_decay)
    draw = seeded(config.seed, f"sampler-{stream}", 0)
    repeated = codes.repeat(max(1, round(config.repeat_to / len(codes))), 1)
    jitter = config.jitter * codes.square().mean().sqrt()
    batch = min(config.batch, len(repeated))
    for epoch in range(config.epochs or max(1, BUDGET // len(repeated))):
        for group in optimiser.param_groups:
            group["lr"] = config.lr * 0.5 ** (epoch // config.decay_epochs)
        targets = repeated + jitter * torch.randn(repeated.shape, generator=draw)
        noise = torch.randn(CANDIDATES_PER_CODE * len(repeated), NOISE_DIM, generator=draw)
        with torch.no_grad():
            mapped = torch.cat([network(part) for part in noise.split(batch) if len(part) > 1])
        chosen = noise[torch.cdist(targets, mapped).argmin(1)]
        for part in torch.randperm(len(targets), generator=draw).split(batch):
            if len(part) < 2:
                continue
            loss = F.mse_loss(network(chosen[part]), targets[part])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
    return network.eval().requires_grad_(False)


def train_sampler(codes: Tensor, structure_rows: int, config: SamplerTraining | None = None) -> Sampler:
    """A sampler of extrinsic codes like `codes` [N,L,512]; raises SystemExit for fewer than two."""
    if len(codes) < 2:
        raise SystemExit("A sampler needs the codes of two portraits at least.")
    config = config or SamplerTraining()
    sampler = Sampler(structure_rows, codes.shape[1] - structure_rows)
    sampler.structure = train_half(codes[:, :structure_rows].flatten(1), config, "structure")
    sampler.color = train_half(codes[:, structure_rows:].flatten(1), config, "color")
    return sampler.eval()


@torch.no_grad()
def sample_codes(
    sampler: Sampler, count: int, generator: torch.Generator, *, fix_structure: bool = False, fix_color: bool = False
) -> Tensor:
    """Extrinsic codes [count,L,512]; a fixed part is the same in all."""
    noises = [torch.randn(count, NOISE_DIM, generator=generator) for _ in range(2)]
    for index, fixed in enumerate((fix_structure, fix_color)):
        if fixed:
            noises[index] = noises[index][:1].expand(count, -1)
    return sampler.eval()(*noises)
