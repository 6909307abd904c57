"""The sampling network: noise → extrinsic codes, structure and colour rows from noise of their own."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from distill.networks.layout import CODE_DIM

NOISE_DIM = 128
HIDDEN = 128


class SamplerHalf(nn.Module):
    """Noise [N,128] → `width` numbers: two normalised linear layers and a plain one, as in released files."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lin1 = nn.Linear(NOISE_DIM, HIDDEN, bias=False)
        self.bn1 = nn.BatchNorm1d(HIDDEN)
        self.lin2 = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.bn2 = nn.BatchNorm1d(HIDDEN)
        self.lin_out = nn.Linear(HIDDEN, width, bias=False)

    def forward(self, noise: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.lin1(noise)))
        return self.lin_out(F.relu(self.bn2(self.lin2(x))))


class Sampler(nn.Module):
    """Two noises [N,128] → extrinsic codes [N,L,512]: one for the structure rows, one for the colour rows.

    In training mode the statistics are those of the batch; `eval()` uses the running ones, which
    also a batch of one needs.
    """

    def __init__(self, structure_rows: int, colour_rows: int) -> None:
        super().__init__()
        self.structure = SamplerHalf(structure_rows * CODE_DIM)
        self.color = SamplerHalf(colour_rows * CODE_DIM)

    def forward(self, structure_noise: Tensor, colour_noise: Tensor) -> Tensor:
        halves = (self.structure(structure_noise), self.color(colour_noise))
        return torch.cat([half.reshape(len(half), -1, CODE_DIM) for half in halves], 1)
