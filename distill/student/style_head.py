"""The style head: extrinsic codes and slider weights → modulation. Runs once per style or slider change."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CODE_SIZE = 512
STRUCTURE_ROW, COLOUR_ROW = 0, 1
ROWS = 2
STRUCTURE_ROWS = 1


class StyleHead(nn.Module):
    """extrinsic_code [1,2,512], weights [1,2], keep_color [1,1] → modulation [1,D].

    Row 0 says how to draw, row 1 which colours to use. A weight of 0 takes that half back to the
    photo; keep_color does the same to the colours alone. Between two codes lies their blend.
    """

    neutral: Tensor

    def __init__(self, neutral: Tensor, features: int = 48, hidden: int = 96) -> None:
        super().__init__()
        self.structure = nn.Linear(CODE_SIZE, features)
        self.colour = nn.Linear(CODE_SIZE, features)
        self.join = nn.Linear(2 * features + 2, hidden)
        self.out = nn.Linear(hidden, neutral.numel())
        nn.init.normal_(self.out.weight, std=0.02)
        nn.init.zeros_(self.out.bias)
        self.register_buffer("neutral", neutral.clone())

    def forward(self, extrinsic_code: Tensor, weights: Tensor, keep_color: Tensor) -> Tensor:
        structure_weight = weights[:, STRUCTURE_ROW : STRUCTURE_ROW + 1]
        colour_weight = weights[:, COLOUR_ROW : COLOUR_ROW + 1] * (1 - keep_color)
        structure = structure_weight * self.structure(extrinsic_code[:, STRUCTURE_ROW])
        colour = colour_weight * self.colour(extrinsic_code[:, COLOUR_ROW])
        joined = self.join(torch.cat([structure, colour, structure_weight, colour_weight], 1))
        return self.neutral + self.out(F.leaky_relu(joined, 0.1))
