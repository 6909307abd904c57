"""Where the tests find the face model: the setting of the project, or what the build leaves; and a stand-in for it."""

import os
from pathlib import Path

import numpy as np

from distill.data.landmarks import FoundFace
from distill.measure.expressions import EXPRESSIONS

ROOT = Path(__file__).resolve().parents[2]


def face_model() -> Path:
    """STYLEFILTER_FACE_MODEL, else dist/assets/models/face_landmarker.task; must exist."""
    given = os.environ.get("STYLEFILTER_FACE_MODEL")
    path = Path(given) if given else ROOT / "dist/assets/models/face_landmarker.task"
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `npm run build` first, or set STYLEFILTER_FACE_MODEL.")
    return path


class FakeMarker:
    """A face marker whose blendshapes a test makes up; a subclass gives `find`."""

    has_blendshapes = True

    def __init__(self, model, max_faces):
        self.model = model

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def face(self, otherwise, **known):
        """A face with the blendshapes `known`, and `otherwise` for all others that are measured."""
        names = [name for group in EXPRESSIONS.values() for name in group]
        return FoundFace(np.zeros((478, 3)), dict.fromkeys(names, otherwise) | known)
