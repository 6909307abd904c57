"""The style head: extrinsic codes and slider weights → modulation. Runs once per style or slider change."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CODE_SIZE = 512
STRUCTURE_ROW, COLOUR_ROW = 0, 1
ROWS = 2
STRUCTURE_ROWS = 1


class EqualLinear(nn.Module):
    """Linear layer with equalised learning rate (Karras et al. 2018).

    Without it one optimiser step would move the sum over 512 code entries by as much as its whole spread.
    """

    def __init__(self, width_in: int, width_out: int, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(gain * torch.randn(width_out, width_in))
        self.bias = nn.Parameter(torch.zeros(width_out))
        self.scale = width_in**-0.5

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x * self.scale, self.weight, self.bias)


class StyleHead(nn.Module):
    """extrinsic_code [1,2,512], weights [1,2], keep_color [1,1] → modulation [1,D].

    Row 0 says how to draw, row 1 which colours to use. A weight of 0 takes that half back to the
    photo; keep_color does the same to the colours alone. Between two codes lies their blend.
    """

    neutral: Tensor

    def __init__(self, neutral: Tensor, features: int = 48, hidden: int = 96) -> None:
        super().__init__()
        self.structure = EqualLinear(CODE_SIZE, features)
        self.colour = EqualLinear(CODE_SIZE, features)
        self.join = EqualLinear(2 * features + 2, hidden)
        self.out = EqualLinear(hidden, neutral.numel(), gain=0.2)
        self.register_buffer("neutral", neutral.clone())

    def forward(self, extrinsic_code: Tensor, weights: Tensor, keep_color: Tensor) -> Tensor:
        structure_weight = weights[:, STRUCTURE_ROW : STRUCTURE_ROW + 1]
        colour_weight = weights[:, COLOUR_ROW : COLOUR_ROW + 1] * (1 - keep_color)
        structure = structure_weight * self.structure(extrinsic_code[:, STRUCTURE_ROW])
        colour = colour_weight * self.colour(extrinsic_code[:, COLOUR_ROW])
        joined = self.join(torch.cat([structure, colour, structure_weight, colour_weight], 1))
        return self.neutral + self.out(F.leaky_relu(joined, 0.1))
