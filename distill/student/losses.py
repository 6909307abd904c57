"""Losses of the painted student: colour, line (finite differences) and matte, each weighted per pixel."""

from __future__ import annotations

import torch
from torch import Tensor


def differences(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Finite differences along x and y."""
    return picture[..., :, 1:] - picture[..., :, :-1], picture[..., 1:, :] - picture[..., :-1, :]


def student_losses(styled: Tensor, target: Tensor, weight: Tensor) -> dict[str, Tensor]:
    """Colour and line error of RGB (in units of a 0..1 range) and matte error.

    styled, target [b,4,h,w] (RGB in [-1,1], matte in [0,1]); weight [b,1,h,w] in 0..1.
    Lines are learned from differences between neighbours: plain L1 alone blurs thin ink away.
    """
    error = (styled[:, :3] - target[:, :3]) * 0.5
    total = weight.sum().clamp_min(1.0)
    across, down = differences(error)
    line = (across.abs() * weight[..., :, 1:]).sum() + (down.abs() * weight[..., 1:, :]).sum()
    matte = (styled[:, 3:] - target[:, 3:]).abs()
    return {
        "colour": (error.abs() * weight).sum() / (3 * total),
        "line": line / (3 * total),
        "matte": (matte * (weight > 0)).mean(),
    }


def total_loss(losses: dict[str, Tensor], line_weight: float = 1.0, matte_weight: float = 0.3) -> Tensor:
    """The sum that is minimised."""
    return losses["colour"] + line_weight * losses["line"] + matte_weight * losses["matte"]


def psnr(error: Tensor, weight: Tensor | None = None) -> float:
    """Peak signal-to-noise ratio in dB of an error in units of a 0..1 range, optionally weighted per pixel."""
    square = error.square()
    mean = square.mean() if weight is None else (square * weight).sum() / (weight.sum() * error.shape[1])
    return float(-10 * torch.log10(mean.clamp_min(1e-10)))
