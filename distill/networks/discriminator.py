"""The StyleGAN2 discriminator: residual, with the standard deviation over small groups."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from distill.networks.layout import Layout
from distill.networks.ops import BiasedLeaky, EqualConv, EqualLinear, blur, blur_kernel, full_precision

STDDEV_GROUP = 4


class _Blur(nn.Module):
    def __init__(self, pad: tuple[int, int]) -> None:
        super().__init__()
        self.register_buffer("kernel", blur_kernel())
        self.pad = pad

    def forward(self, x: Tensor) -> Tensor:
        return blur(x, self.kernel, self.pad)


class ConvLayer(nn.Sequential):
    """Convolution with optional blur and stride 2, and optional bias and activation."""

    def __init__(
        self, in_channels: int, out_channels: int, side: int, *, down: bool = False,
        activate: bool = True,
    ) -> None:
        layers: list[nn.Module] = []
        if down:
            pad = (4 - 2 + side - 1) // 2
            layers.append(_Blur((pad, pad)))
        layers.append(
            EqualConv(
                in_channels, out_channels, side, stride=2 if down else 1,
                padding=0 if down else side // 2, bias=False,
            )
        )
        if activate:
            layers.append(BiasedLeaky(out_channels))
        super().__init__(*layers)


class ResidualBlock(nn.Module):
    """Two convolutions and a 1×1 shortcut, both to half the size; their sum over √2."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = ConvLayer(in_channels, in_channels, 3)
        self.conv2 = ConvLayer(in_channels, out_channels, 3, down=True)
        self.skip = ConvLayer(in_channels, out_channels, 1, down=True, activate=False)

    def forward(self, x: Tensor) -> Tensor:
        return (self.conv2(self.conv1(x)) + self.skip(x)) / math.sqrt(2)


def append_group_stddev(x: Tensor, group: int = STDDEV_GROUP) -> Tensor:
    """Append one channel: the mean standard deviation within each group of samples.

    Groups are neighbours in the batch, so that a batch split between processes at a multiple of
    `group` gives the same result as the whole. A batch not divisible by `group` is one group of
    the largest divisor.
    """
    batch, channels, height, width = x.shape
    size = math.gcd(batch, group)
    grouped = full_precision(x).reshape(batch // size, size, channels, height, width)
    deviation = torch.sqrt(grouped.var(1, unbiased=False) + 1e-8).mean((1, 2, 3))
    plane = deviation.repeat_interleave(size).to(x.dtype)[:, None, None, None]
    return torch.cat([x, plane.expand(batch, 1, height, width)], 1)


class Discriminator(nn.Module):
    """Picture [N,3,S,S] → logit [N,1]."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        sizes = layout.resolutions[::-1]
        blocks: list[nn.Module] = [ConvLayer(3, layout.channels(sizes[0]), 1)]
        for px in sizes[:-1]:
            blocks.append(ResidualBlock(layout.channels(px), layout.channels(px // 2)))
        self.convs = nn.Sequential(*blocks)
        last = layout.channels(4)
        self.final_conv = ConvLayer(last + 1, last, 3)
        self.final_linear = nn.Sequential(
            EqualLinear(last * 16, last, activate=True), EqualLinear(last, 1)
        )

    def forward(self, picture: Tensor) -> Tensor:
        x = self.convs(picture)
        x = self.final_conv(append_group_stddev(x))
        return self.final_linear(full_precision(x).flatten(1))
