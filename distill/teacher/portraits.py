"""Portraits of a style, and exact pairs of photo and portrait, from what lies in folders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from distill.data.index import INDEX, Row, read_rows
from distill.data.pack import read_pack
from distill.data.pictures import list_pictures, read_picture, resize
from distill.data.training_set import TrainingSet

PHOTO, PORTRAIT = "-photo", "-portrait"


@dataclass(frozen=True)
class Portraits:
    """`pictures` uint8 [M,3,S,S] with their `names`, and who each shows ("" where unknown)."""

    names: tuple[str, ...]
    pictures: Tensor
    people: tuple[str, ...]

    def floats(self) -> Tensor:
        """The pictures in [-1,1]."""
        return self.pictures.float() / 127.5 - 1

    def training_set(self, *, mirror: bool, seed: int) -> TrainingSet:
        """The same pictures for an adversarial training."""
        rows = [Row(name, self.pictures.shape[-1], person=person) for name, person in zip(self.names, self.people, strict=True)]
        return TrainingSet(self.pictures, rows, mirror=mirror, seed=seed)


@dataclass(frozen=True)
class ExactPairs:
    """Photos and their portraits, uint8 [M,3,S,S] each; `exemplars` are the drawings that gave the style.

    Where the drawing of the exemplar is not at hand, the portrait itself stands for it.
    """

    names: tuple[str, ...]
    photos: Tensor
    portraits: Tensor
    exemplars: Tensor
    people: tuple[str, ...]


def load_portraits(sources: Sequence[str], size_px: int) -> Portraits:
    """Portraits from packs, folders with an index, the atelier's folders (their exemplars), or plain folders.

    Raises SystemExit with a sentence where nothing is found.
    """
    names: list[str] = []
    pictures: list[np.ndarray] = []
    people: list[str] = []
    for source in map(Path, sources):
        for name, rgb, person in _read(source):
            names.append(name if name not in names else f"{source.name}/{name}")
            pictures.append(resize(_square(rgb, name), size_px))
            people.append(person)
    if not pictures:
        raise SystemExit(f"style: no portrait was found in {', '.join(sources) or 'no folder'}.")
    return Portraits(tuple(names), _stack(pictures), tuple(people))


def _read(source: Path):
    if source.is_file():
        rows, load = read_pack(source)
        return [(row.file, load(row), row.person) for row in rows]
    if (source / INDEX).exists():
        return [(row.file, read_picture(source / row.file).rgb, row.person) for row in read_rows(source)]
    if (source / "exemplars.jsonl").exists():
        records = _records(source / "exemplars.jsonl")
        return [(Path(r["picture"]).name, read_picture(source / r["picture"]).rgb, r["id"]) for r in records]
    try:
        return [(path.name, read_picture(path).rgb, "") for path in list_pictures(source)]
    except FileNotFoundError:
        raise SystemExit(f"style: {source} is neither a folder of portraits nor a pack (.zip).") from None


def load_pairs(sources: Sequence[str], size_px: int, limit: int = 0) -> ExactPairs:
    """Exact pairs from folders as `atelier` writes them, or plain ones with NAME-photo.* beside NAME-portrait.*.

    `limit` takes the first so many of each folder; 0: all. Raises SystemExit with a sentence.
    """
    names: list[str] = []
    people: list[str] = []
    columns: list[list[np.ndarray]] = [[], [], []]
    for source in map(Path, sources):
        listed = source / "pairs.jsonl"
        folder = source / "pairs" if listed.exists() else source
        drawn_with = {f"{r['index']:06d}": r["exemplar"] for r in _records(listed)} if listed.exists() else {}
        photos = [path for path in list_pictures(folder) if path.stem.endswith(PHOTO)]
        for path in photos[:limit] if limit else photos:
            name = path.stem.removesuffix(PHOTO)
            portrait = next(iter(sorted(folder.glob(f"{name}{PORTRAIT}.*"))), None)
            if portrait is None:
                raise SystemExit(f"{path}: there is no {name}{PORTRAIT} beside it.")
            exemplar = source / "exemplars" / f"{drawn_with.get(name, '')}.png"
            names.append(name)
            people.append(drawn_with.get(name, ""))
            for column, file in zip(columns, (path, portrait, exemplar if exemplar.exists() else portrait), strict=True):
                column.append(resize(_square(read_picture(file).rgb, file.name), size_px))
    if not names:
        raise SystemExit(f"exact: no pair (NAME{PHOTO}.*, NAME{PORTRAIT}.*) was found in {', '.join(sources)}.")
    photos, portraits, exemplars = (_stack(column) for column in columns)
    return ExactPairs(tuple(names), photos, portraits, exemplars, tuple(people))


def _records(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _square(rgb: np.ndarray, name: str) -> np.ndarray:
    if rgb.shape[0] != rgb.shape[1]:
        raise SystemExit(f"{name} is {rgb.shape[1]} × {rgb.shape[0]} px: portraits must be aligned squares (`prepare` makes them).")
    return rgb


def _stack(pictures: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack([picture.transpose(2, 0, 1) for picture in pictures]))
