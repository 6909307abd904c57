"""Moving a photo and its reading together: similarity transforms and mirroring."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from distill.atelier.landmarks import FRAME_PX, FaceReading

_MIRROR_FILE = Path(__file__).with_name("mirror.json")


@lru_cache(maxsize=1)
def _mirror_points() -> np.ndarray:
    """Which landmark becomes which in a mirrored face [478]."""
    return np.array(json.loads(_MIRROR_FILE.read_text()))


def similarity(
    scale: float = 1.0, angle_rad: float = 0.0, shift_px: tuple[float, float] = (0.0, 0.0)
) -> np.ndarray:
    """2×3 matrix about the middle of the 512 px square; `angle_rad` + turns clockwise."""
    c, s = scale * np.cos(angle_rad), scale * np.sin(angle_rad)
    linear = np.array([[c, -s], [s, c]])
    middle = np.full(2, (FRAME_PX - 1) / 2)
    return np.c_[linear, middle - linear @ middle + shift_px]


def move_picture(picture: np.ndarray, matrix: np.ndarray, border: int) -> np.ndarray:
    """Move a square picture of any size by a `matrix` in 512 px; `border` is OpenCV's."""
    size = picture.shape[0]
    k = size / FRAME_PX
    # Matrices speak of pixel centres in 512 px; so do the pixels of a smaller picture.
    linear = matrix[:, :2]
    shift = (linear @ np.full(2, 0.5 / k - 0.5) + matrix[:, 2] + 0.5) * k - 0.5
    return cv2.warpAffine(picture, np.float32(np.c_[linear, shift]), (size, size),
                          flags=cv2.INTER_LINEAR, borderMode=border)


def move_reading(reading: FaceReading, matrix: np.ndarray) -> FaceReading:
    """The reading of the moved picture."""
    linear = matrix[:, :2]
    scale = float(np.sqrt(abs(np.linalg.det(linear))))
    points = np.c_[reading.points[:, :2] @ linear.T + matrix[:, 2], reading.points[:, 2] * scale]
    c, s = linear[0, 0] / scale, linear[1, 0] / scale
    pose = reading.matrix.copy()
    # The head's axes point up, the picture's down, so the same turn has the other sign.
    pose[:3, :3] = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) @ pose[:3, :3]
    return FaceReading(reading.file, points, reading.blendshapes, pose)


def mirror_reading(reading: FaceReading) -> FaceReading:
    """The reading of the picture seen in a mirror."""
    points = reading.points[_mirror_points()] * [-1, 1, 1] + [FRAME_PX - 1, 0, 0]
    shapes = {}
    for name, value in reading.blendshapes.items():
        if name.endswith("Left"):
            name = name[:-4] + "Right"
        elif name.endswith("Right"):
            name = name[:-5] + "Left"
        shapes[name] = value
    flip = np.diag([-1.0, 1, 1, 1])
    return FaceReading(reading.file, points, shapes, flip @ reading.matrix @ flip)
