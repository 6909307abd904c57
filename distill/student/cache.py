"""A cache of painted layers: every photo analysed once, so that training only warps and colours planes."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from distill.checkpoint import write_atomic
from distill.data.faces import Photo, read_photo, valid_area
from distill.data.mattes import Segmenter, head_matte
from distill.painter import LOOKS, layers
from distill.painter.tone import ToneScale

SIZE_PX = 320
"""Size of the cached planes: a crop of 256 may be rotated, shifted and scaled without blur."""

BASE_SHAPE = (2, SIZE_PX, SIZE_PX, 4)
"""photo and matte, wash and valid."""

LOOK_SHAPE = (len(LOOKS), SIZE_PX, SIZE_PX, 3)
"""tone, lines, shadow of each look."""


@dataclass(frozen=True)
class Entry:
    """One analysed photo and its tone scale."""

    photo: Photo
    scale: ToneScale


class LayerCache:
    """The entries and their planes, uint8: `base` [n, *BASE_SHAPE] and `looks` [n, *LOOK_SHAPE]."""

    def __init__(self, folder: Path) -> None:
        description = json.loads((folder / "entries.json").read_text())
        tables = np.load(folder / "scales.npy")
        self.entries = [
            Entry(Photo(**photo), ToneScale(table[:256], table[256:512], float(table[512]))) for photo, table in zip(description["photos"], tables, strict=True)
        ]
        self.base = np.load(folder / "base.npy", mmap_mode="r")
        self.looks = np.load(folder / "looks.npy", mmap_mode="r")

    def indices(self, *, held_out: bool) -> list[int]:
        """Entries for training or for evaluation."""
        return [index for index, entry in enumerate(self.entries) if entry.photo.held_out == held_out]


def analyse(rgb: np.ndarray, valid: np.ndarray, segmenter: Segmenter) -> tuple[np.ndarray, np.ndarray, ToneScale]:
    """Base planes uint8 BASE_SHAPE, look planes uint8 LOOK_SHAPE and the tone scale of one photo of SIZE_PX."""
    classes = segmenter.classes(rgb)
    matte = head_matte(rgb, classes)
    found = layers(rgb, classes, matte)
    base = np.stack([np.dstack([found.photo, matte]), np.dstack([found.wash, valid])])
    looks = np.stack([found.tone, found.lines, found.shadow], -1)
    return _bytes(base), _bytes(looks), found.scale


def _bytes(planes: np.ndarray) -> np.ndarray:
    return (np.clip(planes, 0, 1) * 255 + 0.5).astype(np.uint8)


def fingerprint(photos: list[Photo]) -> str:
    """Changes whenever the photos or what the looks draw change, so that a stale cache is never trained on."""
    described = [photo.file for photo in photos] + [asdict(look.structure) for look in LOOKS]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()[:16]


def build(data_dir: Path, photos: list[Photo], segmenter_path: Path, folder: Path, workers: int = 2) -> LayerCache:
    """Builds the cache, goes on with a half-built one, or opens one made from the same photos and looks."""
    entries_path, started_path = folder / "entries.json", folder / "started.json"
    mark = fingerprint(photos)
    if entries_path.exists() and json.loads(entries_path.read_text())["fingerprint"] == mark:
        return LayerCache(folder)
    if not started_path.exists() or json.loads(started_path.read_text())["fingerprint"] != mark:
        _allocate(folder, len(photos))
        write_atomic(started_path, json.dumps({"fingerprint": mark}).encode())
    missing = [index for index, table in enumerate(np.load(folder / "scales.npy", mmap_mode="r")) if not table.any()]
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_fill, args=(data_dir, photos, missing[rank::workers], segmenter_path, folder), daemon=True) for rank in range(workers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise RuntimeError("A worker of the layer cache failed; its message is above. Mend the cause and run the command again: it goes on where it stopped.")
    described = {"fingerprint": mark, "photos": [asdict(photo) for photo in photos]}
    write_atomic(entries_path, json.dumps(described).encode())
    return LayerCache(folder)


def _allocate(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "entries.json").unlink(missing_ok=True)
    shapes = {
        "base.npy": ((count, *BASE_SHAPE), np.uint8),
        "looks.npy": ((count, *LOOK_SHAPE), np.uint8),
        "scales.npy": ((count, 513), np.float32),
    }
    for name, (shape, dtype) in shapes.items():
        np.lib.format.open_memmap(folder / name, "w+", dtype, shape).flush()


def _fill(data_dir: Path, photos: list[Photo], indices: list[int], segmenter_path: Path, folder: Path) -> None:
    cv2.setNumThreads(1)
    base, looks, scales = (np.load(folder / name, mmap_mode="r+") for name in ("base.npy", "looks.npy", "scales.npy"))
    with Segmenter(segmenter_path) as segmenter:
        for number, index in enumerate(indices):
            rgb = read_photo(data_dir, photos[index], SIZE_PX)
            base[index], looks[index], scale = analyse(rgb, valid_area(photos[index], SIZE_PX), segmenter)
            scales[index] = np.concatenate([scale.to_tone, scale.to_luma, [scale.skin_tone]])
            if number % 100 == 0:
                print(f"painted layers of {number} of {len(indices)} photos", flush=True)
    for array in (base, looks, scales):
        array.flush()
