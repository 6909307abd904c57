"""Which exemplar, and how strongly, suits a photo: what stays most like both at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from distill.losses.contextual import contextual_loss, style_features
from distill.measure.perceptual import Lpips
from distill.networks.style_weights import structure_weights
from distill.teacher.codes import CodeBook
from distill.teacher.model import Teacher

STRENGTHS = (0.5, 0.75, 1.0)
SHORTLIST = 8


@dataclass(frozen=True)
class Recommendation:
    """An exemplar (by place and name), the weights [L] for it, and why.

    likeness: to the photo, by what was given to measure it; closeness: exp(−contextual loss) to the
    exemplar; score: the sum of both, each in deviations over everything tried.
    """

    index: int
    name: str
    weights: Tensor
    likeness: float
    closeness: float
    score: float


def shortlist(teacher: Teacher, intrinsic: Tensor, faces: Tensor, count: int = SHORTLIST) -> list[int]:
    """The `count` of the faces behind portraits, Z+ [K,L,512], most like the photo's face [1,L,512] in structure."""
    rows = slice(0, teacher.layout.structure_layers)
    with torch.no_grad():
        centre = teacher.dual.g.mean_w().to(teacher.device)
        photo, others = (teacher.dual.extrinsic_styles(code.to(teacher.device))[:, rows] - centre for code in (intrinsic, faces))
    similarity = torch.cosine_similarity(photo.flatten(1), others.flatten(1))
    return similarity.argsort(descending=True)[:count].tolist()


@torch.no_grad()
def recommend(
    teacher: Teacher, photo: Tensor, styles: CodeBook, lpips: Lpips, likeness: Callable[[Tensor, Tensor], Tensor], *,
    faces: CodeBook | None = None, portraits: Tensor | None = None, weights: Tensor | None = None,
) -> list[Recommendation]:
    """Recommendations for one photo [1,3,S,S], best first.

    styles: extrinsic codes; faces: the intrinsic codes of the same portraits, if known. portraits
    [K,3,S,S]: the pictures, else the teacher's own drawing of each. `likeness(a, b)` [N], larger is
    liker. weights: tried alone if given, else three strengths of structure.
    """
    intrinsic = teacher.encode(photo)
    behind = (faces.only(styles.names) if faces is not None else styles).codes
    tried = [weights] if weights is not None else [structure_weights(teacher.layout, strength) for strength in STRENGTHS]
    found = []
    for index in shortlist(teacher, intrinsic, behind):
        code = styles.codes[index : index + 1]
        portrait = portraits[index : index + 1].to(teacher.device) if portraits is not None else teacher.draw(behind[index : index + 1], code)
        features = style_features(lpips, portrait)[1]
        for row_weights in tried:
            picture = teacher.draw(intrinsic, code, row_weights).clamp(-1, 1)
            closeness = torch.exp(-contextual_loss(style_features(lpips, picture)[1], features)).item()
            found.append((index, row_weights, likeness(picture, photo.to(teacher.device)).item(), closeness))
    scores = sum(_standard(torch.tensor([row[place] for row in found])) for place in (2, 3))
    rows = [Recommendation(index, styles.names[index], w, like, close, score)
            for (index, w, like, close), score in zip(found, scores.tolist(), strict=True)]
    return sorted(rows, key=lambda row: -row.score)


def _standard(values: Tensor) -> Tensor:
    return torch.zeros_like(values) if len(values) < 2 else (values - values.mean()) / (values.std() + 1e-8)
