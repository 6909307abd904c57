"""Draw a character with a photo's pose and expression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from distill.atelier.background import paint_background
from distill.atelier.character import Character
from distill.atelier.expression import Expression
from distill.atelier.parts import over
from distill.atelier.pose import HeadPose
from distill.atelier.rig_eyes import LINE, draw_brow, draw_eye, eye_window
from distill.atelier.rig_mouth import draw_mouth
from distill.atelier.template import Template
from distill.atelier.warp import HeadTurn, Proportions, full_map, square_points, upright_grid

FEATURE_LEFT, FEATURE_WIDTH, FEATURE_TOP, FEATURE_HEIGHT = 310, 372, 400, 272


@dataclass(frozen=True)
class Portrait:
    """A drawn portrait. `rgb` uint8 [s, s, 3]; `head` and `bust` opacity float32 0–1 [s, s];
    `centres` [3, 2] where both eyes and the mouth were placed, px of the portrait."""

    rgb: np.ndarray
    head: np.ndarray
    bust: np.ndarray
    centres: np.ndarray


def draw_features(
    character: Character, expression: Expression, glasses: str | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eyes, brows and glasses as premultiplied float RGBA on a box of the canvas; where hair must
    end in it, 0–1; and the box's corner (x, y) in canvas px."""
    template, res = character.template, character.res
    top = FEATURE_TOP + template.eye_rise
    layer = np.zeros((round(FEATURE_HEIGHT * res), round(FEATURE_WIDTH * res), 4), np.float32)
    window = np.zeros(layer.shape[:2], np.float32)
    brow = LINE + (character.hair * 0.45 - LINE) * 0.45
    for rig, state in zip(character.eye_rigs, expression.eyes, strict=True):
        rows, columns = rig.box(FEATURE_LEFT, FEATURE_TOP)
        box = layer[rows, columns]
        window[rows, columns] = np.maximum(window[rows, columns], eye_window(rig))
        draw_eye(box, rig, state, character.skin, character.eye)
        draw_brow(box, rig, state, brow, character.exemplar.brow_weight)
    origin = np.array([FEATURE_LEFT, top], float)
    if glasses is not None:
        sheet = character.glasses_layer(glasses)
        whole = np.round(origin * res).astype(int)
        over(layer, sheet[whole[1]:whole[1] + layer.shape[0], whole[0]:whole[0] + layer.shape[1]])
    return layer, window, origin


def draw_portrait(
    character: Character, expression: Expression, pose: HeadPose, *, structure: float = 0.5,
    size: int = 256, glasses: str | None = None, scene: np.ndarray | None = None,
) -> Portrait:
    """The character as the face in the photo.

    `structure` 0 keeps the photo's proportions, 1 takes the exemplar's. `glasses` names an item or
    is None for none. `scene` is an RGB picture [size, size, 3] to stand before; None takes the
    exemplar's background.
    """
    template = character.template
    turn = HeadTurn(template, pose.yaw, pose.pitch)
    proportions = Proportions(template, character.exemplar, pose, turn, structure,
                              0.42 * expression.mouth.opening)
    grid, count = upright_grid(pose)
    canvas = proportions.canvas_points(grid)
    features, window, origin = draw_features(character, expression, glasses)

    maps = {group: full_map(turn.unturn(group, canvas), count, size)
            for group in character.layers}

    def sample(layer: np.ndarray, group: str, start: np.ndarray | float = 0.0) -> np.ndarray:
        points = (maps[group] - np.float32(start) + 0.5) * character.res - 0.5
        return cv2.remap(layer, points[..., 0], points[..., 1], cv2.INTER_LINEAR,
                         borderMode=cv2.BORDER_CONSTANT).astype(np.float32)

    warped = {name: sample(layer, name) for name, layer in character.layers.items()}
    warped["features"] = sample(features, "face", origin)
    warped["front"] *= 1 - sample(window, "face", origin)[..., None]
    if not character.exemplar.headphones:
        warped["body"] *= turn.far_ear(maps["body"])[..., None]
    bust = np.zeros((size, size, 4), np.float32)
    for name in ("back", "body", "cloth", "face"):
        over(bust, warped[name])
    draw_mouth(bust, lambda points: square_points(pose, proportions.mouth_points(points), size),
               expression.mouth, character.skin)
    for name in ("front", "features"):
        over(bust, warped[name])
    head = _visible_head(warped, maps["body"], template)
    below = paint_background(character.exemplar, size) if scene is None else scene
    alpha = bust[..., 3:] / 255
    rgb = bust[..., :3] + below * (1 - alpha)
    return Portrait(np.clip(rgb + 0.5, 0, 255).astype(np.uint8), head, alpha[..., 0],
                    square_points(pose, proportions.centres, size))


def _visible_head(
    warped: dict[str, np.ndarray], body_map: np.ndarray, template: Template
) -> np.ndarray:
    """How much of each pixel shows head, hair or neck rather than torso, clothes or nothing."""
    neck = np.clip((template.chin[1] + 110 - body_map[..., 1]) / 40, 0, 1)
    shown = np.zeros(body_map.shape[:2], np.float32)
    for name, part in (("back", 1.0), ("body", neck), ("cloth", 0.0), ("face", 1.0),
                       ("front", 1.0), ("features", 1.0)):
        alpha = warped[name][..., 3] / 255
        shown = shown * (1 - alpha) + alpha * part
    return shown
