"""Refining extrinsic codes with the network fixed: each portrait's own code, closer to the portrait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from distill.losses.contextual import contextual_loss, style_features
from distill.measure.perceptual import Lpips
from distill.networks.dual import DualGenerator
from distill.networks.style_weights import structure_weights


@dataclass(frozen=True)
class Refinement:
    """Adam on extrinsic codes: rates of the structure rows (the first seven) and of the colour rows.

    The released program also refines noise maps; here pictures are drawn without noise.
    """

    steps: int = 100
    lr_structure: float = 0.005
    lr_colour: float = 0.01
    perceptual: float = 1.0
    contextual: float = 1.0


def portrait_loss(lpips: Lpips, config: Refinement, portraits: Tensor) -> Callable[[Tensor], Tensor]:
    """What measures pictures [N,3,S,S] against `portraits`: weighted LPIPS and contextual loss, [N]."""
    with torch.no_grad():
        taps, features = lpips.features(portraits), style_features(lpips, portraits)[1]

    def loss(pictures: Tensor) -> Tensor:
        near = config.perceptual * lpips.distance(lpips.features(pictures), taps)
        return near + config.contextual * contextual_loss(style_features(lpips, pictures)[1], features)

    return loss


def refine_codes(
    dual: DualGenerator, intrinsic: Tensor, extrinsic: Tensor, portraits: Tensor, lpips: Lpips, config: Refinement | None = None,
) -> tuple[Tensor, Tensor]:
    """Codes [N,L,512] of `portraits` [N,3,S,S], refined, and the loss before each step and at the end [steps + 1, N].

    Intrinsic codes and the network stay as they are; each portrait is on its own, whatever the batch.
    The codes with the lowest loss are kept.
    """
    config = config or Refinement()
    weights = structure_weights(dual.layout).to(intrinsic)
    first = dual.layout.structure_layers
    parts = [part.detach().clone().requires_grad_() for part in (extrinsic[:, :first], extrinsic[:, first:])]
    rates = (config.lr_structure, config.lr_colour)
    optimiser = torch.optim.Adam([{"params": [part], "lr": rate} for part, rate in zip(parts, rates, strict=True)])
    with torch.no_grad():
        w_plus_i = dual.extrinsic_styles(intrinsic)
    measure = portrait_loss(lpips, config, portraits)
    best, best_loss, history = extrinsic.detach().clone(), torch.full((len(extrinsic),), torch.inf, device=extrinsic.device), []
    for step in range(config.steps + 1):
        with torch.set_grad_enabled(step < config.steps):
            codes = torch.cat(parts, 1)
            losses = measure(dual.synthesize(w_plus_i, dual.extrinsic_styles(codes), weights))
        better = losses.detach() < best_loss
        best[better], best_loss = codes.detach()[better], torch.minimum(best_loss, losses.detach())
        history.append(losses.detach())
        if step < config.steps:
            optimiser.zero_grad(set_to_none=True)
            losses.sum().backward()
            optimiser.step()
    return best, torch.stack(history)
