"""The mouth as vectors in the artist's manner: line, dark, tongue, teeth, lip shade."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from distill.atelier.expression import MouthState
from distill.atelier.strokes import coverage, fill_stroke, lay, spline

DARK = np.float32([122, 44, 42])
TONGUE_TOP, TONGUE_LOW = np.float32([242, 110, 122]), np.float32([254, 176, 150])
TEETH = np.float32([255, 254, 252])
LINE = np.float32([58, 22, 22])
LIP_SHADE = np.float32([233, 186, 178])
_COUNT = 41


def draw_mouth(
    layer: np.ndarray, place: Callable[[np.ndarray], np.ndarray], mouth: MouthState,
    skin: np.ndarray,
) -> None:
    """Draw into premultiplied float RGBA `layer`; `place` takes points relative to the mouth's
    centre (canvas px) to px of the layer."""
    ends = place(np.array([[0.0, -10], [0, 10]]))
    scale = float(np.linalg.norm(ends[1] - ends[0])) / 20
    upper, lower = spline(mouth.upper, _COUNT), spline(mouth.lower, _COUNT)
    lower[:, 1] = np.maximum(lower[:, 1], upper[:, 1])
    shade = _half_ellipse(lower[_COUNT // 2] + [0, 11], 9.5, 5)
    box, corner = _box(layer, place(np.concatenate([upper, lower, shade])), margin=4)
    if box.size == 0:
        return

    def px(points: np.ndarray) -> np.ndarray:
        return place(points) - corner

    opening = float((lower[:, 1] - upper[:, 1]).max())
    # A gap thinner than the two lines would flicker between line and hole.
    inside = float(np.clip((opening - 0.8) / 2.4, 0, 1))
    lay(box, coverage(box.shape[:2], [px(shade)]), LIP_SHADE * skin / 255)
    if inside > 0:
        _draw_inside(box, px, scale, upper, lower, mouth.teeth, inside)
    line = LINE * np.minimum(1, skin / 255 * 1.1)
    across = np.abs(np.linspace(-1, 1, 11))
    # Thicker lines than the artist's: they must survive a 256 px portrait.
    # Around an open mouth the lines lie outside, or they would fill a small gap.
    outward = np.array([0.0, 0.9 * inside])
    fill_stroke(box, px(upper[::4] - outward), (2.6 + 1.3 * across) * _ends(across) * scale, line)
    if inside > 0:
        width = inside * (2.6 + 0.4 * across) * _ends(across) * scale
        fill_stroke(box, px(lower[::4] + outward), width, line)


def _box(layer: np.ndarray, points: np.ndarray, margin: int) -> tuple[np.ndarray, np.ndarray]:
    """The part of `layer` around `points`, and its corner (x, y)."""
    height, width = layer.shape[:2]
    low = np.clip(np.floor(points.min(0)).astype(int) - margin, 0, [width, height])
    high = np.clip(np.ceil(points.max(0)).astype(int) + margin + 1, 0, [width, height])
    return layer[low[1]:high[1], low[0]:high[0]], low


def _ends(across: np.ndarray) -> np.ndarray:
    return np.where(across > 0.99, 0.5, 1.0)


def _draw_inside(box, px, scale, upper, lower, teeth, inside) -> None:
    opening = float((lower[:, 1] - upper[:, 1]).max())
    shape = box.shape[:2]
    outline = np.concatenate([upper, lower[::-1]])
    hole = coverage(shape, [px(outline)]) * inside
    width = upper[-1, 0] - upper[0, 0]
    picture = np.empty((*shape, 3), np.float32)
    picture[:] = DARK
    _draw_tongue(picture, px, lower[_COUNT // 2], width, opening)
    height = teeth * min(17.0, 0.19 * width)
    if height > 0.5:
        _draw_teeth(picture, px, scale, upper, lower, height)
    lay(box, hole, picture)


def _draw_tongue(picture, px, bottom, width, opening) -> None:
    tall = 0.70 * opening
    middle = np.array([bottom[0], bottom[1] + 0.05 * width])
    around = np.linspace(0, 2 * np.pi, 33)[:-1]
    disc = middle + np.stack([0.42 * width * np.cos(around), tall * np.sin(around)], 1)
    mask = coverage(picture.shape[:2], [px(disc)])[..., None]
    top, low = px(np.stack([middle - [0, tall], bottom]))[:, 1]
    rows = np.arange(picture.shape[0], dtype=np.float32)
    f = np.clip((rows - top) / max(low - top, 1e-3) * 1.5 - 0.1, 0, 1)[:, None, None]
    colour = TONGUE_TOP + (TONGUE_LOW - TONGUE_TOP) * f
    picture += (colour - picture) * mask


def _draw_teeth(picture, px, scale, upper, lower, height) -> None:
    gap = lower[:, 1] - upper[:, 1]
    opening = float(gap.max())
    # Where nearly nothing is left below the teeth, the whole mouth is teeth; the change is gradual.
    closed = float(np.clip((height + 9 - opening) / 4, 0, 1))
    reach = height * np.clip(gap / (height + 1e-3), 0, 1)
    reach = reach + (gap - reach) * closed
    edge = np.stack([upper[:, 0], upper[:, 1] + reach], 1)
    mask = coverage(picture.shape[:2], [px(np.concatenate([upper, edge[::-1]]))])[..., None]
    picture += (TEETH - picture) * mask
    rgba = np.dstack([picture, np.full(picture.shape[:2], 255, np.float32)])
    if closed < 1:
        fill_stroke(rgba, px(edge[2:-2:4]), np.full(10, 1.7 * (1 - closed) * scale),
                    np.float32([96, 42, 46]))
    if closed > 0 and opening > 9:
        middle = (upper + lower) / 2
        strength = closed * float(np.clip((opening - 9) / 5, 0, 1))
        for piece in (middle[1:14:3], middle[27:40:3]):
            fill_stroke(rgba, px(piece), np.full(len(piece), 1.4 * strength * scale),
                        np.float32([158, 116, 116]))
    picture[:] = rgba[..., :3]


def _half_ellipse(middle: np.ndarray, half_width: float, height: float) -> np.ndarray:
    around = np.linspace(0, np.pi, 17)
    return middle + np.stack([half_width * np.cos(around), height * np.sin(around)], 1)
