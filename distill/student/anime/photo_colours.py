"""How the student reads the photo's hair and skin colour: one layer on a coarse picture, fitted by least squares.

By gradient it would settle on the commonest colours, which are those of light people; here every
lightness of skin counts alike, however many photos show it.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from distill.atelier.webcam import spoil
from distill.student.anime.cache import PairCache
from distill.student.anime.network import COLOUR_CELLS, SIZE_PX, AnimeStudent
from distill.student.anime.samples import crop_photo

BINS = 6


def fit_photo_colours(student: AnimeStudent, cache: PairCache, *, seed: int = 0, ridge: float = 40.0) -> float:
    """Sets `read_colours`; returns the mean error on the photos it was fitted to, 0–1."""
    cells, wanted = _examples(cache, np.random.default_rng([seed, 6]))
    weights = _balance(wanted)
    design = np.c_[cells, np.ones(len(cells))]
    safe = np.clip(wanted, 0.02, 0.98)
    penalty = ridge * np.diag([1.0] * cells.shape[1] + [0.0])
    weighted = design * weights[:, None]
    solution = np.linalg.solve(weighted.T @ design + penalty, weighted.T @ np.log(safe / (1 - safe)))
    with torch.no_grad():
        student.read_colours.weight.copy_(torch.from_numpy(solution[:-1].T.astype(np.float32)))
        student.read_colours.bias.copy_(torch.from_numpy(solution[-1].astype(np.float32)))
    return float(np.abs(1 / (1 + np.exp(-design @ solution)) - wanted).mean())


def _balance(wanted: np.ndarray) -> np.ndarray:
    """Weights that make each lightness of skin count alike, mean 1."""
    luma = wanted[:, 3:6] @ np.array([0.299, 0.587, 0.114])
    places = np.clip(np.digitize(luma, np.linspace(luma.min(), luma.max() + 1e-6, BINS + 1)) - 1, 0, BINS - 1)
    weights = 1 / np.maximum(np.bincount(places, minlength=BINS)[places], 8)
    return weights / weights.mean()


def _examples(cache: PairCache, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Coarse pictures [n, 3 · COLOUR_CELLS²] in [-1, 1] of all training photos, half of them spoiled, and their colours [n, 6] in 0–1."""
    photos = {row["photo"]: row for row in cache.rows(held=False)}
    cells, wanted = [], []
    for place, row in photos.items():
        face = crop_photo(cache.arrays.photo[place], rng)[..., :3]
        if rng.random() < 0.5:
            face = spoil(np.ascontiguousarray(face), rng, float(rng.uniform(0.2, 0.7)))
        picture = torch.from_numpy(face.astype(np.float32).transpose(2, 0, 1))[None] / 127.5 - 1
        cells.append(F.avg_pool2d(picture, SIZE_PX // COLOUR_CELLS).flatten().numpy())
        wanted.append([*row["hair"], *row["skin"]])
    return np.stack(cells).astype(np.float64), np.array(wanted, np.float64) / 255
