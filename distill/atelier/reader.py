"""Reading a face twice: as it is and in a mirror, in the light where it is dark."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from distill.atelier.eyes import shut_scores
from distill.atelier.geometry import mirror_reading
from distill.atelier.landmarks import FRAME_PX, FaceReading
from distill.atelier.parts import AtelierError

# Median brightness 0–255 that a darker face is lifted to before it is read.
_LIT = 110.0
# Readings whose points lie farther apart than this on average, px of 512, show two faces.
_SAME_FACE_PX = 25.0


class FaceReader:
    """The landmarker on single photos. Use as a context manager, or call `close`."""

    def __init__(self, model_path: Path) -> None:
        if not Path(model_path).is_file():
            raise AtelierError(f"--landmarker {model_path}: there is no such model file.")
        import mediapipe
        from mediapipe.tasks.python import BaseOptions, vision

        self._mediapipe = mediapipe
        try:
            self._landmarker = vision.FaceLandmarker.create_from_options(
                vision.FaceLandmarkerOptions(
                    base_options=BaseOptions(model_asset_path=str(model_path)),
                    output_face_blendshapes=True, output_facial_transformation_matrixes=True))
        except (RuntimeError, ValueError) as error:
            raise AtelierError(
                f"--landmarker {model_path} cannot be used ({error}). Give MediaPipe's full "
                "face_landmarker.task; a bundle without blendshapes does not do.") from None

    def read(self, photo: np.ndarray, file: str) -> FaceReading | None:
        """Read the face of a square uint8 RGB photo; None if there is none."""
        reading = read_both_sides(self._read_once, photo, file)
        return None if reading is None else with_shut_eyes(reading, photo)

    def _read_once(self, photo: np.ndarray, file: str) -> FaceReading | None:
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


def read_both_sides(
    read: Callable[[np.ndarray, str], FaceReading | None], photo: np.ndarray, file: str
) -> FaceReading | None:
    """The mean of what `read` says of a photo and of its mirror image; None where it sees no face.

    The landmarker sees lids and lips of turned heads differently from both sides, and those of
    dark faces hardly at all.
    """
    first = read(photo, file)
    if first is None:
        return None
    lit = lit_face(photo, first)
    if lit is not photo:
        first = read(lit, file) or first
    mirrored = read(lit[:, ::-1], file)
    return first if mirrored is None else mean_reading(first, mirror_reading(mirrored))


def with_shut_eyes(reading: FaceReading, photo: np.ndarray) -> FaceReading:
    """The reading with what the pixels of both eyes say, as `eyeShut…` (log odds, ±8)."""
    left, right = np.clip(shut_scores(photo, reading), -8, 8).tolist()
    # The eye at the picture's left is the person's right one.
    shapes = reading.blendshapes | {"eyeShutRight": left, "eyeShutLeft": right}
    return dataclasses.replace(reading, blendshapes=shapes)


def lit_face(photo: np.ndarray, reading: FaceReading) -> np.ndarray:
    """The photo with its mid-tones lifted where the face is dark; else the photo itself."""
    box = np.clip(reading.points[:, :2] / FRAME_PX, 0, 1) * (photo.shape[0] - 1)
    (left, top), (right, bottom) = box.min(0).astype(int), box.max(0).astype(int) + 1
    grey = cv2.cvtColor(photo[top:bottom, left:right], cv2.COLOR_RGB2GRAY)
    median = float(np.median(grey))
    if median >= _LIT:
        return photo
    bend = np.log(_LIT / 255) / np.log(max(median, 4.0) / 255)
    return np.round(255 * (np.arange(256) / 255) ** bend).astype(np.uint8)[photo]


def mean_reading(first: FaceReading, second: FaceReading) -> FaceReading:
    """The middle of two readings of one face; `first` where they are of different faces."""
    apart = np.linalg.norm((first.points - second.points)[:, :2], axis=1).mean()
    if apart > _SAME_FACE_PX:
        return first
    shapes = {name: (value + second.blendshapes[name]) / 2
              for name, value in first.blendshapes.items()}
    return FaceReading(first.file, (first.points + second.points) / 2, shapes,
                       (first.matrix + second.matrix) / 2)
