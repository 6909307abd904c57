"""Features of the FID's Inception network, in batches."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from distill.measure.packages import FID_INCEPTION, packaged_file

INPUT_PX = 299


class InceptionFeatures(nn.Module):
    """Pictures [N,3,S,S] in [-1,1] → the 2048 features that FID, KID and precision use.

    Raises `MissingNetwork` if the package with the weights is not installed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.net = torch.jit.load(packaged_file(FID_INCEPTION), map_location="cpu").eval()

    def forward(self, pictures: Tensor) -> Tensor:
        # Rounded to bytes first, as saved pictures would be; the network reads (byte − 128) / 128.
        pixels = ((pictures.clamp(-1, 1) + 1) * 127.5).round()
        if pixels.shape[-1] != INPUT_PX:
            shrinks = pixels.shape[-1] > INPUT_PX
            pixels = F.interpolate(pixels, size=(INPUT_PX, INPUT_PX), mode="bicubic", antialias=shrinks).clamp(0, 255)
        return self.net((pixels - 128) / 128).float()


@torch.no_grad()
def in_batches(network: nn.Module, pictures: Tensor, batch: int = 16) -> Tensor:
    """The network's outputs for all pictures, on the CPU in float64."""
    return torch.cat([network(part).double().cpu() for part in pictures.split(batch)])
