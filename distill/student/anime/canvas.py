"""An exemplar as its extrinsic code: traits, the layers of its rest drawing, its colours.

Layers are kept in white light with two masks, hair and skin, so that any colours can be laid on
them: the colours of another exemplar (exchange), of a mixture (blend) or of the photo.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from distill.atelier.character import Character
from distill.atelier.draw import draw_features
from distill.atelier.exemplar import Exemplar
from distill.atelier.expression import REST
from distill.atelier.parts import PartSet, over
from distill.atelier.pose import rest_pose
from distill.atelier.warp import HeadTurn, Proportions, full_map, upright_grid
from distill.student.anime.crop import crop_pose

CANVAS_PX = 512
"""Side of the rest drawing the layers are cut from: twice the crop, so that the nearest pixel is near enough."""
BOXES = {"back": (6, 512, 28, 484), "body": (104, 512, 0, 512), "face": (170, 440, 126, 386), "front": (2, 512, 36, 476)}
"""Rows and columns of the rest drawing that a layer may use: top, bottom, left, right. Beyond a box its rim goes on."""
CHANNELS = 6
"""Red, green, blue (premultiplied, in white), opacity, share of hair, share of skin."""
PACKED = 2
"""Numbers a pixel takes in the student's input: three bytes in each, as whole numbers below 2^24, which float32 holds exactly."""
CODE_WIDTH = 512
PIXELS = sum((bottom - top) * (right - left) for top, bottom, left, right in BOXES.values())
ATLAS_ROWS = -(-PIXELS * CHANNELS // CODE_WIDTH)
ROWS = ATLAS_ROWS + 2
STRUCTURE_ROWS = ROWS - 1
"""All rows but the last, which holds the colours."""
TRAIT_RANGES = {
    "male": (0.0, 1.0),
    "eye_scale": (0.8, 1.2),
    "eye_tilt": (-8.0, 8.0),
    "jaw_width": (0.9, 1.1),
    "chin_length": (0.9, 1.1),
    "brow_weight": (0.7, 1.6),
}
COLOURS = ("hair", "skin", "eye")
_COARSE_STEPS = (5.0, 5.0, 5.0, 5.0, 15.0, 15.0)
"""Divisors of 255, so that both ends stay; opacity as the colours, so that none exceeds it."""
_WHITE = (255, 255, 255)


def rest_layers(character: Character) -> dict[str, np.ndarray]:
    """The layers of the rest drawing in the crop, premultiplied float32 RGBA [CANVAS_PX, CANVAS_PX, 4] in 0–255."""
    template, pose = character.template, crop_pose(rest_pose())
    turn = HeadTurn(template, 0.0, 0.0)
    proportions = Proportions(template, character.exemplar, pose, turn, 1.0, 0.0)
    grid, count = upright_grid(pose)
    place = full_map(proportions.canvas_points(grid), count, CANVAS_PX)

    def sample(layer: np.ndarray, start: np.ndarray | float = 0.0) -> np.ndarray:
        points = (place - np.float32(start) + 0.5) * character.res - 0.5
        return cv2.remap(layer, points[..., 0], points[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT).astype(np.float32)

    layers = {name: sample(layer) for name, layer in character.layers.items()}
    _, window, origin = draw_features(character, REST, None)
    layers["front"] *= 1 - sample(window, origin)[..., None]
    over(layers["body"], layers.pop("cloth"))
    return layers


def exemplar_layers(parts: PartSet, exemplar: Exemplar, res: float = 0.5) -> np.ndarray:
    """All boxes one after another, uint8 [PIXELS, CHANNELS]."""
    white = rest_layers(Character(parts, dataclasses.replace(exemplar, hair=_WHITE, skin=_WHITE, eye=_WHITE), res))
    # What pure red hair takes from the green, and pure green skin from the red, is its share of the pixel.
    marked = rest_layers(Character(parts, dataclasses.replace(exemplar, hair=(255, 0, 0), skin=(0, 255, 0), eye=_WHITE), res))
    rows = []
    for layer, (top, bottom, left, right) in BOXES.items():
        hair, skin = (np.clip(1 - marked[layer][..., c] / np.maximum(white[layer][..., c], 1), 0, 1) for c in (1, 0))
        hair, skin = (share / np.maximum(hair + skin, 1) * 255 for share in (hair, skin))
        whole = np.dstack([white[layer], hair, skin])
        # Only the crop's own edges may go on beyond their box.
        for rim, edge in ((top, 0), (bottom, -1)):
            if rim not in (0, CANVAS_PX):
                whole[rim + edge] = 0
        for rim, edge in ((left, 0), (right, -1)):
            if rim not in (0, CANVAS_PX):
                whole[:, rim + edge] = 0
        rows.append(np.clip(whole[top:bottom, left:right] + 0.5, 0, 255).astype(np.uint8).reshape(-1, CHANNELS))
    return np.concatenate(rows)


def exemplar_code(parts: PartSet, exemplar: Exemplar) -> np.ndarray:
    """The extrinsic code uint8 [ROWS, CODE_WIDTH]; the student's style head takes it divided by 255."""
    code = np.zeros((ROWS, CODE_WIDTH), np.uint8)
    values = {"male": float(exemplar.sex == "male")} | {name: getattr(exemplar, name) for name in list(TRAIT_RANGES)[1:]}
    for place, (name, (low, high)) in enumerate(TRAIT_RANGES.items()):
        code[0, place] = round(255 * float(np.clip((values[name] - low) / (high - low), 0, 1)))
    layers = exemplar_layers(parts, exemplar).ravel()
    code[1 : 1 + ATLAS_ROWS].reshape(-1)[: layers.size] = layers
    code[-1, :9] = np.array([exemplar.hair, exemplar.skin, exemplar.eye]).ravel()
    return code


def coarse_code(code: np.ndarray) -> np.ndarray:
    """The code with its layers on fewer levels, which packs to half; at most 2 of 255 off in colour and opacity, 7 in a share."""
    coarse = code.copy()
    layers = coarse[1 : 1 + ATLAS_ROWS].reshape(-1)[: PIXELS * CHANNELS].reshape(PIXELS, CHANNELS)
    steps = np.array(_COARSE_STEPS, np.float32)
    layers[:] = np.round(np.round(layers / steps) * steps)
    return coarse


def canvas_of(code: np.ndarray) -> np.ndarray:
    """Coloured layers float32 [PIXELS, CHANNELS] in 0–1 of a code; the twin of the style head's canvas."""
    layers = code[1 : 1 + ATLAS_ROWS].reshape(-1)[: PIXELS * CHANNELS].reshape(PIXELS, CHANNELS).astype(np.float32) / 255
    hair, skin = (code[-1, start : start + 3].astype(np.float32) / 255 for start in (0, 3))
    share_hair, share_skin, alpha = layers[:, 4:5], layers[:, 5:6], layers[:, 3:4]
    colour = share_hair * hair + share_skin * skin + (1 - share_hair - share_skin)
    return np.concatenate([layers[:, :3] * colour, alpha, share_hair * alpha, share_skin * alpha], 1)


def compose(canvas: np.ndarray, field: np.ndarray) -> np.ndarray:
    """The moved layers laid over each other, float32 [256, 256, CHANNELS] in 0–1.

    `canvas` [PIXELS, CHANNELS] with opacity fourth; `field` [4, 2, NODES, NODES] in px of the crop.
    """
    out = None
    for index in _sources(field):
        moved = canvas[index]
        out = moved if out is None else out * (1 - moved[..., 3:4]) + moved
    assert out is not None
    return out


def compose_bytes(canvas: np.ndarray, field: np.ndarray) -> np.ndarray:
    """As `compose`, for bytes: `canvas` uint8 [PIXELS, 4] → uint8 [256, 256, 4]. Faster."""
    return compose_sources(canvas, _sources(field))


def sources(field: np.ndarray) -> list[np.ndarray]:
    """Which pixels `compose_sources` takes for a field; the same for all canvases."""
    return list(_sources(field))


def compose_sources(canvas: np.ndarray, taken: Iterable[np.ndarray]) -> np.ndarray:
    """As `compose_bytes`, from what `sources` gave."""
    packed = np.ascontiguousarray(canvas).view(np.uint32)[:, 0]
    out = None
    for index in taken:
        moved = np.ascontiguousarray(packed[index]).view(np.uint8).reshape(*index.shape, 4).astype(np.float32)
        out = moved if out is None else out * (1 - moved[..., 3:4] / 255) + moved
    assert out is not None
    return np.clip(out + 0.5, 0, 255).astype(np.uint8)


def _sources(field: np.ndarray) -> Iterator[np.ndarray]:
    """Which pixel of the boxes each pixel of the crop takes, int32 [256, 256] for each layer."""
    size, start = CANVAS_PX // 2, 0
    centres = np.arange(size, dtype=np.float32) + 0.5
    for layer, (top, bottom, left, right) in enumerate(BOXES.values()):
        dx, dy = (cv2.resize(plane.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR) for plane in field[layer])
        column = np.clip(np.floor(2 * (centres[None] + dx)) - left, 0, right - left - 1).astype(np.int32)
        row = np.clip(np.floor(2 * (centres[:, None] + dy)) - top, 0, bottom - top - 1).astype(np.int32)
        yield start + row * (right - left) + column
        start += (bottom - top) * (right - left)
