"""Where the extrinsic path starts (stage I), and what that start is worth."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn

from distill.networks.dual import SMALL, DualGenerator
from distill.networks.generator import Generator
from distill.networks.layout import CODE_DIM
from distill.networks.style_weights import structure_weights


def fresh_dual(g: Generator, seed: int, *, initialised: bool = True) -> DualGenerator:
    """A dual generator on `g` with stage I's start, which is an initialisation alone.

    `initialised=False` leaves stage I out: ModRes at full size and T_c random, for the ablation.
    """
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        dual = DualGenerator(g.layout)
        dual.g.load_state_dict(g.state_dict())
        if not initialised:
            _undo(dual)
    dual.g.requires_grad_(False)
    return dual


@torch.no_grad()
def _undo(dual: DualGenerator) -> None:
    for block in dual.mod_res:
        for conv in (block.conv, block.conv2):
            conv[0].weight.div_(SMALL)
    for transform in dual.colour_transform:
        nn.init.normal_(transform.weight)


@torch.no_grad()
def without_small_noise(dual: DualGenerator) -> DualGenerator:
    """A copy at stage I's start without its small random parts: residuals of 0 and T_c the identity."""
    exact = copy.deepcopy(dual)
    for block in exact.mod_res:
        block.conv2[0].weight.zero_()
        block.conv2[1].bias.zero_()
    for transform in exact.colour_transform:
        transform.weight.copy_(torch.eye(CODE_DIM) * math.sqrt(CODE_DIM))
        transform.bias.zero_()
    return exact


def style_mix(g: Generator, w_plus_i: Tensor, w_plus_e: Tensor, layer: int) -> Tensor:
    """g's picture of the first code's rows below `layer` and the second's from there on."""
    return g.synthesize(torch.cat([w_plus_i[:, :layer], w_plus_e[:, layer:]], 1))


@torch.no_grad()
def start_report(dual: DualGenerator, z_plus_i: Tensor, z_plus_e: Tensor) -> dict[str, float]:
    """How stage I's pictures differ from style mixing, relative to the pictures' standard deviation.

    exact: largest difference without the small random parts (0 but for rounding); mean and largest:
    with them; g: largest difference from g's own picture at weights of 0.
    """
    layout = dual.layout
    w_i, w_e = dual.g.rows(dual.g.map(z_plus_i)), dual.extrinsic_styles(z_plus_e)
    ones = structure_weights(layout).to(w_i).expand(len(w_i), -1)
    target = style_mix(dual.g, w_i, w_e, layout.structure_layers)
    spread = target.std().item()
    difference = (dual.synthesize(w_i, w_e, ones) - target).abs() / spread
    exact = (without_small_noise(dual).synthesize(w_i, w_e, ones) - target).abs() / spread
    own = (dual.synthesize(w_i, w_e, 0 * ones) - dual.g.synthesize(w_i)).abs() / spread
    return {
        "exact": exact.max().item(), "mean": difference.mean().item(), "largest": difference.max().item(), "g": own.max().item(),
    }
