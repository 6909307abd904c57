"""``finetune-base``: g fine-tuned on a style (g′, which is Toonify's).

The training is `train-base`'s own, started from the base and short: the less it learns, the more of
the face space stays where it was, and destylization needs that.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from distill.checkpoint import load_checkpoint
from distill.config import ConfigError, add_config_arguments, free, load_config
from distill.data.training_set import TrainingSet
from distill.teacher.portraits import load_portraits
from distill.train.base import train_adversarially
from distill.train.base_config import BaseConfig

LAYOUT_SETTINGS = ("size_px", "channel_cap", "channel_multiplier")


@dataclass(frozen=True)
class FinetuneConfig(BaseConfig):
    """Settings of `finetune-base`: those of `train-base` (which see), with the paper's length.

    data: portraits of the style (packs, prepared, plain or atelier's folders). init: the base, from
    train-autoencoder or train-base; size_px, channel_cap and channel_multiplier follow from it.
    """

    init: str | None = None
    total_kimg: float = free(19.2)
    grid_kimg: float = free(3.2)
    snapshot_kimg: float = free(3.2)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)
    parser.add_argument("--fresh", action="store_true", help="start a new run even if one could go on")


def main(args: argparse.Namespace) -> int:
    """Run the verb."""
    asked = load_config(FinetuneConfig, args)
    if asked.init is None:
        raise ConfigError("finetune-base fine-tunes a base: give init (a checkpoint of train-autoencoder or train-base).")
    layout = load_checkpoint(Path(asked.init))["layout"]
    args.overrides = [*args.overrides, *(f"{name}={layout[name]}" for name in LAYOUT_SETTINGS)]

    def load(config: BaseConfig) -> TrainingSet:
        return load_portraits(config.data, config.size_px).training_set(mirror=config.mirror, seed=config.seed)

    return train_adversarially("finetune-base", load_config(FinetuneConfig, args), load, args)
