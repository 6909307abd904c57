"""Where the faces of a training step come from: random codes, or the codes of photos."""

from __future__ import annotations

import torch
from torch import Tensor

from distill.data.training_set import TrainingSet
from distill.networks.generator import Generator
from distill.networks.layout import CODE_DIM
from distill.teacher.dual_config import DualConfig
from distill.teacher.faces import CHUNK, FaceEncoder
from distill.train.draws import seeded
from distill.train.parallel import World


class Content:
    """Draws Z+ codes [N,L,512] for each step from seed, stream and position."""

    def __init__(self, config: DualConfig, g: Generator, encoder: FaceEncoder, photos: TrainingSet | None, world: World) -> None:
        self.config, self.world = config, world
        self.rows = g.layout.layers
        self.share = world.share(config.batch)
        self.photo_codes = self._encoded(g, encoder, photos) if config.content == "photos" else None

    @staticmethod
    @torch.no_grad()
    def _encoded(g: Generator, encoder: FaceEncoder, photos: TrainingSet) -> Tensor:
        parts = torch.arange(len(photos)).split(CHUNK)
        return torch.cat([encoder(g, photos.take(part)[0]) for part in parts])

    def draw(self, position: int, stream: str, *, mixed: bool = False) -> Tensor:
        """Codes of this process's share of the batch; `mixed` gives a part of them two faces, split at a random row."""
        count = self.config.batch
        draws = seeded(self.config.seed, f"content-{stream}", position)
        first, second = self._codes(count, draws), self._codes(count, draws)
        if mixed:
            chosen = torch.rand(count, generator=draws) < self.config.mixing
            cuts = torch.randint(1, self.rows, (count,), generator=draws)
            swap = (torch.arange(self.rows)[None] >= cuts[:, None]) & chosen[:, None]
            first = torch.where(swap[:, :, None].to(first.device), second, first)
        return first[self.share].to(self.world.device)

    def _codes(self, count: int, draws: torch.Generator) -> Tensor:
        if self.photo_codes is None:
            return torch.randn(count, 1, CODE_DIM, generator=draws).expand(-1, self.rows, -1)
        picks = torch.randint(len(self.photo_codes), (count,), generator=draws)
        return self.photo_codes[picks.to(self.photo_codes.device)]

    def noise(self, position: int, stream: str, *shape: int) -> Tensor:
        """Standard normal numbers [N,…] of this process's share of the batch."""
        draws = seeded(self.config.seed, stream, position)
        return torch.randn(self.config.batch, *shape, generator=draws)[self.share].to(self.world.device)

    def picks(self, position: int, stream: str, among: int) -> Tensor:
        """Numbers below `among`, one a sample of this process's share."""
        draws = seeded(self.config.seed, stream, position)
        return torch.randint(among, (self.config.batch,), generator=draws)[self.share]
