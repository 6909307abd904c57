"""What `destylize` reports of a method: time, how near one character's faces are, what of the expression is kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

import torch
from torch import Tensor

from distill.checkpoint import write_atomic
from distill.measure.expressions import expression_agreement, read_expressions
from distill.measure.perceptual import Lpips
from distill.teacher.destylize_ways import Similarity

REPORT = "destylize.json"
PAIRS = 64
LABELS = {
    "seconds_each": "seconds a picture",
    "same_lpips": "faces of one character, LPIPS",
    "other_lpips": "faces of different characters, LPIPS",
    "same_identity": "faces of one character, identity cosine",
    "other_identity": "faces of different characters, identity cosine",
    "photo_lpips": "face to the true photo, LPIPS",
    "photo_identity": "face to the true photo, identity cosine",
    "faces_found": "faces the landmarker finds",
    "expression": "expression kept, correlation",
}


@dataclass(frozen=True)
class Report:
    """Measures of one method on one set of portraits; None where it cannot be measured (see `LABELS`)."""

    method: str
    portraits: int
    seconds_each: float
    same_lpips: float | None = None
    other_lpips: float | None = None
    same_identity: float | None = None
    other_identity: float | None = None
    photo_lpips: float | None = None
    photo_identity: float | None = None
    faces_found: float | None = None
    expression: float | None = None


def character_pairs(people: Sequence[str], limit: int = PAIRS) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Up to `limit` pairs of portraits of one character, and of different ones; unnamed people are left out."""
    known = [index for index, person in enumerate(people) if person]
    pairs = list(combinations(known, 2))
    same = [(a, b) for a, b in pairs if people[a] == people[b]]
    other = [(a, b) for a, b in pairs if people[a] != people[b]]
    return _spread(same, limit), _spread(other, limit)


def _spread(pairs: list[tuple[int, int]], limit: int) -> list[tuple[int, int]]:
    step = max(1, len(pairs) // limit)
    return pairs[::step][:limit]


@torch.no_grad()
def measure_faces(
    faces: Tensor, people: Sequence[str], lpips: Lpips, similarity: Similarity | None, *, photos: Tensor | None = None,
    originals: Tensor | None = None, face_model: Path | None = None,
) -> dict[str, float]:
    """The measures of `Report` of destylized faces [N,3,S,S], as far as there is something to compare with.

    `photos` are the true faces, `originals` the pictures whose expression should be kept.
    """
    found: dict[str, float] = {}
    for label, pairs in zip(("same", "other"), character_pairs(people), strict=True):
        if pairs:
            a, b = (faces[list(side)] for side in zip(*pairs, strict=True))
            found[f"{label}_lpips"] = _mean(lpips, a, b)
            if similarity is not None:
                found[f"{label}_identity"] = _mean(similarity, a, b)
    if photos is not None:
        found["photo_lpips"] = _mean(lpips, faces, photos)
        if similarity is not None:
            found["photo_identity"] = _mean(similarity, faces, photos)
    if face_model is not None and originals is not None:
        agreement = expression_agreement(read_expressions(originals, face_model), read_expressions(faces, face_model))
        found |= {"faces_found": agreement.found, "expression": agreement.correlation}
    return {name: value for name, value in found.items() if value == value}


def _mean(distance: Similarity, a: Tensor, b: Tensor) -> float:
    parts = [distance(x, y) for x, y in zip(a.split(8), b.split(8), strict=True)]
    return torch.cat(parts).mean().item()


def write_report(folder: Path, report: Report) -> None:
    """Save a method's report beside its codes."""
    write_atomic(folder / REPORT, (json.dumps(asdict(report), indent=1) + "\n").encode())


def read_report(folder: Path) -> Report | None:
    """A report saved before, or None."""
    path = folder / REPORT
    return Report(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def table(reports: Sequence[Report]) -> str:
    """Reports side by side as a Markdown table; with two, the ratio of their times below."""
    lines = [f"| {' | '.join(['measure', *(report.method for report in reports)])} |", "|---" * (len(reports) + 1) + "|"]
    lines.append(f"| portraits | {' | '.join(str(report.portraits) for report in reports)} |")
    for name, label in LABELS.items():
        values = [getattr(report, name) for report in reports]
        if any(value is not None for value in values):
            lines.append(f"| {label} | {' | '.join('–' if value is None else f'{value:.3f}' for value in values)} |")
    if len(reports) == 2:
        slow, fast = sorted(reports, key=lambda report: -report.seconds_each)
        lines += ["", f"{fast.method} is {slow.seconds_each / fast.seconds_each:.1f} times as fast as {slow.method} (published: 20.1)."]
    return "\n".join(lines) + "\n"
