"""Operations of StyleGAN2: equalised layers, blur resampling, modulated convolution.

Written with plain convolutions, so that every one of them can be differentiated twice (R1 and
path length need it), compiled and exported.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BLUR_TAPS = (1.0, 3.0, 3.0, 1.0)
SLOPE = 0.2
GAIN = math.sqrt(2)
DEMODULATION_EPS = 1e-8


def pixel_norm(x: Tensor, eps: float = 1e-8) -> Tensor:
    """Scale each vector along the last dimension to a mean square of 1."""
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps)


def full_precision(x: Tensor) -> Tensor:
    """`x` in float32 if it is in a 16-bit type; float64 stays."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def leaky(x: Tensor) -> Tensor:
    """Leaky ReLU (slope 0.2) times √2, which keeps the variance."""
    return F.leaky_relu(x, SLOPE) * GAIN


def blur_kernel(gain: float = 1.0) -> Tensor:
    """The 4×4 kernel of [1,3,3,1], summing to `gain`."""
    taps = torch.tensor(BLUR_TAPS)
    kernel = torch.outer(taps, taps)
    return kernel * (gain / kernel.sum())


def blur(x: Tensor, kernel: Tensor, pad: tuple[int, int]) -> Tensor:
    """Filter every channel with the symmetric `kernel`; `pad` is (before, after) on both axes."""
    channels = x.shape[1]
    weight = kernel.to(x.dtype).expand(channels, 1, *kernel.shape)
    if pad[0] == pad[1]:
        return F.conv2d(x, weight, padding=pad[0], groups=channels)
    padded = F.pad(x, (pad[0], pad[1], pad[0], pad[1]))
    return F.conv2d(padded, weight, groups=channels)


def upsample(x: Tensor, kernel: Tensor) -> Tensor:
    """Twice the size: zeros between the pixels, then the kernel (which sums to 4)."""
    channels = x.shape[1]
    weight = kernel.to(x.dtype).expand(channels, 1, *kernel.shape)
    return F.conv_transpose2d(x, weight, stride=2, padding=1, groups=channels)


def modulated_conv(
    x: Tensor,
    weight: Tensor,
    style: Tensor,
    *,
    demodulate: bool = True,
    up: bool = False,
    kernel: Tensor | None = None,
    fused: bool = False,
) -> Tensor:
    """Convolve `x` [N,C,H,W] with `weight` [O,C,k,k] scaled per sample by `style` [N,C].

    `demodulate` divides by the norm of each output channel's weights; `up` doubles the size
    (transposed convolution, then `kernel`, which sums to 4). `fused` builds one weight per
    sample and runs a grouped convolution; otherwise the input and the output are scaled, which
    is the same in exact arithmetic, faster where channels lie last, and easier to export.
    """
    side = weight.shape[-1]
    demodulation = None
    if demodulate:
        # Summed over positions first: the same number without a [N,O,C,k,k] intermediate.
        energy = full_precision(style).square() @ full_precision(weight).square().sum((2, 3)).t()
        demodulation = torch.rsqrt(energy + DEMODULATION_EPS)
    if fused:
        return _grouped(x, weight, style, demodulation, up, kernel)
    x = x * style.to(x.dtype)[:, :, None, None]
    weight = weight.to(x.dtype)
    if up:
        out = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
        out = blur(out, kernel, (1, 1))
    else:
        out = F.conv2d(x, weight, padding=side // 2)
    return out if demodulation is None else out * demodulation.to(x.dtype)[:, :, None, None]


def _grouped(
    x: Tensor, weight: Tensor, style: Tensor, demodulation: Tensor | None, up: bool,
    kernel: Tensor | None,
) -> Tensor:
    batch, in_channels, height, width = x.shape
    out_channels, side = weight.shape[0], weight.shape[2]
    weights = weight[None] * style[:, None, :, None, None]
    if demodulation is not None:
        weights = weights * demodulation[:, :, None, None, None]
    weights = weights.to(x.dtype)
    x = x.reshape(1, batch * in_channels, height, width)
    if up:
        flat = weights.transpose(1, 2).reshape(batch * in_channels, out_channels, side, side)
        out = F.conv_transpose2d(x, flat, stride=2, groups=batch)
        out = blur(out, kernel, (1, 1))
    else:
        flat = weights.reshape(batch * out_channels, in_channels, side, side)
        out = F.conv2d(x, flat, padding=side // 2, groups=batch)
    return out.reshape(batch, out_channels, *out.shape[2:])


class EqualLinear(nn.Module):
    """Linear layer with the equalised learning rate: weights N(0,1)/lr_mul, scaled when run."""

    def __init__(
        self, in_dim: int, out_dim: int, *, bias: float = 0.0, lr_mul: float = 1.0,
        activate: bool = False,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_dim, in_dim) / lr_mul)
        self.bias = nn.Parameter(torch.full((out_dim,), float(bias)))
        self.scale = lr_mul / math.sqrt(in_dim)
        self.lr_mul = lr_mul
        self.activate = activate

    def forward(self, x: Tensor) -> Tensor:
        out = F.linear(x, self.weight * self.scale, self.bias * self.lr_mul)
        return leaky(out) if self.activate else out


class EqualConv(nn.Module):
    """Convolution with the equalised learning rate."""

    def __init__(
        self, in_channels: int, out_channels: int, side: int, *, stride: int = 1,
        padding: int = 0, bias: bool = True,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, side, side))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.scale = 1 / math.sqrt(in_channels * side * side)
        self.stride = stride
        self.padding = padding

    def forward(self, x: Tensor) -> Tensor:
        weight = (self.weight * self.scale).to(x.dtype)
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return F.conv2d(x, weight, bias, stride=self.stride, padding=self.padding)


class BiasedLeaky(nn.Module):
    """A bias per channel, then the scaled leaky ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return leaky(x + self.bias.to(x.dtype)[:, None, None])
