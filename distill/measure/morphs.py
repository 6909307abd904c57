"""Renders whose jaw and lids are known: what the face model reads off their reconstructions against the truth."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from distill.atelier.measure import rank_correlation
from distill.data.index import Row
from distill.measure.expressions import EXPRESSIONS

Morphs = dict[str, float]
# The other morphs that leave the mouth as it is: jaw is compared where nothing else opens or shuts it.
ELSEWHERE = ("eye", "brow", "squint", "lowLid", "gaze")


def read_morphs(path: Path) -> dict[str, Morphs]:
    """Morph weights by the render's id, from `atelier-renders`' renders.jsonl."""
    if not path.exists():
        raise SystemExit(f"morphs={path}: there is no such file; atelier-renders writes it beside its pictures.")
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {str(row["id"]): row["morphs"] for row in rows}


def known_rows(rows: Iterable[Row], morphs: dict[str, Morphs]) -> list[int]:
    """Which of `rows` are renders whose morphs are known."""
    return [index for index, row in enumerate(rows) if row.domain == "render" and Path(row.file).stem in morphs]


def morph_agreement(read: np.ndarray, morphs: list[Morphs]) -> dict[str, float]:
    """jaw and blink: rank correlation of expressions [N,4] (see `read_expressions`) with the morphs; found: share with a face.

    0 where nothing varies.
    """
    names = list(EXPRESSIONS)
    found = ~np.isnan(read).any(1)
    only_jaw = np.array([all(name == "MouthOpen" or _elsewhere(name) for name in morph) for morph in morphs], dtype=bool)
    jaw = np.array([morph.get("MouthOpen", 0.0) for morph in morphs])
    blink = np.array([(morph.get("LeyeClose", 0.0) + morph.get("ReyeClose", 0.0)) / 2 for morph in morphs])
    return {
        "jaw": _agreement(jaw, read[:, names.index("jaw")], found & only_jaw),
        "blink": _agreement(blink, read[:, names.index("blink")], found),
        "found": float(found.mean()),
    }


def _elsewhere(name: str) -> bool:
    return any(part.lower() in name.lower() for part in ELSEWHERE)


def _agreement(truth: np.ndarray, read: np.ndarray, kept: np.ndarray) -> float:
    truth, read = truth[kept], read[kept]
    flat = len(truth) < 3 or np.ptp(truth) < 1e-6 or np.ptp(read) < 1e-6
    return 0.0 if flat else rank_correlation(truth, read)
