"""Blinks, winks and open jaws painted into photos, with the known warp as the truth.

Photos hold almost none of them, and a landmarker misreads a painted blink, so the expression that
belongs to a warped photo is computed from the warp, never detected again.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from distill.atelier.expression import (
    INNER_LOWER,
    INNER_UPPER,
    Expression,
    read_expression,
    with_lids,
)
from distill.atelier.landmarks import FRAME_PX, FaceReading
from distill.atelier.pose import HeadPose, read_pose

# Picture's left eye first: upper lid, lower lid, brow.
_LIDS = (((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133),
          (70, 63, 105, 66, 107)),
         ((362, 398, 384, 385, 386, 387, 388, 466, 263), (362, 382, 381, 380, 374, 373, 390, 249,
                                                          263), (336, 296, 334, 293, 300)))
_OUTER_LOWER = (146, 91, 181, 84, 17, 314, 405, 321, 375)
_CHIN = (152, 148, 377, 176, 400, 149, 378, 150, 379, 199, 200, 175, 171, 136, 365, 172, 397)
JAW_REACH = 0.62


@dataclasses.dataclass(frozen=True)
class PhotoWarp:
    """What is painted into a photo: `lids` 0–1 how far each eye is closed further (picture order),
    `jaw` 0–1 how far the mouth is opened, `teeth` 0–1 how much of the upper row shows."""

    lids: tuple[float, float] = (0.0, 0.0)
    jaw: float = 0.0
    teeth: float = 0.0


def warp_photo(photo: np.ndarray, reading: FaceReading, warp: PhotoWarp) -> np.ndarray:
    """The square uint8 RGB photo with `warp` painted in."""
    upright, back = _upright(photo, reading)
    points = _upright_points(reading) * (photo.shape[0] / FRAME_PX)
    if warp.jaw > 0:
        upright = _open_jaw(upright, points, warp.jaw, warp.teeth)
    for side, amount in enumerate(warp.lids):
        if amount > 0:
            upright = _close_lid(upright, points, _LIDS[side], amount)
    if back is None:
        return upright
    size = photo.shape[0]
    turned = cv2.warpAffine(upright, back, (size, size), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
                            borderMode=cv2.BORDER_REPLICATE)
    # Only the face was redrawn: everything else keeps its own pixels.
    face = np.zeros((size, size), np.uint8)
    x, y = reading.points[:, 0], reading.points[:, 1]
    hull = np.stack([x, y + np.where(y > np.median(y), 0.25 * np.ptp(y), 0)], 1)
    hull = cv2.convexHull(np.float32(hull * (size / FRAME_PX)))
    cv2.fillConvexPoly(face, hull.astype(np.int32), 255)
    mask = cv2.GaussianBlur(face, (0, 0), size / 100)[..., None] / 255
    return np.clip(turned * mask + photo * (1 - mask) + 0.5, 0, 255).astype(np.uint8)


def warped_expression(
    reading: FaceReading, warp: PhotoWarp
) -> tuple[HeadPose, Expression]:
    """Pose and expression of the warped photo, from the warp itself."""
    opened = _opened(reading, warp.jaw) if warp.jaw > 0 else reading
    pose = read_pose(opened)
    expression = with_lids(read_expression(opened, pose), warp.lids)
    if warp.jaw > 0:
        mouth = dataclasses.replace(expression.mouth, teeth=warp.teeth)
        expression = dataclasses.replace(expression, mouth=mouth)
    return pose, expression


def _roll(reading: FaceReading) -> float:
    across = reading.points[[263, 362]].mean(0) - reading.points[[33, 133]].mean(0)
    return float(np.arctan2(across[1], across[0]))


def _matrix(reading: FaceReading) -> np.ndarray:
    """Turns the square about the eye middle until the eyes are level."""
    c, s = np.cos(_roll(reading)), np.sin(_roll(reading))
    middle = reading.points[[33, 133, 263, 362], :2].mean(0)
    linear = np.array([[c, s], [-s, c]])
    return np.c_[linear, middle - linear @ middle]


def _upright(photo: np.ndarray, reading: FaceReading) -> tuple[np.ndarray, np.ndarray | None]:
    """The photo with level eyes, and the matrix used; None where it was level already."""
    if abs(_roll(reading)) < 0.02:
        return photo, None
    matrix = _matrix(reading)
    matrix[:, 2] *= photo.shape[0] / FRAME_PX
    matrix = np.float32(matrix)
    size = photo.shape[0]
    turned = cv2.warpAffine(photo, matrix, (size, size), flags=cv2.INTER_CUBIC,
                            borderMode=cv2.BORDER_REPLICATE)
    return turned, matrix


def _upright_points(reading: FaceReading) -> np.ndarray:
    if abs(_roll(reading)) < 0.02:
        return reading.points[:, :2]
    matrix = _matrix(reading)
    return reading.points[:, :2] @ matrix[:, :2].T + matrix[:, 2]


def _curve(points: np.ndarray, columns: np.ndarray) -> np.ndarray:
    order = np.argsort(points[:, 0])
    return np.interp(columns, points[order, 0], points[order, 1])


def _close_lid(
    photo: np.ndarray, points: np.ndarray, ids: tuple[tuple[int, ...], ...], amount: float
) -> np.ndarray:
    """Slide the skin between brow and lash line down over the eye, column by column."""
    upper, lower, brow = (points[list(line)] for line in ids)
    size = photo.shape[0]
    fine = size / FRAME_PX
    columns = np.arange(size, dtype=np.float64)
    inside = (columns > upper[:, 0].min() - fine) & (columns < upper[:, 0].max() + fine)
    lash, under = _curve(upper, columns), _curve(lower, columns)
    top = 0.55 * _curve(brow, columns) + 0.45 * lash
    shut = lash + 0.9 * amount * np.maximum(under - lash, 0)
    rows = np.arange(size, dtype=np.float32)
    source = np.tile(rows[:, None], (1, size))
    for column in np.flatnonzero(inside):
        high, low = lash[column], under[column] + fine
        target = shut[column]
        low = max(low, target + 1.6 * fine, high + 1.6 * fine)
        moved = [top[column], target - 2.5 * fine, target + 1.5 * fine, low]
        stood = [top[column], high - 2.5 * fine, high + 1.5 * fine, low]
        # At the end of the blink nothing of the eye may be left below the lashes.
        stood[2] += (low - 0.3 * fine - stood[2]) * np.clip((amount - 0.85) / 0.15, 0, 1)
        moved, stood = np.maximum.accumulate(moved), np.maximum.accumulate(stood)
        span = slice(max(int(moved[0]), 0), min(int(moved[3]) + 2, size))
        source[span, column] = np.interp(rows[span], moved, stood)
    shift = cv2.GaussianBlur(source - rows[:, None], (0, 0), 1.2 * fine)
    map_x = np.tile(columns.astype(np.float32)[None], (size, 1))
    return cv2.remap(photo, map_x, (rows[:, None] + shift).astype(np.float32), cv2.INTER_CUBIC,
                     borderMode=cv2.BORDER_REPLICATE)


def _jaw_profile(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop of the lower lip and of the chin across the mouth; `u` is ±1 at its corners."""
    return 0.85 * np.sqrt(np.clip(1 - u**2, 0, 1)), np.exp(-((np.abs(u) / 2.1) ** 4))


def _opened(reading: FaceReading, jaw: float) -> FaceReading:
    points = reading.points.copy()
    left, right = points[78, :2], points[308, :2]
    across = right - left
    width = float(np.hypot(*across))
    down = np.array([-across[1], across[0]]) / width
    for ids, part in ((INNER_LOWER[1:-1] + _OUTER_LOWER, 0), (_CHIN, 1)):
        chosen = list(ids)
        u = ((points[chosen, :2] - (left + right) / 2) @ across) / width / (width / 2)
        drop = JAW_REACH * jaw * width * _jaw_profile(u)[part]
        points[chosen, :2] += drop[:, None] * down
    return dataclasses.replace(reading, points=points)


def _open_jaw(photo: np.ndarray, points: np.ndarray, jaw: float, teeth: float) -> np.ndarray:
    """Move everything below the lips down and paint the mouth's inside into the gap."""
    size = photo.shape[0]
    fine = size / FRAME_PX
    width = points[308, 0] - points[78, 0]
    reach = JAW_REACH * jaw * width
    columns = np.arange(size, dtype=np.float64)
    upper, lower = _curve(points[list(INNER_UPPER)], columns), _curve(
        points[list(INNER_LOWER)], columns)
    lower = np.maximum(lower, upper)
    line = (upper + lower) / 2
    u = (columns - (points[78, 0] + points[308, 0]) / 2) / (width / 2)
    lip, chin_drop = _jaw_profile(u)
    chin = points[152, 1]
    rows = np.arange(size, dtype=np.float64)[:, None]

    def drop(y: np.ndarray) -> np.ndarray:
        near = np.exp(-np.maximum(y - line, 0) / (60 * fine))
        fade = np.clip(1 - (y - chin - 8 * fine) / (70 * fine), 0, 1)
        return reach * (lip * near + chin_drop * (1 - near)) * fade**2 * (3 - 2 * fade)

    source = np.tile(rows, (1, size))
    for _ in range(8):
        source = rows - drop(source)
    inside = np.abs(u) < 1
    source = np.where(inside, np.where(rows <= upper, rows, np.maximum(source, lower)),
                      np.where(rows > line, source, rows))
    map_x = np.tile(columns.astype(np.float32)[None], (size, 1))
    moved = cv2.remap(photo, map_x, source.astype(np.float32), cv2.INTER_CUBIC,
                      borderMode=cv2.BORDER_REFLECT)
    nose = points[1].astype(int)
    near_nose = photo[max(nose[1] - 20, 0):nose[1] + 20, max(nose[0] - 20, 0):nose[0] + 20]
    light = float(near_nose.mean()) / 255 if near_nose.size else 0.6
    return _paint_inside(moved, u, upper, lower + reach * lip, reach, width, light, teeth)


def _paint_inside(photo, u, top, bottom, reach, width, light, teeth) -> np.ndarray:
    size = photo.shape[0]
    fine = size / FRAME_PX
    rows = np.arange(size, dtype=np.float32)[:, None]
    tall = np.maximum(bottom - top, 1)
    depth = np.clip((rows - top) / tall, 0, 1)[..., None]
    colour = np.float32([38, 14, 16]) + np.float32([90, 44, 44]) * depth
    bow = np.sqrt(np.clip(1 - (np.abs(u) / 0.82) ** 4, 0, 1))
    row_height = min(0.15 * width, 0.4 * reach) * teeth * bow
    tooth = np.clip((top + row_height - rows) / (2 * fine) + 0.5, 0, 1)[..., None] * min(
        1.0, teeth * 8)
    enamel = np.float32([240, 232, 218]) * np.clip(0.45 + 0.65 * light, 0.5, 1) * (
        1 - 0.25 * np.abs(u)[None, :, None])
    colour = colour * (0.6 + 0.6 * light) * (1 - tooth) + enamel * tooth
    inside = np.flatnonzero(np.abs(u) < 1)
    if len(inside) < 3:
        return photo
    outline = np.concatenate([np.stack([inside, top[inside]], 1),
                              np.stack([inside, bottom[inside]], 1)[::-1]])
    mask = np.zeros((size, size), np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    mask = cv2.GaussianBlur(mask, (0, 0), max(fine, 0.5))[..., None].astype(np.float32) / 255
    return np.clip(photo * (1 - mask) + colour * mask + 0.5, 0, 255).astype(np.uint8)
