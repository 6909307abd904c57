"""`fit-blendshapes`: how far expressions can be told from the points alone, for face models without blendshapes.

A linear fit of each blendshape that the pose vector uses on a few distances between frontal points. Writes
the table of the SDK's `sdk/pose/blendshape-table.ts`; the distances there must be these.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from distill.atelier.landmarks import FaceReading, read_landmarks
from distill.atelier.pose import frontal_points

SHAPES = ("mouthSmile", "mouthUpperUp", "mouthPucker", "browInnerUp", "browDown", "browOuterUp")
"""Shapes with two sides are fitted on both at once: the left side of a face is the right one of its mirror image."""
HELD_OUT = 3
"""Every third photo measures the fit."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `fit-blendshapes`."""
    parser.add_argument("--landmarks", type=Path, required=True, metavar="FILE", help="readings of photos, .jsonl.gz, as `atelier` keeps them")
    parser.add_argument("--out", type=Path, default=Path("sdk/pose/blendshape-table.ts"), metavar="FILE")


def main(args: argparse.Namespace) -> int:
    """Fits, prints the correlation on held-out photos, and writes the table."""
    readings = list(read_landmarks(args.landmarks))
    rows = []
    for name in SHAPES:
        features, targets = design(readings, name)
        held_out = np.arange(len(targets)) // 2 % HELD_OUT == 0
        fit = np.linalg.lstsq(features[~held_out], targets[~held_out], rcond=None)[0]
        correlation = np.corrcoef(features[held_out] @ fit, targets[held_out])[0, 1]
        print(f"{name}: correlation {correlation:.2f} on {held_out.sum() // 2} photos left out")
        rows.append(f"  {name}: [{', '.join(f'{value:.4f}' for value in fit)}],\n")
    args.out.write_text(
        "// Written by `python -m distill fit-blendshapes`; the order of the factors is that of `distancesOf`.\n"
        "/** Factors of the distances, for the blendshapes that can be told from points. */\n"
        "export const BLENDSHAPE_TABLE: Readonly<Record<string, readonly number[]>> = {\n" + "".join(rows) + "};\n",
        encoding="utf-8",
    )
    return 0


def design(readings: list[FaceReading], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Distances [2n,f] and values [2n] of a shape, two rows a photo: as seen from its left and from its right."""
    features, targets = [], []
    for reading in readings:
        left, right = (reading.shape(name),) * 2 if name in reading.blendshapes else reading.sides(name)
        features += [distances(reading, 0), distances(reading, 1)]
        targets += [left, right]
    return np.array(features), np.array(targets)


_BROWS = (((55, 107), (52, 105), (46, 70)), ((285, 336), (282, 334), (276, 300)))


def distances(reading: FaceReading, side: int) -> np.ndarray:
    """Of frontal points, in eye distances, for a side of the picture (0 left): mouth width, lift of the corners,
    their depth, upper and lower lip, nose to lip, gap; brows inside, middle, outside, of this and the other side; 1."""
    points = frontal_points(reading)[:, :2]
    across = points[[263, 362]].mean(0) - points[[33, 133]].mean(0)
    points = points / np.hypot(*across)
    corners = (points[61, 1] + points[291, 1]) / 2
    mouth = [
        np.hypot(*(points[291] - points[61])), (points[13, 1] + points[14, 1]) / 2 - corners, corners,
        points[13, 1] - points[0, 1], points[17, 1] - points[14, 1], points[0, 1] - points[2, 1], points[14, 1] - points[13, 1],
    ]  # fmt: skip
    brows = [-points[list(pair), 1].mean() for which in (side, 1 - side) for pair in _BROWS[which]]
    return np.array([*mouth, *brows, 1.0])
