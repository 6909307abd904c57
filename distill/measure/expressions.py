"""Agreement of expression: blendshapes of a picture against those of its reconstruction."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch import Tensor

from distill.data.landmarks import FaceMarker

# What an onlooker sees first; each is the mean of its blendshapes.
EXPRESSIONS = {
    "blink": ("eyeBlinkLeft", "eyeBlinkRight"),
    "jaw": ("jawOpen",),
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "brow": ("browInnerUp",),
}


class ExpressionAgreement(NamedTuple):
    """`found`: share of reconstructions with a face; `correlation`: mean over the expressions."""

    found: float
    correlation: float
    by_expression: dict[str, float]


def read_expressions(pictures: Tensor, model: Path) -> np.ndarray:
    """Expressions [N,4] of pictures [N,3,S,S] in [-1,1]; NaN where no face is found.

    Raises SystemExit if the face model has no blendshape network.
    """
    rows = []
    with FaceMarker(model, max_faces=1) as marker:
        if not marker.has_blendshapes:
            raise SystemExit(
                f"{model} has no blendshape network, so expressions cannot be compared; give MediaPipe's full "
                "face_landmarker.task."
            )
        for picture in pictures:
            rgb = ((picture.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()
            faces = marker.find(rgb)
            if not faces:
                rows.append([np.nan] * len(EXPRESSIONS))
                continue
            rows.append([np.mean([faces[0].blendshapes[n] for n in names]) for names in EXPRESSIONS.values()])
    return np.array(rows)


def expression_agreement(real: np.ndarray, fake: np.ndarray) -> ExpressionAgreement:
    """Correlation over pictures of each expression, from `read_expressions` of both sides."""
    both = ~(np.isnan(real).any(1) | np.isnan(fake).any(1))
    found = float((~np.isnan(fake).any(1))[~np.isnan(real).any(1)].mean())
    scores = {}
    for index, name in enumerate(EXPRESSIONS):
        a, b = real[both, index], fake[both, index]
        flat = len(a) < 3 or a.std() < 1e-6 or b.std() < 1e-6
        scores[name] = 0.0 if flat else float(np.corrcoef(a, b)[0, 1])
    return ExpressionAgreement(found, float(np.mean(list(scores.values()))), scores)


def expression_measure(photos: Tensor, model: Path) -> Callable[[Tensor], ExpressionAgreement]:
    """What compares pictures with `photos`, whose own expressions are read once."""
    real = read_expressions(photos, model)
    return lambda pictures: expression_agreement(real, read_expressions(pictures, model))
