"""What follows from a resolution: layers, channels. Derived here and nowhere else."""

from __future__ import annotations

import math
from dataclasses import dataclass

CODE_DIM = 512
STRUCTURE_MAX_PX = 32


@dataclass(frozen=True)
class Layout:
    """Sizes of a StyleGAN2 of `size_px` (a power of two, 32–1024).

    `channel_multiplier` scales the layers above 32 px (the released networks use 2),
    `channel_cap` bounds every layer (512 released; 256 is the trained size).
    """

    size_px: int
    channel_multiplier: float = 2
    channel_cap: int = 512

    def __post_init__(self) -> None:
        if self.size_px not in (32, 64, 128, 256, 512, 1024):
            raise ValueError(f"size_px={self.size_px}: must be a power of two from 32 to 1024.")
        if self.channel_cap < 1 or self.channel_multiplier <= 0:
            raise ValueError("channel_cap and channel_multiplier must be positive.")

    @property
    def resolutions(self) -> tuple[int, ...]:
        """4, 8, … `size_px`."""
        return tuple(2**k for k in range(2, int(math.log2(self.size_px)) + 1))

    @property
    def layers(self) -> int:
        """Rows of a W+ or Z+ code: 14 at 256 px, 18 at 1024 px."""
        return 2 * len(self.resolutions)

    @property
    def structure_layers(self) -> int:
        """Rows that carry structure: the convolutions up to 32 px, 7 for any size from 32 px."""
        return 2 * sum(px <= STRUCTURE_MAX_PX for px in self.resolutions) - 1

    @property
    def noise_sizes(self) -> tuple[int, ...]:
        """Side in pixels of each noise map, one per 3×3 convolution: 4, 8, 8, 16, 16, …"""
        return (4, *(px for px in self.resolutions[1:] for _ in range(2)))

    def channels(self, size_px: int) -> int:
        """Feature channels at one resolution."""
        full = 512 if size_px <= 32 else round(16384 * self.channel_multiplier / size_px)
        return max(1, min(self.channel_cap, full))
