"""The portraits that stage III learns: each with the face behind it and its style, as codes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from distill.networks.generator import Generator
from distill.teacher.codes import CodeBook, read_codes, write_codes
from distill.teacher.dual_config import DualConfig
from distill.teacher.faces import FaceEncoder
from distill.teacher.licence import joined
from distill.teacher.portraits import load_pairs, load_portraits

EXTRINSIC, INTRINSIC = "exstyle_code.safetensors", "instyle_code.safetensors"


@dataclass(frozen=True)
class StyleSet:
    """`pictures` uint8 [M,3,S,S]; `intrinsic` and `extrinsic` [M,L,512] in Z+."""

    names: tuple[str, ...]
    pictures: Tensor
    intrinsic: Tensor
    extrinsic: Tensor
    licence: str = ""

    def __len__(self) -> int:
        return len(self.names)

    def to(self, device: torch.device) -> StyleSet:
        """The same set on `device`."""
        parts = (part.to(device) for part in (self.pictures, self.intrinsic, self.extrinsic))
        return StyleSet(self.names, *parts, self.licence)

    def take(self, indices: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures in [-1,1], intrinsic and extrinsic codes of the portraits `indices`."""
        indices = indices.to(self.pictures.device)
        return self.pictures[indices].float() / 127.5 - 1, self.intrinsic[indices], self.extrinsic[indices]

    def write(self, folder: Path) -> None:
        """Leave the codes as files beside the networks trained with them."""
        for name, kind, codes in ((EXTRINSIC, "extrinsic", self.extrinsic), (INTRINSIC, "intrinsic", self.intrinsic)):
            write_codes(folder / name, CodeBook(self.names, codes, kind, self.licence))


def load_style(config: DualConfig, g: Generator, encoder: FaceEncoder) -> StyleSet:
    """Guessed pairs (portraits with destylized codes) and exact ones (both codes from E) as one set."""
    parts = []
    if config.style:
        parts.append(_guessed(config, g.layout.size_px, g.layout.layers))
    if config.exact:
        pairs = load_pairs(config.exact, g.layout.size_px, config.exact_limit)
        photos, exemplars = (part.float() / 127.5 - 1 for part in (pairs.photos, pairs.exemplars))
        codes = (encoder.encode_all(g, pictures) for pictures in (photos, exemplars))
        parts.append(StyleSet(pairs.names, pairs.portraits, *codes))
    if len(parts) == 1:
        return parts[0]
    return StyleSet(
        tuple(f"{label}/{name}" for label, part in zip(("style", "exact"), parts, strict=True) for name in part.names),
        *(torch.cat([getattr(part, name) for part in parts]) for name in ("pictures", "intrinsic", "extrinsic")),
        licence=joined(*(part.licence for part in parts)),
    )


def _guessed(config: DualConfig, size_px: int, rows: int) -> StyleSet:
    portraits = load_portraits(config.style, size_px)
    books = [read_codes(Path(config.codes) / name, rows) for name in (EXTRINSIC, INTRINSIC)]
    missing = [name for name in portraits.names if any(name not in book.names for book in books)]
    if missing:
        raise SystemExit(
            f"codes={config.codes} has no codes of {len(missing)} portraits ({missing[0]} is one): run `destylize` on the same style."
        )
    extrinsic, intrinsic = (torch.stack([book.of(name) for name in portraits.names]) for book in books)
    return StyleSet(portraits.names, portraits.pictures, intrinsic, extrinsic, joined(*(book.licence for book in books)))
