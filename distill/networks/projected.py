"""The projected discriminator: small judges on fixed random mixes of ImageNet features.

After Sauer et al. 2021: frozen features at four scales, mixed across channels (random 1×1) and
across scales (random 3×3, coarse to fine), each judged by its own discriminator with spectral
normalisation. Learns from few images and fast; its measure of success is not FID alone, whose
network saw the same ImageNet.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from distill.networks.efficientnet import TAP_CHANNELS, EfficientNetLite

MIN_FEATURE_PX = 128


class _Mixer(nn.Module):
    """Fixed random mixing across channels and scales."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.across_channels = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in TAP_CHANNELS)
        self.across_scales = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in TAP_CHANNELS[:-1])
        for conv in (*self.across_channels, *self.across_scales):
            nn.init.kaiming_normal_(conv.weight)
            nn.init.zeros_(conv.bias)
        self.requires_grad_(False)

    def forward(self, taps: list[Tensor]) -> list[Tensor]:
        mixed = [conv(tap) for conv, tap in zip(self.across_channels, taps, strict=True)]
        outs = [mixed[-1]]
        for level in range(len(mixed) - 2, -1, -1):
            wide = F.interpolate(outs[0], size=mixed[level].shape[2:], mode="bilinear")
            outs.insert(0, self.across_scales[level](mixed[level] + wide))
        return outs


class _Judge(nn.Sequential):
    """Down to 4×4 by strided convolutions, then one logit per place."""

    def __init__(self, channels: int, size_px: int) -> None:
        layers: list[nn.Module] = []
        width = channels
        while size_px > 4:
            out = min(2 * width, 256)
            layers += [spectral_norm(nn.Conv2d(width, out, 4, 2, 1)), nn.LeakyReLU(0.2)]
            width, size_px = out, size_px // 2
        layers.append(spectral_norm(nn.Conv2d(width, 1, 3, padding=1)))
        super().__init__(*layers)


class ProjectedDiscriminator(nn.Module):
    """Picture [N,3,S,S] in [-1,1] → logits [N,K], K places over four scales.

    `picture_px` is the side of its pictures; below 128 px they are enlarged for the features.
    """

    def __init__(self, picture_px: int, channels: int = 64) -> None:
        super().__init__()
        self.feature_px = max(picture_px, MIN_FEATURE_PX)
        self.features = EfficientNetLite()
        self.mixer = _Mixer(channels)
        self.judges = nn.ModuleList(_Judge(channels, self.feature_px // stride) for stride in (4, 8, 16, 32))

    def forward(self, picture: Tensor) -> Tensor:
        if picture.shape[-1] != self.feature_px:
            picture = F.interpolate(picture, size=(self.feature_px, self.feature_px), mode="bilinear")
        scales = self.mixer(self.features(picture))
        logits = [judge(x).flatten(1) for judge, x in zip(self.judges, scales, strict=True)]
        return torch.cat(logits, 1).float()
