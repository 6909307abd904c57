"""The photo's own hair and skin colours, put into the palette of a drawing."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np

from distill.atelier.exemplar import Colour, Exemplar, lab
from distill.atelier.landmarks import FRAME_PX, FaceReading

SKIN_POINTS = (50, 280, 205, 425, 151, 9, 4, 101, 330)
EYE_OUTLINES = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    (362, 398, 384, 385, 386, 387, 388, 466, 263, 249, 390, 373, 374, 380, 381, 382))
BROW_POINTS = (63, 105, 66, 293, 334, 296)
# Drawn skin by the lightness (L 0–100) of the skin in the photo.
_SKIN_LIGHTNESS = (16, 29, 42, 53, 62, 70, 79, 92)
_SKIN_TONES = np.array([
    (112, 74, 56), (136, 92, 68), (166, 116, 84), (198, 146, 108), (226, 178, 140),
    (248, 208, 176), (255, 226, 204), (255, 238, 224)], float)
# Darker hair would lose its inner lines.
_DARKEST_HAIR, _LIGHTEST_HAIR = 23.0, 92.0
_LEAST_HAIR = 0.012


@dataclass(frozen=True)
class PhotoColours:
    """Drawable colours of a person; hair that the photo does not show takes the brows' colour."""

    hair: Colour
    skin: Colour


def read_colours(
    photo: np.ndarray, reading: FaceReading, hair: np.ndarray, skin: np.ndarray
) -> PhotoColours:
    """Hair and skin colour of the person in a square uint8 RGB photo.

    `hair` and `skin` are the segmenter's confidences 0–1 for hair and face skin, as large as the
    photo.
    """
    picture = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    gain = _light_gain(picture, reading)
    return PhotoColours(
        _hair_colour(picture, reading, hair, gain), _skin_colour(picture, reading, skin, gain))


def _light_gain(picture: np.ndarray, reading: FaceReading) -> float:
    """How much brighter the person is in good light: a dim webcam must not darken them.

    Both the picture's lights and the whites of the eyes must be dim, as a dark wall or narrow eyes
    alone say nothing; and little is given, as a wrong guess makes dark skin light.
    """
    lights = float(np.percentile(picture[..., 0], 97))
    whites = 0.0
    for ids in EYE_OUTLINES:
        outline = reading.points[list(ids), :2] * (picture.shape[0] / FRAME_PX)
        mask = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
        if mask.any():
            whites = max(whites, float(np.percentile(picture[mask > 0][:, 0], 85)))
    return float(np.clip(min(88 / max(lights, 1), 56 / max(whites, 1)), 1.0, 1.2))


def with_photo_colours(exemplar: Exemplar, colours: PhotoColours, weight: float) -> Exemplar:
    """The exemplar recoloured: `weight` 1 keeps its own colours, 0 takes the photo's."""
    return dataclasses.replace(
        exemplar, hair=mix_colours(colours.hair, exemplar.hair, weight),
        skin=mix_colours(colours.skin, exemplar.skin, weight))


def mix_colours(first: Colour, second: Colour, weight: float) -> Colour:
    """Between two colours, evenly to the eye (Lab)."""
    return _rgb(lab(first) * (1 - weight) + lab(second) * weight)


def _rgb(value: np.ndarray) -> Colour:
    pixel = cv2.cvtColor(np.float32(value).reshape(1, 1, 3), cv2.COLOR_LAB2RGB)[0, 0]
    return tuple(round(float(c) * 255) for c in np.clip(pixel, 0, 1))  # type: ignore


def _hair_colour(
    picture: np.ndarray, reading: FaceReading, hair: np.ndarray, gain: float
) -> Colour:
    size = picture.shape[0]
    sure = cv2.erode((hair > 0.7).astype(np.uint8), np.ones((max(3, size // 100),) * 2, np.uint8))
    pixels = picture[sure > 0]
    if len(pixels) < _LEAST_HAIR * size * size:
        pixels = _patches(picture, reading, BROW_POINTS, max(1, size // 170))
        pixels = pixels[pixels[:, 0] <= np.percentile(pixels[:, 0], 40)]
    # Highlights and deep gaps are light and shade, not colour.
    low, high = np.percentile(pixels[:, 0], [15, 80])
    tone = np.median(pixels[(pixels[:, 0] >= low) & (pixels[:, 0] <= high)], axis=0)
    chroma = float(np.hypot(*tone[1:]))
    # Drawn hair has its own shade, so light hair would come out a dull middle tone.
    lightness = 1.1 * tone[0] * gain + 7 + np.interp(tone[0] * gain, [40, 60], [0, 9])
    lightness = float(np.clip(lightness, _DARKEST_HAIR, _LIGHTEST_HAIR))
    # Grey stays grey; what has a colour gets a little more of it; warm light makes no one pink.
    richer = np.interp(chroma, [5, 14], [0.6, 1.3])
    red, yellow = tone[1:] * richer
    red = min(red, 0.45 * max(yellow, 0) + 2) if lightness > 50 else red
    return _rgb(np.array([lightness, red, yellow]))


def _patches(
    picture: np.ndarray, reading: FaceReading, points: tuple[int, ...], radius: int
) -> np.ndarray:
    scale = picture.shape[0] / FRAME_PX
    found = []
    for x, y in np.clip(reading.points[list(points), :2], 0, FRAME_PX - 1) * scale:
        rows = slice(max(0, int(y) - radius), int(y) + radius + 1)
        columns = slice(max(0, int(x) - radius), int(x) + radius + 1)
        found.append(picture[rows, columns].reshape(-1, picture.shape[2]))
    return np.concatenate(found)


def _skin_colour(
    picture: np.ndarray, reading: FaceReading, skin: np.ndarray, gain: float
) -> Colour:
    seen = _patches(np.dstack([picture, skin]), reading, SKIN_POINTS,
                    max(2, picture.shape[0] // 70))
    sure = seen[seen[:, 3] > 0.5]
    pixels = (sure if len(sure) > 20 else seen)[:, :3]
    # The lit part tells more of the skin than the shaded one.
    lightness = float(np.percentile(pixels[:, 0], 62)) * gain
    return tuple(  # type: ignore[return-value]
        round(float(np.interp(lightness, _SKIN_LIGHTNESS, _SKIN_TONES[:, channel])))
        for channel in range(3))
