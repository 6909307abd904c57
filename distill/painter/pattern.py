"""Hatching and dots, anchored to the aligned crop so that they travel with the face."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from distill.painter.looks import PatternKind

PERIOD_PX = 8.0
"""Distance between strokes along x, in pixels of a crop of 256; the network gets the same phase."""


@lru_cache(maxsize=4)
def phase(size_px: int, stride_px: int = 1) -> np.ndarray:
    """sin and cos of both diagonal phases, float32 [4, size/stride, size/stride]."""
    axis = np.arange(0, size_px, stride_px, dtype=np.float32) + (stride_px - 1) / 2
    x, y = np.meshgrid(axis, axis)
    falling, rising = (2 * np.pi * part / PERIOD_PX for part in (x + y, x - y))
    return np.stack([np.sin(falling), np.cos(falling), np.sin(rising), np.cos(rising)]).astype(np.float32)


def coverage(kind: PatternKind, darkness: np.ndarray) -> np.ndarray:
    """Opacity 0..1 of the pattern where the shadow has this darkness 0..1, [h,w] at crop size."""
    if kind == "none":
        return np.zeros_like(darkness)
    waves = phase(darkness.shape[-1])
    present = np.clip(darkness * 5, 0, 1)

    def stroke(wave: np.ndarray, amount: np.ndarray) -> np.ndarray:
        return np.clip((wave - (1 - 1.7 * amount)) * 1.6 + 0.5, 0, 1)

    if kind == "hatch":
        return stroke(waves[0], darkness) * present
    if kind == "cross":
        second = np.clip(darkness * 2 - 0.9, 0, 1)
        return np.maximum(stroke(waves[0], darkness) * present, stroke(waves[2], second) * np.clip(second * 5, 0, 1))
    return stroke((waves[0] + waves[2]) / 2, darkness * 1.05) * present
