"""What MediaPipe's face landmarker reads in a photo, and the file that keeps it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distill.atelier.parts import AtelierError

FRAME_PX = 512.0


@dataclass(frozen=True)
class FaceReading:
    """One face in an aligned photo, whatever its size, in px of a 512 px square.

    `points` [478, 3] (z grows away from the camera), `blendshapes` 0–1 by ARKit name, and
    where the photo's pixels were read too `eyeShutLeft` and `eyeShutRight` (log odds), `matrix`
    [4, 4] head pose (x right, y up, z to the camera).
    """

    file: str
    points: np.ndarray
    blendshapes: dict[str, float]
    matrix: np.ndarray

    def shape(self, name: str) -> float:
        """The mean of a blendshape's two sides, or the value of a middle one."""
        if name in self.blendshapes:
            return self.blendshapes[name]
        return (self.blendshapes[name + "Left"] + self.blendshapes[name + "Right"]) / 2

    def sides(self, name: str) -> tuple[float, float]:
        """Both sides in picture order: the eye at the left of the picture first."""
        return self.blendshapes[name + "Right"], self.blendshapes[name + "Left"]


def reading_row(reading: FaceReading) -> dict[str, object]:
    """The reading as plain values for a line of JSON."""
    return {
        "f": reading.file, "l": np.round(reading.points, 2).tolist(),
        "b": {key: round(value, 4) for key, value in reading.blendshapes.items()},
        "m": np.round(reading.matrix.T.ravel(), 6).tolist(),
    }


def reading_from_row(row: dict[str, object]) -> FaceReading:
    """The inverse of `reading_row`; raises `KeyError` or `ValueError` for another shape."""
    return FaceReading(
        str(row["f"]), np.array(row["l"], np.float64).reshape(478, 3), dict(row["b"]),
        np.array(row["m"], np.float64).reshape(4, 4).T)


def read_landmarks(path: Path) -> Iterator[FaceReading]:
    """The readings of a ``.jsonl.gz`` file; raises `AtelierError` with the number of a bad line."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield reading_from_row(json.loads(line))
                except (KeyError, TypeError, ValueError) as error:
                    raise AtelierError(
                        f"{path}, line {number}: not a face reading ({error}). Make it again."
                    ) from None
    except (OSError, EOFError) as error:
        raise AtelierError(f"{path} cannot be read as landmarks: {error}.") from None


def write_landmarks(path: Path, readings: Iterable[FaceReading]) -> None:
    """Write what `read_landmarks` reads; the same readings give the same bytes."""
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
        for reading in readings:
            packed.write((json.dumps(reading_row(reading)) + "\n").encode())
