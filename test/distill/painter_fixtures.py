"""A drawn stand-in for a portrait: enough for painter, cache and student to work on without photos."""

import cv2
import numpy as np

from distill.painter.tone import ToneScale


def portrait(size_px=320, skin=(205, 160, 135), seed=0):
    """A cartoon head, uint8 RGB [size,size,3], and class confidences float32 [6,size,size]."""
    rng = np.random.default_rng(seed)
    unit = size_px / 320
    picture = np.full((size_px, size_px, 3), (90, 130, 160), np.uint8)

    def ellipse(image, centre, axes, colour):
        centre, axes = (tuple(round(unit * part) for part in pair) for pair in (centre, axes))
        cv2.ellipse(image, centre, axes, 0, 0, 360, colour, -1, cv2.LINE_AA)

    hair, face, neck = (np.zeros((size_px, size_px), np.float32) for _ in range(3))
    ellipse(hair, (160, 140), (105, 120), 1.0)
    ellipse(face, (160, 170), (80, 105), 1.0)
    ellipse(neck, (160, 290), (45, 60), 1.0)
    for part, colour in ((hair, (50, 35, 30)), (neck, tuple(0.85 * np.array(skin))), (face, skin)):
        picture = np.where(part[..., None] > 0.5, np.array(colour), picture).astype(np.uint8)
    for x in (120, 200):
        ellipse(picture, (x, 152), (18, 8), (245, 245, 245))
        ellipse(picture, (x, 152), (7, 7), (30, 20, 20))
    ellipse(picture, (160, 232), (30, 8), (150, 60, 60))
    shade = np.linspace(1.15, 0.55, size_px)[None, :, None]
    noise = rng.normal(0, 2, picture.shape)
    picture = np.clip(picture * shade + noise, 0, 255).astype(np.uint8)
    neck = np.clip(neck - face, 0, 1)
    hair = np.clip(hair - face, 0, 1)
    background = np.clip(1 - hair - face - neck, 0, 1)
    empty = np.zeros_like(face)
    return picture, np.stack([background, hair, neck, face, empty, empty])


def straight_scale():
    """A tone scale that changes nothing."""
    axis = np.linspace(0, 1, 256, dtype=np.float32)
    return ToneScale(axis, axis, 0.6)
