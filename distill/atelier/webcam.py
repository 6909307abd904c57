"""What webcams do to a picture: dim and coloured light, noise, blur, compression."""

from __future__ import annotations

import cv2
import numpy as np


def spoil(photo: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """A square uint8 RGB photo as a cheap camera in a real room would send it.

    Each flaw comes by chance; `strength` 0–1 scales chance and size. Deterministic by `rng`.
    """
    picture = photo.astype(np.float32) / 255
    steps = ((0.5, _light), (0.45, _colour_cast), (0.35, _screen_glow), (0.25, _low_resolution),
             (0.25, _motion_blur), (0.2, _defocus), (0.5, _noise))
    for chance, step in steps:
        if rng.random() < chance * strength:
            picture = step(picture, rng, strength)
    out = np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)
    return _compress(out, rng) if rng.random() < 0.6 * strength else out


def _light(picture: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    gamma = np.exp(rng.normal(0.12, 0.25) * strength)
    gain = np.exp(rng.normal(-0.15, 0.25) * strength)
    return np.clip(np.maximum(picture, 0) ** gamma * gain, 0, 1)


def _colour_cast(picture: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    warm, green = rng.normal(0, 0.12) * strength, rng.normal(0, 0.05) * strength
    cast = np.exp(np.array([warm, green, -warm], np.float32))
    grey = picture @ np.float32([0.3, 0.59, 0.11])
    colourful = 1 + rng.normal(-0.1, 0.25) * strength
    return np.clip((grey[..., None] + (picture - grey[..., None]) * colourful) * cast, 0, 1)


def _screen_glow(picture: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """One side lit more than the other: a window, a lamp, a screen in a dark room."""
    size = picture.shape[0]
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    slope = x * np.cos(angle) + y * np.sin(angle)
    ramp = 1 / (1 + np.exp(-slope * rng.uniform(3, 8)))
    colour = np.exp(rng.normal(0, 0.12, 3)).astype(np.float32)
    low, high = rng.uniform(0.35, 0.8), rng.uniform(0.9, 1.3)
    glow = (low + (high - low) * ramp)[..., None] * colour
    return np.clip(picture * (1 + (glow - 1) * strength), 0, 1)


def _low_resolution(picture: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    size = picture.shape[0]
    small = max(24, int(size * (1 - strength * rng.uniform(0.3, 0.8))))
    shrunk = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
    way = cv2.INTER_LINEAR if rng.random() < 0.7 else cv2.INTER_CUBIC
    return np.clip(cv2.resize(shrunk, (size, size), interpolation=way), 0, 1)


def _motion_blur(picture: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    length = max(3, int(rng.uniform(0.01, 0.05) * strength * picture.shape[0]) | 1)
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * (length // 2)
    middle = length // 2
    cv2.line(kernel, tuple(np.round(middle - reach).astype(int).tolist()),
             tuple(np.round(middle + reach).astype(int).tolist()), 1.0, 1)
    return cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def _defocus(picture: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    sigma = rng.uniform(0.002, 0.008) * strength * picture.shape[0]
    return cv2.GaussianBlur(picture, (0, 0), max(sigma, 0.3))


def _noise(picture: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    level = rng.uniform(0.01, 0.06) * strength
    size = picture.shape[0]
    grain = rng.standard_normal((size, size, 3), np.float32)
    # Cameras denoise: their grain is blotchy and coloured more than sharp.
    grain = cv2.GaussianBlur(grain, (0, 0), 0.8) * 2
    grey = grain.mean(2, keepdims=True)
    return np.clip(picture + level * (grey + 0.5 * (grain - grey)) * (1.2 - picture), 0, 1)


def _compress(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    quality = int(rng.integers(15, 75))
    _, data = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)
