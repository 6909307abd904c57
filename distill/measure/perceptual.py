"""LPIPS: the perceptual distance of two pictures, on VGG16 features."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from distill.measure.packages import LPIPS_VGG, packaged_file, read_arrays

# Channels of VGG16's 13 convolutions; a pooling stands before each of the indices below.
WIDTHS = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
POOL_BEFORE = (2, 4, 7, 10)
TAPS = (1, 3, 6, 9, 12)
SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)
MIN_PX = 32


class Lpips(nn.Module):
    """Frozen VGG16 with the learned LPIPS heads; pictures [N,3,S,S] in [-1,1], S ≥ 32.

    Called with two batches it returns their distance [N] (0 = same; about 0.6 = unrelated).
    Raises `MissingNetwork` if the package with the weights is not installed.
    """

    def __init__(self, weights: Path | None = None) -> None:
        super().__init__()
        arrays = read_arrays(weights or packaged_file(LPIPS_VGG))
        self.convs = nn.ModuleList()
        channels = 3
        for index, width in enumerate(WIDTHS):
            conv = nn.Conv2d(channels, width, 3, padding=1)
            saved = arrays["VGG16_0"][f"Conv_{index}"]
            conv.weight.data = torch.from_numpy(saved["kernel"].copy()).permute(3, 2, 0, 1).contiguous()
            conv.bias.data = torch.from_numpy(saved["bias"].copy())
            self.convs.append(conv)
            channels = width
        for level in range(len(TAPS)):
            head = arrays[f"NetLinLayer_{level}"]["Conv_0"]["kernel"].copy()
            self.register_buffer(f"head_{level}", torch.from_numpy(head).reshape(1, -1, 1, 1))
        self.register_buffer("shift", torch.tensor(SHIFT)[:, None, None])
        self.register_buffer("scale", torch.tensor(SCALE)[:, None, None])
        self.requires_grad_(False).eval()

    def features(self, pictures: Tensor) -> list[Tensor]:
        """The five taps (relu1_2, 2_2, 3_3, 4_3, 5_3), each pixel's vector of length 1."""
        if min(pictures.shape[2:]) < MIN_PX:
            raise ValueError(f"LPIPS needs pictures of at least {MIN_PX} px; got {tuple(pictures.shape)}.")
        x = (pictures - self.shift) / self.scale
        taps = []
        for index, conv in enumerate(self.convs):
            if index in POOL_BEFORE:
                x = F.max_pool2d(x, 2)
            x = F.relu(conv(x))
            if index in TAPS:
                # The root's gradient is infinite where every channel is 0, hence the inner eps.
                norm = (x.square().sum(1, keepdim=True) + 1e-12).sqrt()
                taps.append(x / (norm + 1e-10))
        return taps

    def distance(self, taps_a: list[Tensor], taps_b: list[Tensor]) -> Tensor:
        """The distance [N] of two pictures whose taps are at hand."""
        total = taps_a[0].new_zeros(taps_a[0].shape[0])
        for level, (a, b) in enumerate(zip(taps_a, taps_b, strict=True)):
            weighted = (a - b).square() * getattr(self, f"head_{level}")
            total = total + weighted.sum(1).mean((1, 2))
        return total

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.distance(self.features(a), self.features(b))
