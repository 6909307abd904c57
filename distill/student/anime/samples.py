"""Training batches from the cache: a jittered, spoiled photo beside its drawn target.

The target stands still while the photo jitters below it, as in live use, where the crop is smoothed
and the drawing follows the crop: so the student learns to be calm under the jitter that trackers have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from distill.atelier.webcam import spoil
from distill.student.anime.cache import MARGIN_PX, PHOTO_PX, SIZE_PX, PairCache
from distill.student.anime.canvas import TRAIT_RANGES
from distill.student.anime.pose_vector import POSE_SIZE
from distill.student.anime.scenes import change_scene, random_scene

FEATURES_PX = ((25.0, 28.0), (25.0, 28.0), (27.0, 22.0))
"""Half width and height around the drawn eyes and mouth that count more."""
_FEATURE_DROP_PX = (-10.0, -10.0, 3.0)
DRAWN_GAIN = 6.0
"""How much more of that weight a pixel gets where something is drawn over the layers."""
_AXIS = np.arange(SIZE_PX, dtype=np.float32)


@dataclass(frozen=True)
class Jitter:
    """How an unsteady crop may differ from the right one: σ in px, radians, and of the logarithm of the size."""

    shift_px: float = 1.2
    angle_rad: float = 0.012
    log_size: float = 0.015


def feature_weight(centres: np.ndarray) -> np.ndarray:
    """1 on eyes with brows and mouth, 0 elsewhere, soft between; float32 [256, 256]."""
    weight = np.zeros((SIZE_PX, SIZE_PX), np.float32)
    for (x, y), (wide, tall), drop in zip(centres, FEATURES_PX, _FEATURE_DROP_PX):
        bump = np.outer(np.exp(-(((_AXIS - y - drop) / tall) ** 4)), np.exp(-(((_AXIS - x) / wide) ** 4)))
        weight = np.maximum(weight, bump)
    return weight


def style_row(code: np.ndarray, structure: float) -> np.ndarray:
    """What the style's modulation is made from, float32 [STYLE_SIZE]."""
    traits, colours = code[0, : len(TRAIT_RANGES)].astype(np.float32) / 255, code[-1, :9].astype(np.float32) / 255
    return np.concatenate([traits, colours, [structure]]).astype(np.float32)


def crop_photo(photo: np.ndarray, rng: np.random.Generator | None, jitter: Jitter = Jitter()) -> np.ndarray:
    """uint8 [256, 256, 4] out of a cached photo, jittered unless `rng` is None."""
    if rng is None:
        return np.ascontiguousarray(photo[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX])
    centre = (PHOTO_PX - 1) / 2
    matrix = cv2.getRotationMatrix2D((centre, centre), np.degrees(rng.normal(0, jitter.angle_rad)), np.exp(rng.normal(0, jitter.log_size)))
    matrix[:, 2] += np.clip(rng.normal(0, jitter.shift_px, 2), -5, 5) - MARGIN_PX
    return cv2.warpAffine(np.ascontiguousarray(photo), matrix, (SIZE_PX, SIZE_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


class StepBatches(Dataset[dict[str, Tensor]]):
    """Batch `i` of a training, the same whenever and wherever it is asked for."""

    def __init__(
        self, caches: list[PairCache], *, batch: int, seed: int, steps: int, outside_weight: float, feature_gain: float, scene_share: float = 0.0
    ) -> None:
        self.rows = [(cache, row) for cache in caches for row in cache.rows(held=False)]
        self.batch, self.seed, self.steps = batch, seed, steps
        self.outside_weight, self.feature_gain, self.scene_share = outside_weight, feature_gain, scene_share

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> dict[str, Tensor]:
        rng = np.random.default_rng([self.seed, 4, step])
        chosen = rng.choice(len(self.rows), self.batch, replace=False)
        return collate([self._sample(*self.rows[int(index)], rng) for index in chosen])

    def _sample(self, cache: PairCache, row: dict[str, Any], rng: np.random.Generator) -> dict[str, np.ndarray]:
        scene = None
        if rng.random() < self.scene_share:
            others, other = self.rows[int(rng.integers(len(self.rows)))]
            scene = random_scene(crop_photo(others.arrays.photo[other["photo"]], None), rng)
        sample = draw_sample(cache, row, rng, self.outside_weight, self.feature_gain, scene)
        face = (sample["face"] * 255 + 0.5).astype(np.uint8)
        if rng.random() < 0.5:
            sample["face"] = spoil(face, rng, float(rng.uniform(0.2, 1))).astype(np.float32) / 255
        return sample


_PICTURES = frozenset({"face", "target", "moved", "weight"})


def draw_sample(
    cache: PairCache, row: dict[str, Any], rng: np.random.Generator | None, outside_weight: float = 0.15, feature_gain: float = 7.0,
    scene: np.ndarray | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """One pair in 0–1: face [256,256,3], target [256,256,4] with matte, moved [256,256,4], weight [256,256,1], field, pose, mouth,
    style. Jittered by `rng`, or exact without. scene: another background uint8 [256,256,3] to stand before."""
    arrays, pair = cache.arrays, row["pair"]
    photo, target = crop_photo(arrays.photo[row["photo"]], rng), arrays.target[pair]
    moved = arrays.moved[pair].astype(np.float32) / 255
    if scene is not None and rng is not None:
        photo, redrawn = change_scene(photo, target[..., :3], moved[..., 3], scene, rng)
        target = np.dstack([redrawn, target[..., 3]])
    photo, target = photo.astype(np.float32) / 255, target.astype(np.float32) / 255
    target[..., 3] = np.maximum(target[..., 3], photo[..., 3])
    near = cv2.dilate(target[..., 3], np.ones((9, 9), np.uint8))
    features = feature_weight(arrays.centres[pair])
    # Thin lines and mouths are few pixels in many of bare skin: unweighted, the median is bare skin.
    change = cv2.absdiff(target[..., :3], moved[..., :3])
    drawn = cv2.dilate(np.maximum(np.maximum(change[..., 0], change[..., 1]), change[..., 2]), np.ones((3, 3), np.uint8))
    features = features * (1 + DRAWN_GAIN * drawn)
    pose = arrays.pose[pair]
    return {
        "face": photo[..., :3],
        "target": target,
        "moved": moved,
        "weight": (outside_weight + (1 - outside_weight) * near + feature_gain * features)[..., None],
        "field": arrays.field[pair].astype(np.float32),
        "pose": pose[:POSE_SIZE].copy(),
        "mouth": pose[POSE_SIZE:].copy(),
        "style": style_row(cache.codes[row["exemplar"]], row["structure"]),
    }


def collate(samples: list[dict[str, np.ndarray]]) -> dict[str, Tensor]:
    """Stacked; pictures become planar while they stay channels-last in memory."""
    batch = {}
    for name in samples[0]:
        stacked = torch.from_numpy(np.stack([sample[name] for sample in samples]))
        batch[name] = stacked.permute(0, 3, 1, 2) if name in _PICTURES else stacked
    return batch
