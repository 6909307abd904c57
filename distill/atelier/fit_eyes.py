"""Fit the reading of shut eyes again: ``python -m distill.atelier.fit_eyes RENDERS PHOTOS STUDIES``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from distill.atelier.eyes import WEIGHTS_FILE, eye_features
from distill.atelier.landmarks import read_landmarks
from distill.atelier.measure_verb import known_lids
from distill.atelier.photos import load_photo, read_studies

STIFFNESS = 100.0
# There are more photos, and nothing in them is shut.
RENDER_WEIGHT, PHOTO_WEIGHT = 2.0, 0.5


def main(argv: list[str] | None = None) -> None:
    """Read eyes, print rates on avatars and photos left out of the fit, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("renders", type=Path, help="folder that `atelier-renders --landmarker` wrote")
    parser.add_argument("photos", type=Path, help="folder of photos with open eyes")
    parser.add_argument("studies", type=Path, help="photos.jsonl.gz of those photos")
    args = parser.parse_args(argv)
    rows = [*_renders(args.renders), *_photos(args.photos, args.studies)]
    x, y = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], float)
    weights = np.array([row[2] for row in rows])
    groups = np.array([row[3] for row in rows])
    half = np.isin(groups, np.unique(groups)[::2])
    score = np.empty(len(y))
    for held in (half, ~half):
        fitted = fit(x[~held], y[~held], weights[~held])
        score[held] = x[held] @ fitted[:-1] + fitted[-1]
    real = weights == PHOTO_WEIGHT
    print(f"renders of avatars left out: {np.mean((score > 0)[~real] == y[~real]):.4f} of "
          f"{np.sum(~real)} eyes right; photos left out: {np.mean(score[real] > 0):.4f} of "
          f"{real.sum()} taken for shut, {np.mean(score[real] > 1):.4f} surely")
    np.save(WEIGHTS_FILE, fit(x, y, weights).astype(np.float32))


def _renders(folder: Path) -> Iterator[tuple[np.ndarray, float, float, str]]:
    readings = {reading.file: reading for reading in read_landmarks(folder / "landmarks.jsonl.gz")}
    for line in (folder / "renders.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["file"] not in readings:
            continue
        picture = load_photo(folder / row["file"])
        for side, shut in known_lids(row["morphs"]):
            yield (eye_features(picture, readings[row["file"]], side), float(shut), RENDER_WEIGHT,
                   row["avatar"])


def _photos(folder: Path, studies: Path) -> Iterator[tuple[np.ndarray, float, float, str]]:
    for study in read_studies(studies):
        picture = load_photo(folder / study.file.name)
        for side in (0, 1):
            yield eye_features(picture, study.reading, side), 0.0, PHOTO_WEIGHT, study.file.stem


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weights and bias of a ridge logistic regression on features [n, d] and answers 0 or 1."""
    mean, spread = x.mean(0), x.std(0) + 0.05
    z = np.c_[(x - mean) / spread, np.ones(len(x))]
    ridge = np.eye(z.shape[1]) * STIFFNESS
    ridge[-1, -1] = 1e-3
    found = np.zeros(z.shape[1])
    for _ in range(7):
        chance = 1 / (1 + np.exp(-np.clip(z @ found, -30, 30)))
        slope = z.T @ (weight * (chance - y)) + ridge @ found
        bend = (z * (weight * chance * (1 - chance))[:, None]).T @ z + ridge
        found -= np.linalg.solve(bend, slope)
    scaled = found[:-1] / spread
    return np.append(scaled, found[-1] - scaled @ mean)


if __name__ == "__main__":
    sys.exit(main())
