"""Tone: edge-preserving smoothing, normalisation anchored on the skin, clean steps."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

SKIN_TARGET = 0.6
TONE_TABLE_SIZE = 256


@dataclass(frozen=True)
class ToneScale:
    """A photo's map between luma and normalised tone, both 0..1, as two tables of 256 values.

    Normalised tone moves the face's own skin part of the way to 0.6, whatever its colour and light:
    every skin keeps its place among others, yet gets a highlight, a flat middle and a shadow.
    """

    to_tone: np.ndarray
    to_luma: np.ndarray
    skin_tone: float


def luma(rgb: np.ndarray) -> np.ndarray:
    """BT.601 luma [h,w] of a float RGB picture [h,w,3] in 0..1."""
    return rgb @ np.array([0.299, 0.587, 0.114], np.float32)


def apply_table(table: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Looks values in 0..1 up in a table of 256 entries, with linear interpolation."""
    position = np.clip(values, 0.0, 1.0) * (TONE_TABLE_SIZE - 1)
    low = position.astype(np.int32)
    high = np.minimum(low + 1, TONE_TABLE_SIZE - 1)
    fraction = (position - low).astype(np.float32)
    return table[low] * (1 - fraction) + table[high] * fraction


def edge_preserving(rgb: np.ndarray, rounds: int, range_sigma: float = 22.0, space_sigma: float = 4.0) -> np.ndarray:
    """Repeated bilateral smoothing of a uint8 RGB picture."""
    for _ in range(rounds):
        rgb = cv2.bilateralFilter(rgb, 9, range_sigma, space_sigma)
    return rgb


def guided_filter(guide: np.ndarray, values: np.ndarray, radius_px: int, epsilon: float) -> np.ndarray:
    """He et al.'s guided filter with a one-channel guide, float32 [h,w] each."""
    size = (2 * radius_px + 1, 2 * radius_px + 1)

    def mean(picture: np.ndarray) -> np.ndarray:
        return cv2.boxFilter(picture, -1, size, borderType=cv2.BORDER_REFLECT)

    mean_guide, mean_values = mean(guide), mean(values)
    slope = (mean(guide * values) - mean_guide * mean_values) / (mean(guide * guide) - mean_guide**2 + epsilon)
    offset = mean_values - slope * mean_guide
    return mean(slope) * guide + mean(offset)


def tone_scale(luma_picture: np.ndarray, skin: np.ndarray, head: np.ndarray) -> ToneScale:
    """Fits the tone scale of one photo.

    luma_picture [h,w] in 0..1; skin and head [h,w]: confidence of face skin and of the whole head.
    """
    inside = luma_picture[head > 0.5] if (head > 0.5).sum() > 500 else luma_picture.ravel()
    low, high = np.percentile(inside, (1.5, 98.5))
    # A black beard or hair must not stretch a flat picture to full contrast.
    low, high = min(low, 0.25), max(high, low + 0.5)
    face = luma_picture[skin > 0.7]
    median = float(np.median(face)) if face.size > 200 else float((low + high) / 2)
    share = float(np.clip((median - low) / (high - low), 0.12, 0.93))
    gamma = np.log(SKIN_TARGET) / np.log(share)
    # Pale skin may stay paler than dark skin: the picture should still look like the person.
    gamma = float(np.clip(gamma, 0.45, 1.9)) ** 0.55
    axis = np.linspace(0, 1, TONE_TABLE_SIZE, dtype=np.float32)
    to_tone = np.clip((axis - low) / (high - low), 0, 1) ** gamma
    to_luma = low + (high - low) * axis ** (1 / gamma)
    return ToneScale(to_tone.astype(np.float32), to_luma.astype(np.float32), float(share**gamma))


def soft_steps(tone: np.ndarray, steps: int, crispness: float, centre: float) -> np.ndarray:
    """Quantises tone to flat steps with soft edges; `centre` lies in the middle of a step.

    With the skin's median as centre, the largest area of the face is one calm, flat tone.
    """
    position = (tone - centre) * steps + 0.5
    edge = np.round(position)
    stepped = edge + 0.5 * np.tanh(2 * crispness * (position - edge)) / np.tanh(crispness)
    return np.clip(centre + (stepped - 0.5) / steps, 0, 1).astype(np.float32)
