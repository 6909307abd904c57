"""What a portrait shows, read from its pixels, against what is known to be true."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np

from distill.atelier.character import Character
from distill.atelier.draw import Portrait, draw_portrait
from distill.atelier.exemplar import Exemplar
from distill.atelier.expression import Expression, EyeState, shaped_mouth
from distill.atelier.pose import HeadPose, rest_pose
from distill.atelier.warp import EYE_DROP_PX, TEMPLATE_SCALE, HeadTurn

# Colours that no other part of the drawing comes near.
MEASURING_SKIN, MEASURING_EYE, MEASURING_HAIR = (255, 226, 200), (70, 230, 90), (120, 84, 60)


def measuring_exemplar(exemplar: Exemplar) -> Exemplar:
    """The exemplar in colours that let its parts be told apart in the picture."""
    return dataclasses.replace(
        exemplar, skin=MEASURING_SKIN, eye=MEASURING_EYE, hair=MEASURING_HAIR, blush=None,
        background="flat", background_colours=((120, 84, 60),) * 2)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's, with mean ranks for ties."""
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    unique, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    del unique
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def eye_mask(portrait: Portrait, side: int, reach: float) -> np.ndarray:
    """Pixels of one open eye's white and iris: bluish or green, within `reach` px of its centre."""
    rgb = portrait.rgb.astype(int)
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    coloured = ((blue >= red - 18) | (green > red + 12)) & (rgb.sum(-1) > 110)
    return coloured & _near(portrait, side, (reach, 0.8 * reach))


def mouth_mask(portrait: Portrait, reach: float) -> np.ndarray:
    """Pixels of the mouth: not skin, connected, around the mouth's centre."""
    # White teeth differ from the skin by 80.
    away = np.abs(portrait.rgb.astype(int) - MEASURING_SKIN).sum(-1) > 60
    window = _near(portrait, 2, (reach, 1.1 * reach))
    count, labels = cv2.connectedComponents((away & window).astype(np.uint8))
    x, y = np.round(portrait.centres[2]).astype(int)
    size = away.shape[0]
    core = np.zeros_like(away)
    half = max(2, int(0.16 * reach))
    core[max(y - half, 0):min(y + half, size), max(x - half, 0):min(x + half, size)] = True
    keep = [label for label in range(1, count) if (labels == label)[core].any()]
    return np.isin(labels, keep)


def _near(portrait: Portrait, which: int, reach: tuple[float, float]) -> np.ndarray:
    size = portrait.rgb.shape[0]
    y, x = np.mgrid[0:size, 0:size]
    centre = portrait.centres[which]
    return (np.abs(x - centre[0]) < reach[0]) & (np.abs(y - centre[1]) < reach[1])


@dataclass(frozen=True)
class Reading:
    """`mouth_area` and `eye_area` (picture's left, right) per squared drawn eye distance."""

    mouth_area: float
    eye_area: tuple[float, float]


def read_portrait(portrait: Portrait) -> Reading:
    """Mouth and eye openings of a portrait in measuring colours."""
    apart = float(np.hypot(*(portrait.centres[1] - portrait.centres[0])))
    eyes = tuple(float(eye_mask(portrait, side, 0.42 * apart).sum()) / apart**2
                 for side in (0, 1))
    return Reading(_mouth_area(portrait, apart) / apart**2, eyes)


def _mouth_area(portrait: Portrait, apart: float) -> float:
    """Pixels of the mouth's inside, dark red, tongue or teeth, but not its lines or lips.

    Pixels on the edge count by their share: a small gap is thinner than a pixel of 256 px.
    """
    red, green, blue = (portrait.rgb[..., channel].astype(float) for channel in range(3))
    # Line, skin and all between them lie at 29 to 36, the shade below the lip at 68.
    ruddy = red - green
    dark = np.clip((ruddy - 40) / 38, 0, 1) * (red < 190)
    tongue = np.clip((ruddy - 76) / 20, 0, 1)
    teeth = np.clip((24 - ruddy) / 22, 0, 1) * (red > 110) * (blue > red - 25)
    inside = np.maximum(np.maximum(dark, tongue), teeth)
    return float((inside * mouth_mask(portrait, 0.45 * apart)).sum())


def expected_centres(
    character: Character, pose: HeadPose, points: np.ndarray, structure: float, size: int
) -> np.ndarray:
    """Where both eyes and the mouth belong, px [3, 2]: from the landmarks `points` (512 px) at
    structure 0, from the template laid over the head at 1, linear between."""
    photo = np.stack([points[[33, 133], :2].mean(0), points[[263, 362], :2].mean(0),
                      points[[78, 308], :2].mean(0)])
    template = character.template
    canvas = np.vstack([template.eyes, template.mouth])
    turned = canvas + HeadTurn(template, pose.yaw, pose.pitch).shift("face", canvas)
    drawn = (turned - template.eye_middle) * TEMPLATE_SCALE * pose.scale + [0, EYE_DROP_PX]
    c, s = np.cos(pose.roll), np.sin(pose.roll)
    drawn = drawn @ np.array([[c, s], [-s, c]]) + points[[33, 133, 263, 362], :2].mean(0)
    square = photo + (drawn - photo) * structure
    return (square + 0.5) * (size / 512) - 0.5


def placement_errors(
    character: Character, pose: HeadPose, points: np.ndarray, structures: tuple[float, ...],
    size: int = 256,
) -> np.ndarray:
    """How far both eyes and the mouth lie from where they belong at each of `structures`, shares
    of the face's width [n, 3]; NaN for what is not seen.

    Read from pixels: the centres of mass of open eyes and an open mouth, less the way from centre
    to centre of mass in the same character's drawing at rest.
    """
    level = draw_portrait(character, _SHOWING, rest_pose(), structure=1.0, size=size)
    lean = (centres_of_mass(level) - level.centres) / np.hypot(
        *(level.centres[1] - level.centres[0]))
    c, s = np.cos(pose.roll), np.sin(pose.roll)
    width = float(np.hypot(*(points[454, :2] - points[234, :2]))) * size / 512
    errors = []
    for structure in structures:
        wanted = expected_centres(character, pose, points, structure, size)
        portrait = draw_portrait(character, _SHOWING, pose, structure=structure, size=size)
        measured = centres_of_mass(dataclasses.replace(portrait, centres=wanted))
        leaning = lean * np.hypot(*(wanted[1] - wanted[0])) @ np.array([[c, s], [-s, c]])
        errors.append(np.hypot(*(measured - leaning - wanted).T) / width)
    return np.array(errors)


_SHOWING = Expression((EyeState(lid=0.1), EyeState(lid=0.1)), shaped_mouth(24, 0.3))


def centres_of_mass(portrait: Portrait) -> np.ndarray:
    """Centres of mass of the eyes' and the mouth's pixels [3, 2], px; NaN for what is not seen."""
    apart = float(np.hypot(*(portrait.centres[1] - portrait.centres[0])))
    masks = [eye_mask(portrait, 0, 0.45 * apart), eye_mask(portrait, 1, 0.45 * apart),
             mouth_mask(portrait, 0.45 * apart)]
    return np.array([np.argwhere(mask).mean(0)[::-1] if mask.any() else (np.nan, np.nan)
                     for mask in masks])


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union of two masks."""
    union = np.logical_or(first, second).sum()
    return float(np.logical_and(first, second).sum() / union) if union else 1.0
