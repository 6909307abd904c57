"""The anime style head: code, sliders → modulation, coloured layers and their movement. Runs once per style change."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from distill.student.anime.canvas import ATLAS_ROWS, CHANNELS, PACKED, PIXELS, ROWS, TRAIT_RANGES
from distill.student.anime.flow import ALLOWED, FEATURES, POWERS, FlowModel
from distill.student.style_head import EqualLinear

TAIL = 7
"""Last entries of the modulation: hair and skin colour of the exemplar, share of the photo's own colours."""
TRAITS = len(TRAIT_RANGES)
STYLE_SIZE = TRAITS + 9 + 1
"""What the modulation is made from: traits and colours in 0–1, structure weight."""
MALE = list(TRAIT_RANGES).index("male")


class StyleModulation(nn.Module):
    """style [b, STYLE_SIZE] → what it adds to the convolutions' scales and shifts [b, size]."""

    def __init__(self, size: int, hidden: int = 96) -> None:
        super().__init__()
        self.inner = EqualLinear(STYLE_SIZE, hidden)
        self.out = EqualLinear(hidden, size, gain=0.1)

    def forward(self, style: Tensor) -> Tensor:
        return self.out(F.leaky_relu(self.inner(style * 4 - 2), 0.1))


class AnimeStyleHead(nn.Module):
    """extrinsic_code [1, ROWS, 512] in 0–1, weights [1, ROWS], keep_color [1, 1] →
    modulation [1, D], canvas_layers [PACKED, PIXELS], canvas_flow [FEATURES, FIELD_SIZE + 2].

    The structure weight moves the face between the photo's proportions and the template's; the colour
    weight and keep_color between the photo's colours and the code's.
    """

    flow: Tensor
    places: Tensor

    def __init__(self, style_modulation: StyleModulation, flow: FlowModel) -> None:
        super().__init__()
        self.style_modulation = style_modulation
        # Half the bytes; a field is at most some 20 px, so the error is below a hundredth of a pixel.
        self.register_buffer("flow", torch.from_numpy(flow.weights[:, ALLOWED]).half())
        # Which row of the fields each stored row belongs to, by power of (1 - structure).
        power, feature = np.nonzero(ALLOWED)
        places = torch.zeros(POWERS, FEATURES, len(power))
        places[power, feature, torch.arange(len(power))] = 1
        self.register_buffer("places", places)

    def forward(self, extrinsic_code: Tensor, weights: Tensor, keep_color: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        traits, colours = extrinsic_code[:, 0, :TRAITS], extrinsic_code[:, -1, :9]
        structure = weights[:, :1]
        keep = 1 - weights[:, -1:] * (1 - keep_color)
        style = torch.cat([traits, colours, structure], 1)
        modulation = torch.cat([self.style_modulation(style), colours[:, :6], keep], 1)
        layers = extrinsic_code[0, 1 : 1 + ATLAS_ROWS].reshape(-1)[: PIXELS * CHANNELS].reshape(PIXELS, CHANNELS)
        share_hair, share_skin, alpha = layers[:, 4:5], layers[:, 5:6], layers[:, 3:4]
        colour = share_hair * colours[:, :3] + share_skin * colours[:, 3:6] + (1 - share_hair - share_skin)
        canvas = torch.cat([layers[:, :3] * colour, alpha, share_hair * alpha, share_skin * alpha], 1)
        whole = (canvas * 255 + 0.5).floor().reshape(PIXELS, PACKED, 3)
        packed = ((whole[..., 0] * 256 + whole[..., 1]) * 256 + whole[..., 2]).t()
        male, rest = traits[0, MALE], 1 - structure[0, 0]
        mixed = self.flow[0].float() * (1 - male) + self.flow[1].float() * male
        rows = self.places[0] + rest * (self.places[1] + rest * self.places[2])
        return modulation, packed, rows @ mixed


assert ROWS == ATLAS_ROWS + 2
