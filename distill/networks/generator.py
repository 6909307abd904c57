"""The StyleGAN2 generator.

Parameter names and shapes follow the layout that the released DualStyleGAN files use, so that
such a file's `generator.*` part could be loaded here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from distill.networks.layout import CODE_DIM, Layout
from distill.networks.ops import (
    BiasedLeaky,
    EqualLinear,
    blur_kernel,
    full_precision,
    modulated_conv,
    pixel_norm,
    upsample,
)

MAPPING_LAYERS = 8
MAPPING_LR_MUL = 0.01


class _Kernel(nn.Module):
    """Holds a blur kernel as a buffer."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.register_buffer("kernel", blur_kernel(gain))


class _NoiseScale(nn.Module):
    """The learned scale of a layer's noise, one number."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


class PixelNorm(nn.Module):
    """`pixel_norm` as the mapping network's first layer."""

    def forward(self, x: Tensor) -> Tensor:
        return pixel_norm(x)


class ModulatedConv(nn.Module):
    """A modulated convolution with its affine from the style."""

    def __init__(
        self, in_channels: int, out_channels: int, side: int, *, demodulate: bool = True,
        up: bool = False, code_dim: int = CODE_DIM,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, out_channels, in_channels, side, side))
        self.modulation = EqualLinear(code_dim, in_channels, bias=1.0)
        self.scale = 1 / math.sqrt(in_channels * side * side)
        self.demodulate = demodulate
        self.up = up
        if up:
            self.blur = _Kernel(4.0)

    def forward(self, x: Tensor, w: Tensor, fused: bool = False) -> Tensor:
        return modulated_conv(
            x, self.weight[0] * self.scale, self.modulation(w), demodulate=self.demodulate,
            up=self.up, kernel=self.blur.kernel if self.up else None, fused=fused,
        )


class StyledConv(nn.Module):
    """Modulated 3×3 convolution, noise, bias, leaky ReLU."""

    def __init__(
        self, in_channels: int, out_channels: int, *, up: bool = False, code_dim: int = CODE_DIM
    ) -> None:
        super().__init__()
        self.conv = ModulatedConv(in_channels, out_channels, 3, up=up, code_dim=code_dim)
        self.noise = _NoiseScale()
        self.activate = BiasedLeaky(out_channels)

    def forward(self, x: Tensor, w: Tensor, noise: Tensor | None = None) -> Tensor:
        x = self.conv(x, w)
        if noise is not None:
            x = x + (self.noise.weight * noise).to(x.dtype)
        return self.activate(x)


class ToRgb(nn.Module):
    """Modulated 1×1 convolution to RGB, added to the upsampled picture so far."""

    def __init__(self, in_channels: int, *, up: bool = True, code_dim: int = CODE_DIM) -> None:
        super().__init__()
        self.conv = ModulatedConv(in_channels, 3, 1, demodulate=False, code_dim=code_dim)
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))
        if up:
            self.upsample = _Kernel(4.0)

    def forward(self, x: Tensor, w: Tensor, skip: Tensor | None = None) -> Tensor:
        # The picture is summed in float32 also under bf16: eight bits of sum show as bands.
        out = full_precision(self.conv(x, w)) + self.bias
        return out if skip is None else out + upsample(skip, self.upsample.kernel)


class _Constant(nn.Module):
    """The learned 4×4 input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.input = nn.Parameter(torch.randn(1, channels, 4, 4))


class Generator(nn.Module):
    """z → w → picture [N,3,S,S], about [-1,1].

    `map` and `synthesize` are the two halves. Noise is drawn by nobody here: pass a list of
    maps [N,1,h,h] (see `draw_noise`), "fixed" for the stored ones, or None for none, which is
    what video and distillation want.
    """

    def __init__(
        self, layout: Layout, *, mapping_layers: int = MAPPING_LAYERS, code_dim: int = CODE_DIM
    ) -> None:
        super().__init__()
        self.layout = layout
        self.code_dim = code_dim
        self.style = nn.Sequential(
            PixelNorm(),
            *(EqualLinear(code_dim, code_dim, lr_mul=MAPPING_LR_MUL, activate=True)
              for _ in range(mapping_layers)),
        )
        first = layout.channels(4)
        self.input = _Constant(first)
        self.conv1 = StyledConv(first, first, code_dim=code_dim)
        self.to_rgb1 = ToRgb(first, up=False, code_dim=code_dim)
        self.convs = nn.ModuleList()
        self.to_rgbs = nn.ModuleList()
        channels = first
        for px in layout.resolutions[1:]:
            out = layout.channels(px)
            self.convs.append(StyledConv(channels, out, up=True, code_dim=code_dim))
            self.convs.append(StyledConv(out, out, code_dim=code_dim))
            self.to_rgbs.append(ToRgb(out, code_dim=code_dim))
            channels = out
        self.noises = nn.Module()
        for index, px in enumerate(layout.noise_sizes):
            self.noises.register_buffer(f"noise_{index}", torch.randn(1, 1, px, px))

    def map(self, z: Tensor) -> Tensor:
        """z [N,512] → w [N,512], or z+ [N,L,512] → W+ [N,L,512], row by row."""
        return self.style(z)

    def rows(self, w: Tensor) -> Tensor:
        """w [N,512] repeated to W+ [N,L,512]; a W+ code passes through."""
        if w.ndim == 2:
            return w[:, None].expand(-1, self.layout.layers, -1)
        if w.ndim != 3 or w.shape[1] != self.layout.layers:
            raise ValueError(
                f"W+ code of shape {tuple(w.shape)}: expected [N,{self.layout.layers},"
                f"{self.code_dim}] for {self.layout.size_px} px."
            )
        return w

    def synthesize(
        self, w: Tensor, noise: Sequence[Tensor] | str | None = None,
        after: Callable[[Tensor, int], Tensor] | None = None,
    ) -> Tensor:
        """W+ [N,L,512] (or w [N,512]) → picture [N,3,S,S].

        `after(x, row)` may change the features behind the 3×3 convolution of each row.
        """
        w = self.rows(w)
        if noise == "fixed":
            noise = self.fixed_noise()
        maps = [None] * len(self.layout.noise_sizes) if noise is None else list(noise)
        changed = after or _unchanged
        x = self.input.input.expand(w.shape[0], -1, -1, -1)
        if torch.is_autocast_enabled(x.device.type):
            x = x.to(torch.get_autocast_dtype(x.device.type))
        x = changed(self.conv1(x, w[:, 0], maps[0]), 0)
        picture = self.to_rgb1(x, w[:, 1])
        for index, to_rgb in enumerate(self.to_rgbs):
            row = 2 * index + 1
            x = changed(self.convs[2 * index](x, w[:, row], maps[row]), row)
            x = changed(self.convs[2 * index + 1](x, w[:, row + 1], maps[row + 1]), row + 1)
            picture = to_rgb(x, w[:, row + 2], picture)
        return picture

    def forward(self, z: Tensor, noise: Sequence[Tensor] | str | None = None) -> Tensor:
        """z [N,512] or z+ [N,L,512] → picture."""
        return self.synthesize(self.map(z), noise)

    def fixed_noise(self) -> list[Tensor]:
        """The noise maps stored with the weights."""
        return [getattr(self.noises, f"noise_{i}") for i in range(len(self.layout.noise_sizes))]

    @torch.no_grad()
    def mean_w(self, samples: int = 4096, seed: int = 0) -> Tensor:
        """The mean of f(z) over seeded samples, [512]: the centre for truncation."""
        draws = torch.randn(samples, self.code_dim, generator=torch.Generator().manual_seed(seed))
        return self.map(draws.to(self.input.input.device)).mean(0)


def _unchanged(x: Tensor, row: int) -> Tensor:
    return x


def draw_noise(
    layout: Layout, batch: int, generator: torch.Generator, device: torch.device | str = "cpu"
) -> list[Tensor]:
    """Fresh noise maps for a batch, from `generator` (which lives on `device`)."""
    sizes = layout.noise_sizes
    flat = torch.randn(batch, sum(px * px for px in sizes), generator=generator, device=device)
    parts = flat.split([px * px for px in sizes], dim=1)
    return [part.reshape(batch, 1, px, px) for part, px in zip(parts, sizes, strict=True)]


def truncate(w: Tensor, centre: Tensor, psi: float) -> Tensor:
    """Pull codes towards `centre`: psi 1 leaves them, 0 gives the centre."""
    return torch.lerp(centre.to(w), w, psi)
