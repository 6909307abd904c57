"""Is an eye in a photo shut? A linear reading of its pixels, where landmarks alone are not sure.

The landmarker takes the shadow on a dark or made-up lid for an open eye. The weights in
``eyes.npy`` come from `fit_eyes`, on renders with known lids and photos with open eyes.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from distill.atelier.landmarks import FRAME_PX, FaceReading

WEIGHTS_FILE = Path(__file__).with_name("eyes.npy")
# Outer and inner corner; picture's left eye first.
_CORNERS = ((33, 133), (263, 362))
_WIDTH, _HEIGHT, _STEP = 16, 10, 3


def shut_scores(photo: np.ndarray, reading: FaceReading) -> tuple[float, float]:
    """How surely both eyes of a square uint8 RGB photo are shut, log odds, picture's left first."""
    weights = _weights()
    left, right = (float(eye_features(photo, reading, side) @ weights[:-1] + weights[-1])
                   for side in (0, 1))
    return left, right


@lru_cache(maxsize=1)
def _weights() -> np.ndarray:
    return np.load(WEIGHTS_FILE).astype(np.float64)


def eye_features(photo: np.ndarray, reading: FaceReading, side: int) -> np.ndarray:
    """Light, colour and edges of one eye on a 16×10 grid, outer corner at the left."""
    patch = cv2.cvtColor(_eye_patch(photo, reading, side).astype(np.float32) / 255,
                         cv2.COLOR_RGB2LAB)
    # Against the patch's own light and contrast, so that neither dim light nor dark skin counts.
    light = patch[..., 0]
    light = (light - np.median(light)) / (light.std() + 1.5)
    light = cv2.GaussianBlur(light, (0, 0), 0.8)
    colour = np.hypot(patch[..., 1], patch[..., 2])
    colour = (colour - np.median(colour)) / (colour.std() + 1.5)
    across, down = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
    maps = (np.clip(light, -3, 3), np.clip(colour, -3, 3), np.minimum(np.abs(across), 3),
            np.clip(down, -3, 3), np.minimum(np.abs(down), 3))
    return np.stack([cv2.resize(one, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)
                     for one in maps]).ravel().astype(np.float64)


def _eye_patch(photo: np.ndarray, reading: FaceReading, side: int) -> np.ndarray:
    """The eye, level, its corners 30 px apart on 48×30 px, the right one mirrored."""
    width, height = _WIDTH * _STEP, _HEIGHT * _STEP
    points = reading.points[:, :2] * (photo.shape[0] / FRAME_PX)
    outer, inner = (points[corner] for corner in _CORNERS[side])
    step = (inner - outer) / 30
    # Down in the picture, whichever way the corners run.
    down = np.array([-step[1], step[0]]) * (1 if side == 0 else -1)
    matrix = np.stack([step, down], 1)
    shift = (outer + inner) / 2 - matrix @ [width / 2 - 0.5, 0.5 * height - 0.5]
    return cv2.warpAffine(photo, np.float32(np.c_[matrix, shift]), (width, height),
                          flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                          borderMode=cv2.BORDER_REPLICATE)
