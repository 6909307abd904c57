"""Settings of `train-autoencoder`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from distill.config import free


@dataclass(frozen=True)
class AutoencoderConfig:
    """Settings of `train-autoencoder`; lengths in kimg (thousand images), sizes in pixels.

    data, tiers, min_size_px, mirror: which pictures; the train split is learned, the val split
    measured. size_px, channel_cap, channel_multiplier: the generator (see Layout).
    encoder: small (any size; encoder_width, encoder_head_rank: see SmallEncoder) or full (reads 256 px). restyle_steps: 0 for one pass, else rounds.
    l1, lpips, identity: weights of the reconstruction losses; identity 0 needs no network.
    lpips_net: vgg, or alex (cheaper; at 64 px it drew swirls into the faces); lpips_interval: steps
    between uses of it, its weight is raised to make up for the others.
    spread: pulls the rows of a code together (Z+ to Z). match: pulls the mapped random codes to
    where the mapped codes of photos lie, so that random codes give faces too.
    show: sources of the held-out pictures in the grids (none: any), AI-made ones say.
    init: a checkpoint of this verb or train-base (or what publish-base made of it), of this size or
    smaller. The encoder starts from it too where its shape is the same: a warm restart with a new
    optimiser, whose first line of metrics is the network as it came. With restyle_steps an encoder
    of one pass learns to look at its reconstruction as well.
    """

    data: tuple[str, ...]
    size_px: int = 128
    channel_cap: int = 256
    channel_multiplier: float = 2.0
    encoder: Literal["small", "full"] = "small"
    encoder_width: int = 64
    encoder_head_rank: int = 0
    restyle_steps: int = 0
    batch: int = 16
    total_kimg: float = free(500.0)
    tiers: tuple[str, ...] = ()
    min_size_px: int = 0
    max_out_of_frame: float = 0.05
    mirror: bool = True
    limit: int = 0
    lr_g: float = 0.003
    lr_e: float = 0.0005
    warmup_kimg: float = 1.0
    decay_from: float = 1.0
    l1: float = 1.0
    lpips: float = 1.0
    identity: float = 0.0
    lpips_net: Literal["vgg", "alex"] = "vgg"
    lpips_interval: int = 1
    spread: float = 0.01
    match: float = 0.5
    ema_kimg: float = 5.0
    init: str | None = None
    seed: int = 0
    precision: Literal["fp32", "bf16"] = free("fp32")
    channels_last: bool = free(False)
    compile: bool = free(False)
    device: str = free("auto")
    log_kimg: float = free(1.0)
    grid_kimg: float = free(20.0)
    snapshot_kimg: float = free(20.0)
    minutes: float = free(0.0)
    show: tuple[str, ...] = free(())
    runs: str = free("runs")
