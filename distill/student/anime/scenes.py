"""Other backgrounds for training photos: portraits stand before flags and curtains, people in calls before anything."""

from __future__ import annotations

import cv2
import numpy as np

from distill.atelier.background import fill_background
from distill.student.anime.flow import SIZE_PX

SHOULDERS_PX = (185.0, 225.0)
"""Rows of the crop between which the exchanged background ends: below are shoulders, whose outline is not known."""
_ROWS = np.arange(SIZE_PX, dtype=np.float32)[:, None]


def random_scene(other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A background uint8 [256, 256, 3] made from another photo with matte [256, 256, 4], or from nothing."""
    kind = rng.random()
    if kind < 0.3:
        scene = np.clip(fill_background(other[..., :3], other[..., 3].astype(np.float32) / 255), 0, 255).astype(np.uint8)
        return np.ascontiguousarray(scene[:, ::-1] if rng.random() < 0.5 else scene)
    if kind < 0.7:
        # A small piece in exchanged colours, turned and enlarged, is hardly known as hair or cloth any more.
        side = int(rng.integers(40, 160))
        top, left = rng.integers(0, SIZE_PX - side, 2)
        piece = np.rot90(other[top : top + side, left : left + side, rng.permutation(3)], int(rng.integers(4)))
        return cv2.resize(np.ascontiguousarray(piece), (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_LINEAR)
    scene = np.full((SIZE_PX, SIZE_PX, 3), rng.uniform(20, 235, 3), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        cells = rng.integers(2, 40, 2)
        grid = rng.normal(0, rng.uniform(5, 60), (*cells, int(rng.choice([1, 3])))).astype(np.float32)
        how = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_NEAREST
        scene += cv2.resize(grid, (SIZE_PX, SIZE_PX), interpolation=how).reshape(SIZE_PX, SIZE_PX, -1)
    return np.clip(scene, 0, 255).astype(np.uint8)


def change_scene(
    photo: np.ndarray, target: np.ndarray, opacity: np.ndarray, scene: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The photo [256,256,4] and its drawn target [256,256,3] before another background, all uint8.

    opacity float32 [256,256] in 0–1: how much of the target is character.
    """
    matte = photo[..., 3].astype(np.float32) / 255
    end = rng.uniform(*SHOULDERS_PX)
    kept = np.maximum(matte, np.clip((_ROWS - end) / 6, 0, 1))[..., None]
    rgb = photo[..., :3] * kept + scene * (1 - kept)
    before, after = fill_background(photo[..., :3], matte), fill_background(rgb, matte)
    redrawn = target + (after - before) * (1 - opacity[..., None])
    changed = np.dstack([np.clip(rgb, 0, 255), photo[..., 3]])
    return changed.astype(np.uint8), np.clip(redrawn, 0, 255).astype(np.uint8)
