"""Adaptive discriminator augmentation (ADA): geometry and colour, each applied with chance p.

Randomness comes in from outside as uniform numbers (`draw_augment`), so that a batch can be
split between processes and a run resumed without changing any picture. Geometry is one affine
warp with bilinear sampling and mirrored edges; colour is one affine map of RGB.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

GEOMETRY = ("flip", "rotate90", "shift", "scale", "rotate", "stretch", "translate")
COLOUR = ("brightness", "contrast", "luma_flip", "hue", "saturation")
TRANSFORMS = GEOMETRY + COLOUR
# Per transform: whether it applies, and up to two parameters.
NUMBERS = 3

SHIFT_MAX = 0.125
SCALE_STD = 0.2
TRANSLATE_STD = 0.125
BRIGHTNESS_STD = 0.2
CONTRAST_STD = 0.5
SATURATION_STD = 1.0


def draw_augment(batch: int, generator: torch.Generator) -> Tensor:
    """Uniform numbers [N, transforms, 3] that decide the augmentation of a batch (on the CPU)."""
    return torch.rand(batch, len(TRANSFORMS), NUMBERS, generator=generator)


def augment(pictures: Tensor, draws: Tensor, p: float, transforms: tuple[str, ...] = TRANSFORMS) -> Tensor:
    """Augment [N,3,H,W] with chance `p` per transform; with p = 0 the very same tensor.

    Gradients flow to `pictures` (once; the warp has no second derivative, so R1 is taken at the
    augmented picture).
    """
    unknown = set(transforms) - set(TRANSFORMS)
    if unknown:
        raise ValueError(f"augment: unknown transforms {sorted(unknown)}; known: {TRANSFORMS}.")
    if p <= 0:
        return pictures
    draws = draws.to(pictures.device)
    active = draws[:, :, 0] < p
    chosen = torch.tensor([name in transforms for name in TRANSFORMS], device=pictures.device)
    active = active & chosen
    pictures = _warp(pictures, draws, active)
    return _recolour(pictures, draws, active)


def _warp(pictures: Tensor, draws: Tensor, active: Tensor) -> Tensor:
    matrix = geometry_matrix(draws, active, pictures.shape[3], pictures.shape[2])
    touched = active[:, : len(GEOMETRY)].any(1)
    grid = F.affine_grid(matrix[:, :2].to(pictures.dtype), list(pictures.shape), align_corners=False)
    warped = F.grid_sample(pictures, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return torch.where(touched[:, None, None, None], warped, pictures)


def geometry_matrix(draws: Tensor, active: Tensor, width: int, height: int) -> Tensor:
    """Inverse maps [N,3,3], output → input, in units where a picture spans [-1,1]."""
    number = {name: draws[:, TRANSFORMS.index(name), 1:] for name in GEOMETRY}
    on = {name: active[:, TRANSFORMS.index(name)] for name in GEOMETRY}
    zero = torch.zeros_like(draws[:, 0, 0])

    def when(name: str, value: Tensor, neutral: float) -> Tensor:
        return torch.where(on[name], value, torch.full_like(value, neutral))

    matrix = _affine(when("flip", _sign(number["flip"][:, 0]), 1), zero + 1, zero, zero)
    quarter = when("rotate90", torch.floor(number["rotate90"][:, 0] * 4), 0)
    matrix = matrix @ _rotation(quarter * (math.pi / 2))
    step = torch.round((2 * number["shift"] - 1) * SHIFT_MAX * torch.tensor([width, height], device=draws.device))
    matrix = matrix @ _affine(
        zero + 1, zero + 1, when("shift", -2 * step[:, 0] / width, 0), when("shift", -2 * step[:, 1] / height, 0)
    )
    scale = when("scale", torch.exp2(-_normal(number["scale"][:, 0]) * SCALE_STD), 1)
    matrix = matrix @ _affine(scale, scale, zero, zero)
    matrix = matrix @ _rotation(when("rotate", (2 * number["rotate"][:, 0] - 1) * math.pi, 0))
    stretch = when("stretch", torch.exp2(-_normal(number["stretch"][:, 0]) * SCALE_STD), 1)
    matrix = matrix @ _affine(stretch, 1 / stretch, zero, zero)
    offset = -2 * _normal(number["translate"]) * TRANSLATE_STD
    return matrix @ _affine(
        zero + 1, zero + 1, when("translate", offset[:, 0], 0), when("translate", offset[:, 1], 0)
    )


def _recolour(pictures: Tensor, draws: Tensor, active: Tensor) -> Tensor:
    matrix = colour_matrix(draws, active).to(pictures.dtype)
    touched = active[:, len(GEOMETRY) :].any(1)
    mixed = torch.einsum("nij,njhw->nihw", matrix[:, :3, :3], pictures) + matrix[:, :3, 3, None, None]
    return torch.where(touched[:, None, None, None], mixed, pictures)


def colour_matrix(draws: Tensor, active: Tensor) -> Tensor:
    """Affine maps of RGB [N,4,4] (pictures in [-1,1])."""
    number = {name: draws[:, TRANSFORMS.index(name), 1] for name in COLOUR}
    on = {name: active[:, TRANSFORMS.index(name)].float() for name in COLOUR}
    batch, device = draws.shape[0], draws.device
    eye = torch.eye(4, device=device).expand(batch, 4, 4)
    grey = torch.full((3,), 1 / math.sqrt(3), device=device)
    along = torch.zeros(4, 4, device=device)
    along[:3, :3] = torch.outer(grey, grey)

    matrix = eye.clone()
    matrix[:, :3, 3] = (on["brightness"] * _normal(number["brightness"]) * BRIGHTNESS_STD)[:, None]
    contrast = torch.exp2(on["contrast"] * _normal(number["contrast"]) * CONTRAST_STD)
    matrix = _diagonal(contrast) @ matrix
    flip = on["luma_flip"] * torch.floor(number["luma_flip"] * 2)
    matrix = (eye - 2 * along * flip[:, None, None]) @ matrix
    angle = on["hue"] * (2 * number["hue"] - 1) * math.pi
    matrix = _hue(angle, grey) @ matrix
    saturation = torch.exp2(on["saturation"] * _normal(number["saturation"]) * SATURATION_STD)
    keep = torch.zeros(4, 4, device=device)
    keep[3, 3] = 1
    colourful = torch.eye(4, device=device) - along - keep
    return (along + keep + colourful * saturation[:, None, None]) @ matrix


def _normal(uniform: Tensor) -> Tensor:
    # Kept off 0 and 1, where the inverse of the normal distribution is infinite.
    return torch.erfinv((2 * uniform - 1).clamp(-0.999999, 0.999999)) * math.sqrt(2)


def _sign(uniform: Tensor) -> Tensor:
    return torch.where(uniform < 0.5, 1.0, -1.0).to(uniform)


def _affine(sx: Tensor, sy: Tensor, tx: Tensor, ty: Tensor) -> Tensor:
    zero, one = torch.zeros_like(sx), torch.ones_like(sx)
    rows = [torch.stack(row, -1) for row in ((sx, zero, tx), (zero, sy, ty), (zero, zero, one))]
    return torch.stack(rows, 1)


def _rotation(angle: Tensor) -> Tensor:
    zero, one = torch.zeros_like(angle), torch.ones_like(angle)
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = [torch.stack(row, -1) for row in ((cos, sin, zero), (-sin, cos, zero), (zero, zero, one))]
    return torch.stack(rows, 1)


def _diagonal(scale: Tensor) -> Tensor:
    return torch.diag_embed(torch.stack([scale, scale, scale, torch.ones_like(scale)], -1))


def _hue(angle: Tensor, axis: Tensor) -> Tensor:
    """Rotation about the grey axis (Rodrigues' formula) as [N,4,4]."""
    x, y, z = axis.tolist()
    cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], device=angle.device)
    cos, sin = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    turn = torch.eye(3, device=angle.device) * cos + cross * sin + torch.outer(axis, axis) * (1 - cos)
    out = torch.eye(4, device=angle.device).repeat(angle.shape[0], 1, 1)
    out[:, :3, :3] = turn
    return out


class AdaptiveChance:
    """p of the augmentation, steered so that the discriminator's overfitting stays at `target`.

    Overfitting is the mean sign of the logits of real pictures; `kimg_to_full` is how many
    thousand images take p from 0 to 1.
    """

    def __init__(self, target: float = 0.6, kimg_to_full: float = 500, p: float = 0.0) -> None:
        self.target = target
        self.kimg_to_full = kimg_to_full
        self.p = p

    def update(self, sign_mean: float, images: int) -> float:
        """Take the mean sign over the last `images` images into account; returns the new p."""
        step = images / (self.kimg_to_full * 1000)
        self.p = min(1.0, max(0.0, self.p + math.copysign(step, sign_mean - self.target)))
        return self.p
