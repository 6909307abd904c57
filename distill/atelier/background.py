"""Plain painted backgrounds for exemplars."""

from __future__ import annotations

import zlib

import cv2
import numpy as np

from distill.atelier.exemplar import Exemplar


def paint_background(exemplar: Exemplar, size: int) -> np.ndarray:
    """The exemplar's background as float RGB [size, size, 3]; the same for the same exemplar."""
    first, second = (np.float32(colour) for colour in exemplar.background_colours)
    rng = np.random.default_rng(zlib.crc32(exemplar.id.encode()))
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    kind = exemplar.background
    if kind == "gradient":
        angle = rng.uniform(0, 2 * np.pi)
        mix = np.clip(0.5 + 0.8 * ((x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle)), 0, 1)
    elif kind == "glow":
        mix = np.exp(-((x - 0.5) ** 2 + (y - 0.4) ** 2) / 0.12)
    elif kind == "dots":
        mix = np.zeros((size, size), np.float32)
        for u, v, radius in rng.uniform((0, 0, 0.02), (1, 1, 0.09), (14, 3)):
            cv2.circle(mix, (int(u * size), int(v * size)), max(2, int(radius * size)), 0.55, -1,
                       cv2.LINE_AA)
        mix = cv2.GaussianBlur(mix, (0, 0), size / 256)
    elif kind == "stripes":
        angle = rng.uniform(0, np.pi)
        wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi * rng.uniform(4, 9))
        mix = 0.35 * np.clip(0.5 + wave * size / 60, 0, 1)
    else:
        mix = np.zeros((size, size), np.float32)
    return first + (second - first) * mix[..., None].astype(np.float32)
