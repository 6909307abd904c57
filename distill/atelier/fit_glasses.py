"""Fit the glasses detector again: ``python -m distill.atelier.fit_glasses PHOTOS LANDMARKS``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np

from distill.atelier.glasses import WEIGHTS_FILE, edge_features, fit_glasses
from distill.atelier.landmarks import read_landmarks

LABELS_FILE = Path(__file__).with_name("glasses_labels.json")


def main(argv: list[str] | None = None) -> None:
    """Read labelled photos, print cross-validated rates, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path, help="folder of aligned photos")
    parser.add_argument("landmarks", type=Path, help="their landmarks (.jsonl.gz)")
    args = parser.parse_args(argv)
    labels = json.loads(LABELS_FILE.read_text())
    worn, unsure = set(labels["worn"]), set(labels["unsure"])
    features, truth = [], []
    for reading in read_landmarks(args.landmarks):
        name = Path(reading.file).stem
        picture = cv2.imread(str(args.photos / reading.file))
        if picture is not None and name not in unsure:
            features.append(edge_features(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), reading))
            truth.append(name in worn)
    x, y = np.array(features), np.array(truth)
    found = np.zeros(len(y))
    order = np.random.default_rng(0).permutation(len(y))
    for fold in range(5):
        held = order[fold::5]
        rest = np.setdiff1d(order, held)
        weights = fit_glasses(x[rest], y[rest])
        found[held] = x[held] @ weights[:-1] + weights[-1]
    print(f"{len(y)} photos, {y.sum()} with glasses: found {np.mean(found[y] > 0):.3f}, "
          f"false {np.mean(found[~y] > 0):.4f}")
    np.save(WEIGHTS_FILE, fit_glasses(x, y))


if __name__ == "__main__":
    sys.exit(main())
