"""Losses of the anime student: colour, line, sharpness, matte; thinned perceptual and late adversarial terms."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from distill.student.losses import differences


def matte_loss(matte: Tensor, target: Tensor, decide: bool) -> Tensor:
    """Cross-entropy, which learns soonest where a matte is surely wrong; to `decide` 1 − intersection over union
    instead, which no matte lowers by leaving doubtful places grey. matte [b,1,h,w], target [b,4,h,w] with it last."""
    wanted = target[:, 3:]
    if not decide:
        return nn.functional.binary_cross_entropy(matte * 0.98 + 0.01, wanted)
    both = torch.minimum(matte, wanted).sum((1, 2, 3))
    return 1 - (both / torch.maximum(matte, wanted).sum((1, 2, 3)).clamp_min(1.0)).mean()


def paint_loss(paint: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Error of what is painted on eyes and mouth, whether or not it covers the layers yet.

    Without it the student learns never to cover the layers: bad first paintings are worse than bare
    skin, and paint that covers nothing is never corrected. weight as in `colour_and_line`.
    """
    colour, line = colour_and_line(paint, target, (weight - 1).clamp_min(0))
    return colour + line


def colour_and_line(rgb: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Error of colours and of differences between neighbours, RGB in 0–1; means over a weight [b,1,h,w]."""
    error = rgb - target[:, :3]
    total = 3 * weight.sum().clamp_min(1.0)
    across, down = differences(error)
    line = (across.abs() * weight[..., :, 1:]).sum() + (down.abs() * weight[..., 1:, :]).sum()
    return (error.abs() * weight).sum() / total, line / total


def sharpness_loss(rgb: Tensor, target: Tensor, weight: Tensor, cell: int = 8) -> Tensor:
    """How much weaker or stronger lines are than the target's, cell by cell, wherever in a cell they lie.

    Errors pixel by pixel alone rather have a soft line than a sharp one that is a pixel off.
    weight as in `colour_and_line`.
    """
    counts = nn.functional.avg_pool2d(weight, cell, cell // 2)
    error = _line_strength(rgb, cell) - _line_strength(target[:, :3], cell)
    return (error.abs() * counts).sum() / counts.sum().clamp_min(1.0)


def _line_strength(picture: Tensor, cell: int) -> Tensor:
    """Root mean square of the differences between neighbours in overlapping cells."""
    across, down = differences(nn.functional.pad(picture, (0, 1, 0, 1), mode="replicate"))
    strength = (across[..., :-1, :].square() + down[..., :, :-1].square()).mean(1, keepdim=True)
    return (nn.functional.avg_pool2d(strength, cell, cell // 2) + 1e-5).sqrt()


def cover_loss(logits: Tensor, moved: Tensor, weight: Tensor, gain: float) -> Tensor:
    """How much paint covers layers away from eyes and mouth, where layers are sharper than any paint."""
    features = ((weight - 1) / max(gain, 1e-6)).clamp(0, 1)
    return (torch.sigmoid(logits[:, 3:4].float()) * moved[:, 3:4] * (1 - features)).mean()


def saturation_loss(logits: Tensor, bound: float = 6.0) -> Tensor:
    """How far logits lie where a sigmoid has no gradient left."""
    # One pixel of nine tells as much.
    return torch.relu(logits[..., ::3, ::3].float().abs() - bound).mean()


class PatchDiscriminator(nn.Module):
    """Judges patches of about 30 px of what is drawn in the window beside the layers it was drawn on."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        channels = (7, width, 2 * width, 4 * width)
        steps: list[nn.Module] = []
        for number, (before, after) in enumerate(zip(channels, channels[1:])):
            steps += [nn.utils.parametrizations.spectral_norm(nn.Conv2d(before, after, 4, 2 if number < 2 else 1, 1)), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*steps, nn.Conv2d(channels[-1], 1, 3, 1, 1))

    def forward(self, rgb: Tensor, moved: Tensor) -> Tensor:
        return self.body(torch.cat([rgb * 2 - 1, moved], 1))


def judge_loss(real: Tensor, drawn: Tensor) -> Tensor:
    """Hinge loss of the discriminator."""
    return torch.relu(1 - real).mean() + torch.relu(1 + drawn).mean()
