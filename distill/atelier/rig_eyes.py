"""One eye as a continuous rig: lid, gaze, squint and brow move the parts of two drawings.

Nothing is switched: the lash of the wide-open eye slides down to the line of the closed one, the
iris lies behind the opening between lash and lower lid. Coordinates are canvas px of the female
canvas; `inward` is the distance from the eye's centre towards the nose.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from distill.atelier.expression import EyeState
from distill.atelier.parts import AtelierError, PartSet, over, reduce
from distill.atelier.strokes import fill_stroke
from distill.atelier.template import TEMPLATES

WIDE_EYE = "08_surprised_big"
# Even numbers, so that the boxes lie on whole pixels at half size too.
BOX_LEFTS, BOX_WIDTH, BOX_TOP, BOX_BOTTOM = (320, 496), 176, 420, 612
EYE_CENTRE_X, MIRROR_X = 401, 991
BROW_END_Y, LASH_END_Y, LOWER_LINE_Y = 486, 576, 580

_LASH_X = np.array([343, 349, 355, *range(361, 446, 6)], float) - EYE_CENTRE_X
_OPEN_Y = (547, 540, 534, 529, 523, 517, 513, 510, 507, 506, 505, 506, 507, 510, 514, 519, 524, 530)
_HAPPY_Y = (583, 579, 575, 571, 569, 566, 564, 563, 561, 560, 559, 559, 558, 559, 561, 563, 565,
            568)
OPEN_EDGE = np.polyfit(_LASH_X, _OPEN_Y, 4)
HAPPY_EDGE = np.polyfit(_LASH_X, _HAPPY_Y, 4)

# Middle line and thickness of the drawn brow, from the outer to the inner end.
BROW_X = np.array([-50, -39, -27, -15, -3, 9, 21, 33, 45], float)
BROW_Y = np.array([490.0, 484.5, 477.7, 472.5, 468.6, 466.0, 464.4, 464.3, 465.9])
BROW_WIDTH = np.array([0.8, 2.2, 3.0, 3.4, 3.5, 3.3, 2.9, 2.3, 1.0])

SHADE = np.float32([190, 187, 206])
LINE = np.float32([30, 22, 26])


@dataclass(frozen=True)
class EyeRig:
    """The pieces of one eye at `res` px per canvas px; `side` 0 is the eye at the picture's left."""

    side: int
    res: float
    left: int
    inward: np.ndarray
    rows: np.ndarray
    open_edge: np.ndarray
    happy_edge: np.ndarray
    lower_edge: np.ndarray
    lash: np.ndarray
    lower_line: np.ndarray
    white: np.ndarray
    iris: np.ndarray
    highlight: np.ndarray

    def box(self, left: int, top: int) -> tuple[slice, slice]:
        """Rows and columns of the rig in a layer that starts at canvas px `left`, `top`."""
        row, column = round((BOX_TOP - top) * self.res), round((self.left - left) * self.res)
        return slice(row, row + self.white.shape[0]), slice(column, column + self.white.shape[1])


@lru_cache(maxsize=8)
def load_eye_rigs(parts: PartSet, sex: str, res: float) -> tuple[EyeRig, EyeRig]:
    """Cut both eyes of a sex into pieces; raises `AtelierError` when a drawing does not fit."""
    return _cut_eye(parts, sex, res, 0), _cut_eye(parts, sex, res, 1)


def _cut_eye(parts: PartSet, sex: str, res: float, side: int) -> EyeRig:
    rise = TEMPLATES[sex].eye_rise
    left = BOX_LEFTS[side]
    k = parts.res

    def cut(name: str) -> np.ndarray:
        sheet = parts.sheet(sex, "07_eyes", WIDE_EYE, name)
        top = (BOX_TOP + rise) * k
        # The male canvas is shifted by an odd number of rows: resample at half size.
        if top % 1:
            sheet = cv2.warpAffine(sheet, np.float32([[1, 0, 0], [0, 1, -(top % 1)]]),
                                   (sheet.shape[1], sheet.shape[0]))
        rows = slice(int(top), int(top) + round((BOX_BOTTOM - BOX_TOP) * k))
        return sheet[rows, round(left * k):round((left + BOX_WIDTH) * k)].astype(np.float32)

    skin, static, base = cut("skin"), cut("static"), cut("base")
    height, _width = skin.shape[:2]
    y = BOX_TOP + (np.arange(height, dtype=np.float32)[:, None] + 0.5) / k - 0.5
    solid = ((static[..., 3] > 100) | (base[..., 3] > 100)).astype(np.uint8)
    white = _fill_holes(cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)))
    iris, highlight = _cut_iris(static, base)
    if not white.any() or iris is None:
        raise AtelierError(f"Part {sex}/07_eyes/{WIDE_EYE} shows no eye at the expected place.")
    lowest = np.where(white.any(0), height - 1 - white[::-1].argmax(0), -1)
    lower_edge = np.where(lowest >= 0, BOX_TOP + (lowest + 0.5) / k - 0.5, 560)
    scale = res / k
    lower_edge = cv2.resize(lower_edge[None].astype(np.float32), None, fx=scale, fy=1,
                            interpolation=cv2.INTER_AREA)[0]
    columns = lower_edge.shape[0]
    x = left + (np.arange(columns, dtype=np.float32) + 0.5) / res - 0.5
    inward = x - EYE_CENTRE_X if side == 0 else MIRROR_X - EYE_CENTRE_X - x
    inward = np.clip(inward, -62, 52)
    small = [reduce(piece, scale) for piece in (
        np.where((y >= BROW_END_Y)[..., None] & (y <= LASH_END_Y)[..., None], skin, 0),
        np.where((y > LOWER_LINE_Y)[..., None], skin, 0), white.astype(np.float32),
        iris, highlight)]
    rows = BOX_TOP + (np.arange(small[0].shape[0], dtype=np.float32)[:, None] + 0.5) / res - 0.5
    return EyeRig(
        side, res, left, inward, rows,
        np.polyval(OPEN_EDGE, inward).astype(np.float32),
        np.polyval(HAPPY_EDGE, inward).astype(np.float32), lower_edge, *small)


def _fill_holes(mask: np.ndarray) -> np.ndarray:
    padded = np.pad(mask, 1)
    cv2.floodFill(padded, None, (0, 0), 2)
    return padded[1:-1, 1:-1] != 2


def _cut_iris(static: np.ndarray, base: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    contours, _ = cv2.findContours((base[..., 3] > 100).astype(np.uint8), cv2.RETR_EXTERNAL,
                                   cv2.CHAIN_APPROX_NONE)
    disc = np.zeros(base.shape[:2], np.uint8)
    if not contours:
        return None, base
    cv2.fillConvexPoly(disc, cv2.convexHull(np.concatenate(contours)), 1)
    bright = (disc > 0) & (static[..., :3].min(2) > 225)
    iris = base.copy()
    iris[(disc > 0) & (base[..., 3] < 100)] = (90, 90, 90, 255)
    return iris * disc[..., None], static * bright[..., None]


def draw_eye(
    layer: np.ndarray, rig: EyeRig, state: EyeState, skin: np.ndarray, eye: np.ndarray
) -> None:
    """Draw the eye without its brow into premultiplied float RGBA `layer` (the rig's box)."""
    shut = state.lid
    calm = 576 - 13 * (rig.inward / 55) ** 2
    closed_edge = calm + (rig.happy_edge - calm) * state.happy
    edge = rig.open_edge + (closed_edge - rig.open_edge) * shut
    lower = rig.lower_edge + (closed_edge + 1 - rig.lower_edge) * shut**2
    lower = lower - 12 * state.squint * (1 - shut) * (1 - (rig.inward / 70) ** 2)
    soft = rig.res
    opening = np.clip((rig.rows - edge + 5) * soft, 0, 1) * np.clip(
        (lower - rig.rows) * soft + 0.5, 0, 1)
    lift = rig.lower_edge - lower
    white = np.maximum(_move_rows(rig, rig.white, rig.rows + lift), rig.white)
    opening = (white * opening)[..., None]

    shade = np.clip((edge + 13 - rig.rows) / 3, 0, 1)[..., None]
    ball = np.empty((*rig.white.shape, 4), np.float32)
    ball[..., :3] = 255 + (SHADE - 255) * shade
    ball[..., 3] = 255
    gaze_x, gaze_y = state.gaze
    sink = 3 + 6 * max(shut, 0)
    iris = _shift(rig, rig.iris, gaze_x, gaze_y + sink)
    iris[..., :3] *= (eye / 255) * (1 - 0.35 * shade)
    over(ball, iris)
    over(ball, _shift(rig, rig.highlight, 0.8 * gaze_x, 0.8 * gaze_y + sink))
    over(layer, ball * opening)

    line = _move_rows(rig, rig.lower_line, rig.rows + lift)
    line[..., :3] *= skin / 255
    over(layer, line * (1 - 0.6 * np.clip(shut, 0, 1)))
    distance = rig.rows - edge
    upper, tail = 1 - 0.12 * shut, max(1 - 0.75 * shut, 0.25)
    source = rig.open_edge + np.where(distance < 0, distance / upper, distance / tail)
    lash = _move_rows(rig, rig.lash, source)
    lash[..., :3] *= skin / 255
    over(layer, lash)


def eye_window(rig: EyeRig) -> np.ndarray:
    """Where hair must end, 0–1 over the rig's box: the artist's eyes lie over the hair, so a shut
    eye would bare strands that nobody expects there."""
    above = np.clip((rig.rows - rig.open_edge + 12) / 10, 0, 1)
    below = np.clip((rig.lower_edge + 12 - rig.rows) / 10, 0, 1)
    # The box clips `inward` at both ends, so its slope tells where the eye ends.
    x = rig.left + (np.arange(rig.white.shape[1]) + 0.5) / rig.res - 0.5
    centre = EYE_CENTRE_X if rig.side == 0 else MIRROR_X - EYE_CENTRE_X
    inward = (x - centre) * (1 if rig.side == 0 else -1)
    inside = np.clip((inward + 62) / 10, 0, 1) * np.clip((52 - inward) / 10, 0, 1)
    return (above * below * inside).astype(np.float32)


def draw_brow(
    layer: np.ndarray, rig: EyeRig, state: EyeState, colour: np.ndarray, weight: float
) -> None:
    """Draw the brow as one tapered stroke into `layer` (the rig's box)."""
    move = state.brow_rise + state.brow_tilt * np.clip(BROW_X / 55, -1, 1)
    arch = state.brow_arch * (1 - ((BROW_X + 5) / 50) ** 2)
    sign = 1 if rig.side == 0 else -1
    centre = EYE_CENTRE_X if rig.side == 0 else MIRROR_X - EYE_CENTRE_X
    points = np.stack([centre + sign * BROW_X - rig.left, BROW_Y + move - arch - BOX_TOP],
                      axis=1)
    fill_stroke(layer, points * rig.res, BROW_WIDTH * weight * 1.6 * rig.res, colour)


def _move_rows(rig: EyeRig, piece: np.ndarray, source_rows: np.ndarray) -> np.ndarray:
    """Resample columns of `piece` at canvas rows `source_rows` [h, w]."""
    height, width = rig.white.shape
    map_y = ((source_rows - BOX_TOP + 0.5) * rig.res - 0.5).astype(np.float32)
    map_y = np.ascontiguousarray(np.broadcast_to(map_y, (height, width)))
    map_x = np.ascontiguousarray(
        np.broadcast_to(np.arange(width, dtype=np.float32), (height, width)))
    return cv2.remap(piece, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def _shift(rig: EyeRig, piece: np.ndarray, dx: float, dy: float) -> np.ndarray:
    matrix = np.float32([[1, 0, dx * rig.res], [0, 1, dy * rig.res]])
    return cv2.warpAffine(piece, matrix, (piece.shape[1], piece.shape[0]))
