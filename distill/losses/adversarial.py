"""Adversarial losses and their two regularisers: R1 and path length."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def generator_logistic(fake_logits: Tensor) -> Tensor:
    """Non-saturating logistic loss of the generator."""
    return F.softplus(-fake_logits).mean()


def discriminator_logistic(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Logistic loss of the discriminator."""
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def discriminator_hinge(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Hinge loss of a discriminator, mean over samples and places."""
    return F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean()


def generator_hinge(fake_logits: Tensor) -> Tensor:
    """The generator's side of the hinge loss."""
    return -fake_logits.mean()


def r1_penalty(logits: Tensor, pictures: Tensor) -> Tensor:
    """Mean over samples of ‖∂ logit / ∂ picture‖²; R1 is γ/2 times this.

    `pictures` must require gradients and be what the discriminator saw (after augmentation).
    """
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean()


def path_lengths(pictures: Tensor, codes: Tensor, direction: Tensor) -> Tensor:
    """‖Jᵀy‖ per sample [N]: how far a step in W+ moves the picture along `direction`.

    `direction` is N(0,1) in the shape of `pictures`; `codes` [N,L,512] must require gradients
    and be what `pictures` were made from.
    """
    scaled = direction / math.sqrt(pictures.shape[2] * pictures.shape[3])
    (gradient,) = torch.autograd.grad((pictures * scaled).sum(), codes, create_graph=True)
    return gradient.square().sum(2).mean(1).sqrt()


def path_length_penalty(lengths: Tensor, mean: Tensor, decay: float = 0.01) -> tuple[Tensor, Tensor]:
    """(penalty, new running mean): the squared distance of lengths from their running mean.

    `mean` is a scalar tensor that the caller keeps; under several processes pass lengths whose
    mean has been averaged through `mean_lengths` of `distill.train.parallel`.
    """
    new_mean = torch.lerp(mean, lengths.detach().mean(), decay)
    return (lengths - new_mean).square().mean(), new_mean


def r1_gamma(size_px: int, batch: int) -> float:
    """ADA's rule for γ: 0.0002·size²/batch (0.4 at 256 px and batch 32)."""
    return 0.0002 * size_px**2 / batch
