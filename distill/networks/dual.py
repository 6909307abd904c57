"""DualStyleGAN's generator: a face generator g with an extrinsic style path beside its own.

Layers are counted from zero by their row of a W+ code. Rows up to 32 px (seven of them) carry
structure: a ModRes block after each of their convolutions adds what the exemplar changes there.
The other rows carry colour: their codes are mixed with the exemplar's, passed through T_c.
The parts are named so that a released file's `generator.*`, `style.*`, `res.*` map onto
`g.*`, `structure_transform.*`, and `mod_res.*` followed by `colour_transform.*`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from distill.networks.generator import MAPPING_LR_MUL, Generator, PixelNorm
from distill.networks.layout import CODE_DIM, Layout
from distill.networks.ops import BiasedLeaky, EqualConv, EqualLinear

STRUCTURE_TRANSFORM_LAYERS = 2
SMALL = 0.01


class AdaptiveNorm(nn.Module):
    """AdaIN: each channel normalised over the picture, then scaled and shifted by the style."""

    def __init__(self, channels: int, code_dim: int = CODE_DIM) -> None:
        super().__init__()
        self.style = nn.Linear(code_dim, 2 * channels)
        with torch.no_grad():
            self.style.bias.copy_(torch.cat([torch.ones(channels), torch.zeros(channels)]))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        scale, shift = self.style(style)[:, :, None, None].chunk(2, 1)
        return scale.to(x.dtype) * F.instance_norm(x) + shift.to(x.dtype)


class ModRes(nn.Module):
    """Modulative residual block: x [N,C,H,W], style [N,512] → the residual, to be weighted and added.

    The convolutions start a hundredth as large as usual, so the residual starts negligible.
    """

    def __init__(self, channels: int, code_dim: int = CODE_DIM) -> None:
        super().__init__()
        self.norm = AdaptiveNorm(channels, code_dim)
        self.norm2 = AdaptiveNorm(channels, code_dim)
        self.conv = self._convolution(channels)
        self.conv2 = self._convolution(channels)

    @staticmethod
    def _convolution(channels: int) -> nn.Sequential:
        conv = EqualConv(channels, channels, 3, padding=1, bias=False)
        with torch.no_grad():
            conv.weight.mul_(SMALL)
        return nn.Sequential(conv, BiasedLeaky(channels))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        x = self.conv(self.norm(x, style))
        return self.conv2(self.norm2(x, style))


def _colour_transform() -> EqualLinear:
    """Equalised linear layer that starts as the identity with a little noise."""
    linear = EqualLinear(CODE_DIM, CODE_DIM)
    with torch.no_grad():
        linear.weight.copy_(torch.eye(CODE_DIM) * math.sqrt(CODE_DIM) + SMALL * torch.randn(CODE_DIM, CODE_DIM))
    return linear


class DualGenerator(nn.Module):
    """`G(z_i, z_e, w)`: content from intrinsic codes, style from extrinsic ones, weighted per row.

    `weights` [N,L] (or [L]) are tensors and nothing branches on them, so that a traced graph keeps
    them as an input; with 0 everywhere the picture is g's own. Noise as in `Generator`: none
    unless given.
    """

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        self.g = Generator(layout)
        self.structure_transform = nn.Sequential(
            PixelNorm(),
            *(EqualLinear(CODE_DIM, CODE_DIM, lr_mul=MAPPING_LR_MUL, activate=True)
              for _ in range(STRUCTURE_TRANSFORM_LAYERS)),
        )
        self.mod_res = nn.ModuleList(
            ModRes(layout.channels(px)) for px in layout.noise_sizes[:layout.structure_layers]
        )
        self.colour_transform = nn.ModuleList(
            _colour_transform() for _ in range(layout.layers - layout.structure_layers)
        )

    def extrinsic_styles(self, z_plus_e: Tensor) -> Tensor:
        """Z+ [N,L,512] (or Z [N,512]) → W+ [N,L,512], row by row through the mapping network."""
        return self.g.rows(self.g.map(z_plus_e))

    def mixed_rows(self, w_plus_i: Tensor, w_plus_e: Tensor, weights: Tensor) -> Tensor:
        """The W+ code g runs on: intrinsic structure rows, colour rows mixed with T_c's."""
        first = self.layout.structure_layers
        rows = [w_plus_i[:, :first]]
        for index, transform in enumerate(self.colour_transform, start=first):
            weight = weights[:, index, None].to(w_plus_i.dtype)
            mixed = weight * transform(w_plus_e[:, index]) + (1 - weight) * w_plus_i[:, index]
            rows.append(mixed[:, None])
        return torch.cat(rows, 1)

    def synthesize(
        self, w_plus_i: Tensor, w_plus_e: Tensor, weights: Tensor, *,
        noise: Sequence[Tensor] | str | None = None,
    ) -> Tensor:
        """Intrinsic and extrinsic W+ [N,L,512] with weights [N,L] → picture [N,3,S,S]."""
        if weights.ndim == 1:
            weights = weights[None].expand(w_plus_i.shape[0], -1)
        self._check(w_plus_i, w_plus_e, weights)
        styles = self.structure_transform(w_plus_e[:, :self.layout.structure_layers])

        def restyle(x: Tensor, row: int) -> Tensor:
            if row >= self.layout.structure_layers:
                return x
            weight = weights[:, row, None, None, None].to(x.dtype)
            return x + weight * self.mod_res[row](x, styles[:, row])

        return self.g.synthesize(self.mixed_rows(w_plus_i, w_plus_e, weights), noise, after=restyle)

    def forward(
        self, z_plus_i: Tensor, z_plus_e: Tensor, weights: Tensor, *, truncation: float = 1.0,
        centre: Tensor | None = None, noise: Sequence[Tensor] | str | None = None,
    ) -> Tensor:
        """Codes in Z+ [N,L,512] or Z [N,512], weights [N,L] or [L] → picture.

        `truncation` pulls the intrinsic code alone towards `centre` (a code of W, None: the origin,
        as the released programs do): 1 leaves it.
        """
        w_plus_i = self.g.rows(self.g.map(z_plus_i)) * truncation
        if centre is not None:
            w_plus_i = w_plus_i + (1 - truncation) * centre.to(w_plus_i)
        return self.synthesize(w_plus_i, self.extrinsic_styles(z_plus_e), weights, noise=noise)

    def extrinsic_parameters(self) -> list[nn.Parameter]:
        """The parameters of the extrinsic path: T_s, ModRes, T_c."""
        parts = (self.structure_transform, self.mod_res, self.colour_transform)
        return [parameter for part in parts for parameter in part.parameters()]

    def _check(self, w_plus_i: Tensor, w_plus_e: Tensor, weights: Tensor) -> None:
        rows = self.layout.layers
        for name, value in (("intrinsic", w_plus_i), ("extrinsic", w_plus_e)):
            if value.ndim != 3 or value.shape[1] != rows:
                raise ValueError(f"{name} W+ code of shape {tuple(value.shape)}: expected [N,{rows},{CODE_DIM}].")
        if weights.shape[-1] != rows:
            raise ValueError(f"weights of shape {tuple(weights.shape)}: expected [N,{rows}] or [{rows}].")
