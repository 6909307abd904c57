"""Training samples: a warped crop of the cached layers, painted with one mix, and a degraded input."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from distill.painter import CROP_SIZE_PX, LOOKS, Mix, compose, only
from distill.painter.pattern import PERIOD_PX
from distill.painter.tone import ToneScale, luma
from distill.student.cache import SIZE_PX, LayerCache

_NOISE_SIZE = 512
_WHOLE = np.ones((SIZE_PX, SIZE_PX), np.float32)


@dataclass(frozen=True)
class Style:
    """What one micro-batch is painted with, and what tells the style head so."""

    mix: Mix
    keep_color: float = 0.0
    colour_slider: float = 1.0

    @property
    def weights(self) -> tuple[float, float]:
        """Slider weights (structure, colour) as the style head gets them; the mix has keep_color applied."""
        return self.mix.structure_weight, self.colour_slider


def pure_style(index: int) -> Style:
    """One look, both sliders full."""
    return Style(only(index))


def random_style(rng: np.random.Generator, slider_share: float) -> Style:
    """Mostly a pure look; for `slider_share` of the draws a look from the whole slider space.

    There structure and colour may come from different looks, be blends of two, and have any weight.
    """
    looks = len(LOOKS)
    first = int(rng.integers(looks))
    if rng.random() >= slider_share:
        return pure_style(first)
    structure, colour = {first: 1.0}, {first: 1.0}
    other = int(rng.integers(looks))
    if other != first:
        kind = rng.random()
        share = float(rng.uniform())
        if kind < 0.3:
            colour = {other: 1.0}
        elif kind < 0.6:
            structure = colour = {first: 1 - share, other: share}
    structure_weight = float(rng.choice([0.0, 1.0, rng.uniform()], p=[0.15, 0.35, 0.5]))
    colour_slider = float(rng.choice([0.0, 1.0, rng.uniform()], p=[0.15, 0.35, 0.5]))
    keep_color = float(rng.choice([0.0, 1.0, rng.uniform()], p=[0.7, 0.15, 0.15]))
    mix = Mix(structure, colour, structure_weight, colour_slider * (1 - keep_color))
    return Style(mix, keep_color, colour_slider)


def blended_code(style: Style, codes: np.ndarray) -> np.ndarray:
    """The extrinsic code [1,2,512] of a style, from the looks' codes [n,2,512]."""
    code = np.zeros((1, *codes.shape[1:]), np.float32)
    for row, shares in enumerate((style.mix.structure, style.mix.colour)):
        for index, share in shares.items():
            code[0, row] += share * codes[index, row]
    return code


def plain_crop() -> np.ndarray:
    """The affine [2,3] that only shrinks the cached planes to the crop."""
    scale = CROP_SIZE_PX / SIZE_PX
    return np.array([[scale, 0, scale / 2 - 0.5], [0, scale, scale / 2 - 0.5]])


def random_crop(rng: np.random.Generator) -> np.ndarray:
    """A crop as an unsteady tracker would make it: rotated, scaled, shifted, mirrored half of the time."""
    centre = (SIZE_PX - 1) / 2
    matrix = cv2.getRotationMatrix2D((centre, centre), rng.uniform(-14, 14), CROP_SIZE_PX / SIZE_PX * rng.uniform(0.92, 1.25))
    matrix[:, 2] += (CROP_SIZE_PX - SIZE_PX) / 2 + rng.uniform(-14, 14, 2)
    if rng.random() < 0.5:
        matrix[0] = -matrix[0]
        matrix[0, 2] += CROP_SIZE_PX - 1
    return matrix


@dataclass(frozen=True)
class Light:
    """Another light on the scene, as a curve per channel: dim, overexposed, tinted, flat, as webcams see people."""

    curves: np.ndarray
    saturation: float

    def on(self, picture: np.ndarray) -> np.ndarray:
        """A float RGB picture in this light."""
        raw = (picture * 255 + 0.5).astype(np.uint8)
        lit = cv2.LUT(raw, self.curves.reshape(1, 256, 3))
        if self.saturation != 1:
            grey = luma(lit)[..., None]
            lit = np.clip(grey + (lit - grey) * self.saturation, 0, 1)
        return lit

    def on_scale(self, scale: ToneScale) -> ToneScale:
        """The tone scale of the photo in this light: the painter would find the same tones from the new lumas."""
        response = np.maximum.accumulate(luma(self.curves))
        axis = np.linspace(0, 1, len(response), dtype=np.float32)
        before = np.interp(axis, response + 1e-6 * axis, axis)
        return ToneScale(
            np.interp(before, axis, scale.to_tone).astype(np.float32),
            np.interp(scale.to_luma, axis, response).astype(np.float32),
            scale.skin_tone,
        )


def random_light(rng: np.random.Generator) -> Light:
    """A random light that leaves faces recognisable."""
    axis = np.linspace(0, 1, 256)[:, None]
    curves = (axis ** rng.uniform(0.75, 1.5) - 0.5) * rng.uniform(0.75, 1.15) + 0.5
    curves = curves * (1 + rng.uniform(-0.1, 0.1, 3)) * rng.uniform(0.6, 1.1) + rng.uniform(-0.02, 0.05)
    return Light(np.clip(curves, 0, 1).astype(np.float32), float(rng.uniform(0.6, 1.15)))


class Sampler:
    """Makes (input, target, weight) triples from a layer cache."""

    def __init__(self, cache: LayerCache, outside_weight: float) -> None:
        self.cache = cache
        self.outside_weight = outside_weight
        self._noise = np.random.default_rng(0).standard_normal((_NOISE_SIZE, _NOISE_SIZE, 3)).astype(np.float32)

    def painted(
        self, index: int, style: Style, crop: np.ndarray, light: Light | None = None, size_px: int = CROP_SIZE_PX
    ) -> tuple[np.ndarray, ...]:
        """Photo [h,h,3], painted picture [h,h,3], matte and loss weight [h,h], all in 0..1.

        size_px: h, the whole crop or a tile of it.
        """
        photo, matte = self._warped(self.cache.base[index, 0], crop, size_px)
        wash, valid = self._warped(self.cache.base[index, 1], crop, size_px)
        scale = self.cache.entries[index].scale
        if light is not None:
            photo, wash, scale = light.on(photo), light.on(wash), light.on_scale(scale)
        planes = {}
        for look in style.mix.structure:
            warped = self._warp(self.cache.looks[index, look], crop, size_px)
            planes[look] = (warped[..., 0], warped[..., 1], warped[..., 2])
        rgb = compose(photo, wash, scale, planes, style.mix)
        near = cv2.dilate(matte, np.ones((7, 7), np.uint8))
        # Where the crop leaves the photo its mirror image is shown, which is not to be learned.
        shown = cv2.warpAffine(_WHOLE, crop, (size_px, size_px), flags=cv2.INTER_NEAREST)
        weight = shown * valid * (self.outside_weight + (1 - self.outside_weight) * near)
        return photo, rgb, matte, weight

    def degraded(self, photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The photo as a webcam would deliver it: blurred, small, noisy, compressed."""
        size = photo.shape[0]
        if rng.random() < 0.25:
            photo = cv2.GaussianBlur(photo, (0, 0), rng.uniform(0.4, 1.1))
        if rng.random() < 0.2:
            small = int(size * rng.uniform(0.38, 0.8))
            photo = cv2.resize(photo, (small, small), interpolation=cv2.INTER_AREA)
            photo = cv2.resize(photo, (size, size), interpolation=cv2.INTER_LINEAR)
        if rng.random() < 0.55:
            top, left = rng.integers(0, _NOISE_SIZE - size, 2)
            photo = photo + rng.uniform(0, 0.03) * self._noise[top : top + size, left : left + size]
        if rng.random() < 0.25:
            raw = (np.clip(photo, 0, 1) * 255 + 0.5).astype(np.uint8)
            _, coded = cv2.imencode(".jpg", raw, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 90))])
            photo = cv2.imdecode(coded, cv2.IMREAD_COLOR).astype(np.float32) / 255
        return np.clip(photo, 0, 1)

    def batch(
        self, indices: list[int], style: Style, rng: np.random.Generator, tile_px: int = CROP_SIZE_PX
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs [b,3,h,h] and targets [b,4,h,h] as the student sees them, weights [b,1,h,h].

        h is tile_px: the whole crop of 256, or a tile from anywhere in it. All are channels-last in memory.
        """
        size = (len(indices), tile_px, tile_px)
        faces, targets, weights = (np.empty((*size, channels), np.float32) for channels in (3, 4, 1))
        for number, index in enumerate(indices):
            crop = random_crop(rng)
            # Tiles start on whole pattern periods, so that the network's phase input stays right.
            steps = (CROP_SIZE_PX - tile_px) // int(PERIOD_PX)
            crop[:, 2] -= int(PERIOD_PX) * rng.integers(0, steps + 1, 2)
            light = random_light(rng) if rng.random() < 0.5 else None
            photo, rgb, matte, weight = self.painted(index, style, crop, light, tile_px)
            faces[number] = self.degraded(photo, rng)
            targets[number, ..., :3], targets[number, ..., 3] = rgb, matte
            weights[number, ..., 0] = weight
        faces = faces * 2 - 1
        targets[..., :3] = targets[..., :3] * 2 - 1
        return planar(faces), planar(targets), planar(weights)

    @staticmethod
    def _warp(plane: np.ndarray, crop: np.ndarray, size_px: int) -> np.ndarray:
        plane = np.ascontiguousarray(plane)
        warped = cv2.warpAffine(
            plane, crop, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        return warped.astype(np.float32) / 255

    def _warped(self, plane: np.ndarray, crop: np.ndarray, size_px: int) -> tuple[np.ndarray, np.ndarray]:
        warped = self._warp(plane, crop, size_px)
        return warped[..., :3], warped[..., 3]


def planar(pictures: np.ndarray) -> Tensor:
    """[b,h,w,c] to a tensor [b,c,h,w] that stays channels-last in memory."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2)
