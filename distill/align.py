"""Where a face is cut out of a photo: the FFHQ square from MediaPipe's points.

The twin of `sdk/crop/ffhq-align.ts`: same points in, same matrix out. The shared fixture
`test/fixtures/align.json` fails if either moves. See there for the choice of points.
"""

from __future__ import annotations

import numpy as np

LEFT_EYE_POINTS = (33, 160, 158, 133, 153, 144)
RIGHT_EYE_POINTS = (362, 385, 387, 263, 373, 380)
MOUTH_CORNER_POINTS = (61, 291)

EYE_WEIGHT = 2.0
MOUTH_WEIGHT = 1.8
CENTRE_WEIGHT = 0.1
CENTRE_SHIFT_SIDES = -0.007


def ffhq_crop_from_frame(points_px: np.ndarray) -> np.ndarray:
    """Frame pixels → crop units: the 2×3 matrix that maps the face's FFHQ square to [0, 1]².

    `points_px` [468 or 478, 2 or more]: MediaPipe's points in pixels; columns past y are ignored.
    """
    points = np.asarray(points_px, dtype=np.float64)[:, :2]
    left = points[list(LEFT_EYE_POINTS)].mean(axis=0)
    right = points[list(RIGHT_EYE_POINTS)].mean(axis=0)
    eyes = (left + right) / 2
    eye_to_eye = right - left
    eye_to_mouth = points[list(MOUTH_CORNER_POINTS)].mean(axis=0) - eyes
    axis = np.array([eye_to_eye[0] + eye_to_mouth[1], eye_to_eye[1] - eye_to_mouth[0]])
    half = max(EYE_WEIGHT * np.hypot(*eye_to_eye), MOUTH_WEIGHT * np.hypot(*eye_to_mouth))
    if not (np.isfinite(half) and half > 0 and np.hypot(*axis) > 0):
        raise ValueError("The points give no crop square: eyes and mouth coincide or are not finite.")
    axis /= np.hypot(*axis)
    down = np.array([-axis[1], axis[0]])
    centre = eyes + CENTRE_WEIGHT * eye_to_mouth + CENTRE_SHIFT_SIDES * 2 * half * down
    rotation = np.stack([axis, down]) / (2 * half)
    return np.hstack([rotation, (0.5 - rotation @ centre)[:, None]])


def crop_pixels_from_frame(crop_from_frame: np.ndarray, size_px: int) -> np.ndarray:
    """Frame pixel *indices* → crop pixel indices, for OpenCV, whose pixel centres are integers.

    `crop_from_frame` speaks of areas (pixel 0 covers 0…1), as WebGL and the SDK do.
    """
    matrix = np.asarray(crop_from_frame, dtype=np.float64) * size_px
    shift = matrix[:, :2] @ np.array([0.5, 0.5]) + matrix[:, 2] - 0.5
    return np.hstack([matrix[:, :2], shift[:, None]])


def warp_crop(image: np.ndarray, crop_from_frame: np.ndarray, size_px: int) -> np.ndarray:
    """Cut the square out of `image` [H, W, C] as [size_px, size_px, C]; edges are mirrored.

    Large photos are first halved until one step of bilinear sampling no longer skips pixels.
    """
    import cv2

    matrix = np.asarray(crop_from_frame, dtype=np.float64)
    side_px = 1 / np.hypot(matrix[0, 0], matrix[0, 1])
    while side_px >= 2 * size_px and min(image.shape[:2]) >= 2:
        height, width = image.shape[0] // 2, image.shape[1] // 2
        scale = np.array([image.shape[1] / width, image.shape[0] / height])
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        matrix = np.hstack([matrix[:, :2] * scale, matrix[:, 2:]])
        side_px /= 2
    return cv2.warpAffine(
        image,
        crop_pixels_from_frame(matrix, size_px),
        (size_px, size_px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
