"""Where the tests find the face model: the setting of the project, or what the build leaves."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def face_model() -> Path:
    """STYLEFILTER_FACE_MODEL, else dist/assets/models/face_landmarker.task; must exist."""
    given = os.environ.get("STYLEFILTER_FACE_MODEL")
    path = Path(given) if given else ROOT / "dist/assets/models/face_landmarker.task"
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `npm run build` first, or set STYLEFILTER_FACE_MODEL.")
    return path
