"""Settings of `train-base`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from distill.config import free
from distill.losses.augment import TRANSFORMS


@dataclass(frozen=True)
class BaseConfig:
    """Settings of `train-base`; lengths in kimg (thousand images), sizes in pixels.

    data: packs or folders. tiers, split, min_size_px: which pictures. size_px: of the generator.
    channel_cap, channel_multiplier: see Layout. batch: over all processes.
    discriminator: stylegan2 or projected (ImageNet features, for few images).
    r1_gamma: None takes ADA's rule, 0.0002·size²/batch. r1_interval, pl_interval: steps between
    lazy regularisations. pl_weight: 0 turns path length off. pl_shrink: its batch is this much
    smaller. mixing: chance that a sample gets two codes. ada_target: 0 keeps p at ada_start.
    ada_kimg: how long p takes from 0 to 1. ema_kimg: half-life of the averaged generator.
    init: checkpoint of train-base or train-autoencoder, or what publish-base made of it, of this size
    or smaller (it grows).
    free_lower: with a grown network, False trains the new layers only.
    """

    data: tuple[str, ...]
    size_px: int = 256
    channel_cap: int = 256
    channel_multiplier: float = 2.0
    batch: int = 32
    total_kimg: float = free(5000.0)
    tiers: tuple[str, ...] = ()
    split: str = "train"
    min_size_px: int = 0
    max_out_of_frame: float = 0.05
    mirror: bool = True
    discriminator: Literal["stylegan2", "projected"] = "stylegan2"
    lr_g: float = 0.002
    lr_d: float = 0.002
    warmup_kimg: float = 0.0
    r1_gamma: float | None = None
    r1_interval: int = 16
    pl_weight: float = 2.0
    pl_interval: int = 4
    pl_decay: float = 0.01
    pl_shrink: int = 2
    mixing: float = 0.9
    ada_target: float = 0.6
    ada_start: float = 0.0
    ada_kimg: float = 500.0
    ada_interval: int = 4
    transforms: tuple[str, ...] = TRANSFORMS
    ema_kimg: float = 10.0
    init: str | None = None
    free_lower: bool = True
    seed: int = 0
    precision: Literal["fp32", "bf16"] = free("fp32")
    channels_last: bool = free(False)
    compile: bool = free(False)
    device: str = free("auto")
    log_kimg: float = free(1.0)
    grid_kimg: float = free(50.0)
    snapshot_kimg: float = free(50.0)
    minutes: float = free(0.0)
    runs: str = free("runs")
