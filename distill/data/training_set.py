"""A training set held whole in memory, and which pictures each step takes.

Some thousand squares fit (2,500 at 256 px are 0.5 GB as bytes), so they lie decoded on the device
and no worker processes are needed. What a step takes follows from the seed and the position
alone: resuming and splitting between processes change nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from distill.data.index import DOMAINS, INDEX, Row, read_rows
from distill.data.pack import read_pack
from distill.data.pictures import read_picture, resize


class TrainingSet:
    """Pictures [M,3,S,S] as bytes with their rows; `mirror` doubles them by left-right mirroring."""

    def __init__(self, pictures: Tensor, rows: list[Row], *, mirror: bool = True, seed: int = 0) -> None:
        if len(pictures) == 0:
            raise SystemExit("The training set is empty: loosen tiers, split or min_size_px.")
        self.pictures = pictures
        self.rows = rows
        self.domains = torch.tensor([DOMAINS.index(row.domain) for row in rows])
        self.mirror = mirror
        self.seed = seed
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.long)

    def __len__(self) -> int:
        return len(self.pictures) * (2 if self.mirror else 1)

    def to(self, device: torch.device | str) -> TrainingSet:
        """The same set with its pictures on `device`."""
        return TrainingSet(self.pictures.to(device), self.rows, mirror=self.mirror, seed=self.seed)

    def only(self, sources: tuple[str, ...]) -> TrainingSet:
        """The pictures of these sources; raises SystemExit if there is none."""
        return self._kept([index for index, row in enumerate(self.rows) if row.source in sources])

    def of_domain(self, domain: str) -> TrainingSet:
        """The photos or the renders; raises SystemExit if there is none."""
        return self._kept([index for index, row in enumerate(self.rows) if row.domain == domain])

    def _kept(self, kept: list[int]) -> TrainingSet:
        return TrainingSet(self.pictures[kept], [self.rows[i] for i in kept], mirror=self.mirror, seed=self.seed)

    def indices(self, position: int, batch: int) -> Tensor:
        """Which pictures (mirrored ones after the plain ones) the `batch` from `position` on takes."""
        return torch.tensor([self._index(position + offset) for offset in range(batch)])

    def _index(self, position: int) -> int:
        epoch, place = divmod(position, len(self))
        if epoch != self._epoch:
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
            self._order, self._epoch = torch.randperm(len(self), generator=generator), epoch
        return int(self._order[place])

    def take(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures [N,3,S,S] in [-1,1] and their domains [N], on the pictures' device."""
        mirrored = (indices >= len(self.pictures)).to(self.pictures.device)
        indices = indices % len(self.pictures)
        pictures = self.pictures[indices.to(self.pictures.device)].float() / 127.5 - 1
        pictures = torch.where(mirrored[:, None, None, None], pictures.flip(3), pictures)
        return pictures, self.domains[indices].to(self.pictures.device)


def load_set(
    sources: tuple[str, ...], size_px: int, *, tiers: tuple[str, ...] = (), split: str = "train", min_size_px: int = 0,
    max_out_of_frame: float = 0.05, mirror: bool = True, seed: int = 0, limit: int = 0,
) -> TrainingSet:
    """Read packs (.zip) and folders with an index.csv into one set.

    `split` is train, val or all. Raises SystemExit for an empty result and FileNotFoundError for
    a source that is neither.
    """
    pictures: list[np.ndarray] = []
    rows: list[Row] = []
    for source in map(Path, sources):
        found, load = _open(source)
        for row in found:
            fits = row.size_px >= min_size_px and row.out_of_frame <= max_out_of_frame
            if not fits or (tiers and row.tier not in tiers) or split not in ("all", row.split):
                continue
            if limit and len(rows) >= limit:
                break
            pictures.append(resize(load(row), size_px).transpose(2, 0, 1))
            rows.append(row)
    stacked = np.stack(pictures) if pictures else np.empty((0, 3, size_px, size_px), np.uint8)
    return TrainingSet(torch.from_numpy(stacked), rows, mirror=mirror, seed=seed)


def _open(source: Path):
    if source.is_dir() and (source / INDEX).exists():
        return read_rows(source), lambda row: read_picture(source / row.file).rgb
    if source.is_file():
        return read_pack(source)
    raise FileNotFoundError(f"{source}: give a pack (.zip) or a folder with an index.csv.")
