"""A label for where a picture comes from, so that renders do not make photos look rendered."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from distill.networks.layout import CODE_DIM


class DomainOffset(nn.Module):
    """Adds a learned vector per domain to W+ codes.

    Domain 0 (photos) has none and cannot get one, so after training the generator alone, without
    any label, is the generator of photos.
    """

    def __init__(self, domains: int = 2) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.zeros(domains - 1, CODE_DIM))

    def forward(self, w: Tensor, domain: Tensor) -> Tensor:
        """W+ [N,L,512] and domains [N] → W+ shifted."""
        table = torch.cat([torch.zeros_like(self.offset[:1]), self.offset])
        return w + table[domain][:, None].to(w.dtype)
