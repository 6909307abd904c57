"""Settings of `train-dual`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from distill.config import ConfigError, free
from distill.losses.augment import TRANSFORMS

PAPER_BATCH = 32


class StylePreset(NamedTuple):
    """What the paper found for a kind of portrait: weights of identity and regulariser, and steps of stage III."""

    identity: float
    regulariser: float
    steps: int


PRESETS = {
    "cartoon": StylePreset(1.0, 0.015, 1400),
    "caricature": StylePreset(4.0, 0.005, 1000),
    "anime": StylePreset(1.0, 0.02, 2100),
}
# Stage II: the first mixing layer for so many steps of the paper's batch; the last one to the end.
LAYERS = (7, 6, 5)
LAYER_STEPS = (300, 300, 3000)


@dataclass(frozen=True)
class DualConfig:
    """Settings of `train-dual`; lengths in kimg (thousand images), sizes as the base has them.

    base: checkpoint of train-autoencoder (g and E). init: checkpoint of the stage before (stage 1 needs
    none). skip_stages: stages left out on purpose (1: T_s, ModRes, T_c start as plain random layers).
    data: photos; stage II's discriminator wants them. content: where the intrinsic codes come from,
    random ones or those of the photos (for a base whose random codes are no faces).
    style: portraits (see `load_portraits`), codes: the folder `destylize` wrote for them.
    exact: folders of exact pairs instead of, or beside, guessed ones; exact_limit: of each folder, 0: all.
    preset: gives identity, regulariser and total_kimg of stage III where they are left out.
    paired, regularised: False for the ablations. layer_kimg: how long stage II mixes from row 7, then
    from row 6; then from row 5 (None: the paper's shares, twelfths). encode_every: every n-th step of stage II takes E(g(z₂)) for z₂.
    levels: weights of relu1_1 … relu5_1 in the perceptual loss; adversarial, contextual, matching,
    identity, regulariser: weights of the losses. jitter: σ added to extrinsic codes in W+.
    weights: of the rows in training, as `4*0,3*.75`; empty: 1 everywhere. The rest: see `BaseConfig`.
    """

    base: str
    stage: Literal[1, 2, 3]
    init: str | None = None
    skip_stages: tuple[int, ...] = ()
    data: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    split: str = "train"
    limit: int = 0
    max_out_of_frame: float = 0.05
    content: Literal["random", "photos"] = "random"
    style: tuple[str, ...] = ()
    codes: str | None = None
    exact: tuple[str, ...] = ()
    exact_limit: int = 0
    preset: Literal["cartoon", "caricature", "anime"] = "anime"
    paired: bool = True
    regularised: bool = True
    layer_kimg: tuple[float, ...] | None = None
    encode_every: int = 4
    batch: int = PAPER_BATCH
    total_kimg: float = free(0.0)
    lr: float = 0.002
    adversarial: float | None = None
    levels: tuple[float, ...] | None = None
    contextual: float = 0.25
    matching: float = 0.25
    identity: float | None = None
    regulariser: float | None = None
    jitter: float = 0.1
    weights: str = ""
    mixing: float = 0.9
    r1_gamma: float | None = 10.0
    r1_interval: int = 16
    pl_weight: float = 2.0
    pl_interval: int = 4
    pl_decay: float = 0.01
    pl_shrink: int = 2
    ada_target: float = 0.6
    ada_kimg: float = 500.0
    ada_interval: int = 4
    transforms: tuple[str, ...] = TRANSFORMS
    ema_kimg: float = 10.0
    seed: int = 0
    precision: Literal["fp32", "bf16"] = free("fp32")
    channels_last: bool = free(False)
    device: str = free("auto")
    log_kimg: float = free(0.32)
    grid_kimg: float = free(6.4)
    snapshot_kimg: float = free(6.4)
    minutes: float = free(0.0)
    runs: str = free("runs")


def resolved(config: DualConfig) -> DualConfig:
    """`config` with what was left to the paper's recipe filled in; raises `ConfigError` for settings that do not fit."""
    if config.stage == 2 and not config.data:
        raise ConfigError("stage 2 learns among photos: give data (a pack or a prepared folder).")
    if config.stage == 3 and not (config.style or config.exact):
        raise ConfigError("stage 3 needs portraits: style (with codes, from `destylize`) or exact (folders of pairs).")
    if config.stage == 3 and config.style and config.codes is None:
        raise ConfigError("stage 3 needs the codes of the portraits in style: set codes to the folder `destylize` wrote.")
    if config.content == "photos" and not config.data:
        raise ConfigError("content=photos takes the faces of photos: give data.")
    if config.stage == 3 and config.init is None and 2 not in config.skip_stages:
        raise ConfigError("stage 3 starts from stage 2: give init=…/checkpoint.pt, or --skip-stage 2 to leave it out.")
    if config.stage in config.skip_stages:
        raise ConfigError(f"stage {config.stage} cannot be run and skipped at once.")
    preset = PRESETS[config.preset]
    paper_steps = {1: 0, 2: sum(LAYER_STEPS), 3: preset.steps}[config.stage]
    third = config.stage == 3
    total = config.total_kimg or paper_steps * PAPER_BATCH / 1000
    return replace(
        config,
        total_kimg=total,
        adversarial=(1.0 if third else 0.1) if config.adversarial is None else config.adversarial,
        levels=((0.0, 0.5, 1.0) if third else (0.5, 0.5, 0.5)) if config.levels is None else config.levels,
        identity=(preset.identity if third else 0.0) if config.identity is None else config.identity,
        regulariser=(preset.regulariser if third else 0.0) if config.regulariser is None else config.regulariser,
    )


def mixing_layer(config: DualConfig, position: int) -> int:
    """The first row that stage II takes from the second code at `position` (in images)."""
    lengths = config.layer_kimg or [config.total_kimg * steps / sum(LAYER_STEPS) for steps in LAYER_STEPS[:-1]]
    ends = [sum(lengths[:count]) * 1000 for count in range(1, len(LAYERS))]
    return LAYERS[sum(position >= end - 1e-6 for end in ends)]
