"""Where a drawn head shows, found from pictures alone, to check the matte that the drawing gives.

Only finished pictures are compared, never layers or opacities: what changes with the colour of the
scene is not the bust; what changes with the colours of hair, skin and eyes, or when headphones and
accessories come off, is the head; clothes never change.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from distill.atelier.character import Character
from distill.atelier.draw import draw_portrait
from distill.atelier.exemplar import Exemplar
from distill.atelier.expression import Expression
from distill.atelier.parts import PartSet
from distill.atelier.pose import HeadPose
from distill.atelier.template import TEMPLATES
from distill.atelier.warp import EYE_DROP_PX, TEMPLATE_SCALE

_CHANGED = 10
_COLOURS = (dict(hair=(230, 90, 60), skin=(250, 215, 190), eye=(80, 120, 240)),
            dict(hair=(60, 190, 230), skin=(120, 160, 120), eye=(240, 140, 60)))
# The neck belongs to the head down to here below the template's chin, canvas px.
NECK_PX = 90.0


def head_in_pixels(
    parts: PartSet, exemplar: Exemplar, pose: HeadPose, expression: Expression, structure: float,
    size: int = 256, glasses: str | None = None,
) -> np.ndarray:
    """Where head, hair and neck of the drawn exemplar show, bool [size, size]."""
    dark = np.zeros((size, size, 3), np.float32)

    res = 0.5 if size <= 320 else 1.0

    def drawn(person: Character, scene: np.ndarray = dark, worn: str | None = None) -> np.ndarray:
        return draw_portrait(person, expression, pose, structure=structure, size=size,
                             glasses=worn, scene=scene).rgb.astype(np.int16)

    first, second = _COLOURS
    plain = dataclasses.replace(exemplar, **first)
    character = Character(parts, plain, res)
    picture = drawn(character)
    bust = np.abs(drawn(character, dark + 255) - picture).mean(-1) < 127

    def differs(other: np.ndarray) -> np.ndarray:
        return (np.abs(other - picture).max(-1) > _CHANGED) & bust

    def changed(person: Exemplar) -> np.ndarray:
        return differs(drawn(Character(parts, person, res)))

    skin = changed(dataclasses.replace(plain, skin=second["skin"]))
    head = changed(dataclasses.replace(plain, hair=second["hair"], eye=second["eye"]))
    head |= skin & _above(exemplar, pose, structure, size, NECK_PX)
    if exemplar.headphones or exemplar.accessory is not None:
        head |= changed(dataclasses.replace(plain, headphones=False, accessory=None))
    if glasses is not None:
        head |= differs(drawn(character, worn=glasses))
    face = _above(exemplar, pose, structure, size, 0.0)
    return _with_lines(head, bust, face)


def _above(
    exemplar: Exemplar, pose: HeadPose, structure: float, size: int, below_chin: float
) -> np.ndarray:
    """Pixels above a level line of the head, `below_chin` canvas px under where the chin belongs."""
    template, scale = TEMPLATES[exemplar.sex], TEMPLATE_SCALE * pose.scale
    drawn = (template.chin - template.eye_middle)[1] * exemplar.chin_length * scale + EYE_DROP_PX
    photo = pose.shape["chin"][1]
    line = photo + (drawn - photo) * structure + below_chin * scale
    y, x = (np.mgrid[0:size, 0:size] + 0.5) * (512 / size) - 0.5
    upright = (y - pose.eye_middle[1]) * np.cos(pose.roll) - (
        x - pose.eye_middle[0]) * np.sin(pose.roll)
    return upright < line


def _with_lines(head: np.ndarray, bust: np.ndarray, face: np.ndarray) -> np.ndarray:
    """`head` with what has no colour of its own: dark lines and, above the chin, what it encloses
    (whites of eyes, teeth)."""
    near = np.ones((5, 5), np.uint8)
    whole = (cv2.morphologyEx(head.astype(np.uint8), cv2.MORPH_CLOSE, near) > 0) & bust
    rim = cv2.dilate((~bust).astype(np.uint8), near) > 0
    whole |= bust & rim & (cv2.dilate(whole.astype(np.uint8), near) > 0)
    count, labels = cv2.connectedComponents((bust & ~whole).astype(np.uint8))
    outside = np.unique(labels[~face])
    enclosed = np.setdiff1d(np.arange(1, count), outside)
    return whole | np.isin(labels, enclosed)
