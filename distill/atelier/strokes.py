"""Vector strokes and fills with sub-pixel widths, for the drawn mouth and brows."""

from __future__ import annotations

import cv2
import numpy as np

SUPERSAMPLING = 2
_SHIFT = 4


def spline(points: np.ndarray, count: int) -> np.ndarray:
    """`count` points on the natural cubic spline through `points` [n, 2]."""
    return spline_basis(len(points), count) @ points


_bases: dict[tuple[int, int], np.ndarray] = {}


def spline_basis(knots: int, count: int) -> np.ndarray:
    """The matrix [count, knots] that evaluates a natural cubic spline at even steps."""
    key = (knots, count)
    if key not in _bases:
        system, second = np.eye(knots), np.zeros((knots, knots))
        for i in range(1, knots - 1):
            system[i, i - 1:i + 2] = 1, 4, 1
            second[i, i - 1:i + 2] = 6, -12, 6
        curvature = np.linalg.solve(system, second)
        at = np.linspace(0, knots - 1, count)
        index = np.minimum(at.astype(int), knots - 2)
        f = (at - index)[:, None]
        unit = np.eye(knots)
        _bases[key] = (
            (1 - f) * unit[index] + f * unit[index + 1]
            + (((1 - f) ** 3 - (1 - f)) * curvature[index]
               + (f**3 - f) * curvature[index + 1]) / 6)
    return _bases[key]


def coverage(shape: tuple[int, int], polygons: list[np.ndarray]) -> np.ndarray:
    """How much of each pixel (float 0–1, [h, w]) the polygons cover; points are x, y in px."""
    height, width = shape
    scale = SUPERSAMPLING
    mask = np.zeros((height * scale, width * scale), np.uint8)
    for polygon in polygons:
        fixed = np.round((polygon * scale + (scale - 1) / 2) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, _SHIFT)
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def stroke_polygon(points: np.ndarray, widths: np.ndarray, count: int = 32) -> np.ndarray:
    """Outline of a line through `points` [n, 2] whose width varies as `widths` [n] (px)."""
    basis = spline_basis(len(points), count)
    line, half = basis @ points, np.maximum(basis @ widths, 0.1)[:, None] / 2
    direction = np.gradient(line, axis=0)
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-6)
    normal = direction[:, ::-1] * [-1, 1]
    return np.concatenate([line + normal * half, (line - normal * half)[::-1]])


def fill_stroke(
    layer: np.ndarray, points: np.ndarray, widths: np.ndarray, colour: np.ndarray
) -> None:
    """Draw a tapered line of RGB `colour` into premultiplied float RGBA `layer`, in place."""
    lay(layer, coverage(layer.shape[:2], [stroke_polygon(points, widths)]), colour)


def lay(layer: np.ndarray, mask: np.ndarray, colour: np.ndarray) -> None:
    """Paint `colour` (RGB, or an [h, w, 3] picture) through `mask` 0–1 into `layer`."""
    k = mask[..., None]
    layer *= 1 - k
    layer[..., :3] += np.asarray(colour, np.float32) * k
    layer[..., 3:] += 255 * k
