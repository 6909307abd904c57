"""Backgrounds: painted ones for exemplars, and the photo's own with the person taken out."""

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


def fill_background(photo: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """The photo [s, s, 3] with what `matte` 0–1 covers filled smoothly from around it, float RGB.

    Averages over ever larger neighbourhoods of known pixels flow into the hole. Shoulders hardly take
    part: they stand before what was behind the head.
    """
    size = photo.shape[0]
    # The matte's soft rim is a mixture with the person already.
    known = 1 - cv2.dilate(np.clip(matte * 3, 0, 1).astype(np.float32), np.ones((7, 7), np.uint8))
    down = np.linspace(0, 1, size, dtype=np.float32)[:, None]
    trusted = known * np.clip((0.8 - down) / 0.3, 0.02, 1)
    levels = [np.dstack([photo.astype(np.float32) * trusted[..., None], trusted])]
    while min(levels[-1].shape[:2]) > 2:
        levels.append(cv2.pyrDown(levels[-1]))
    filled = levels[-1]
    for finer in reversed(levels[:-1]):
        coarse = cv2.pyrUp(filled, dstsize=(finer.shape[1], finer.shape[0]))
        filled = finer + coarse * (1 - np.clip(finer[..., 3:], 0, 1))
    scene = filled[..., :3] / np.maximum(filled[..., 3:], 1e-4)
    return scene + (photo - scene) * known[..., None]
