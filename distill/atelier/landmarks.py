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

    `points` [478, 3] (z grows away from the camera), `blendshapes` 0–1 by ARKit name, `matrix`
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


class FaceReader:
    """The landmarker on single photos. Use as a context manager, or call `close`."""

    def __init__(self, model_path: Path) -> None:
        if not Path(model_path).is_file():
            raise AtelierError(f"--landmarker {model_path}: there is no such model file.")
        import mediapipe
        from mediapipe.tasks.python import BaseOptions, vision

        self._mediapipe = mediapipe
        self._landmarker = vision.FaceLandmarker.create_from_options(vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model_path)),
            output_face_blendshapes=True, output_facial_transformation_matrixes=True))

    def read(self, photo: np.ndarray, file: str) -> FaceReading | None:
        """Read the face of a square uint8 RGB photo; None if there is none."""
        image = self._mediapipe.Image(
            image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(photo))
        found = self._landmarker.detect(image)
        if not found.face_landmarks:
            return None
        points = np.array([(p.x, p.y, p.z) for p in found.face_landmarks[0]]) * FRAME_PX
        shapes = {c.category_name: float(c.score) for c in found.face_blendshapes[0]}
        return FaceReading(
            file, points, shapes, np.array(found.facial_transformation_matrixes[0]))

    def close(self) -> None:
        """Free the model; may be called twice."""
        if self._landmarker is not None:
            self._landmarker.close()
            self._landmarker = None

    def __enter__(self) -> FaceReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
