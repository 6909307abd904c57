"""``train-base``: adversarial training of the face generator."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from distill.config import add_config_arguments, config_text, load_config
from distill.data.training_set import TrainingSet, load_set
from distill.run import Run, TrainingStopped
from distill.train.base_config import BaseConfig
from distill.train.base_trainer import BaseTrainer
from distill.train.grids import save_grid
from distill.train.loop import report_stop, train_loop
from distill.train.memory import peak_gib
from distill.train.parallel import any_over, broadcast_modules, join_world, leave_world
from distill.train.speed import allow_fast_math

GRID = 36


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)
    parser.add_argument("--fresh", action="store_true", help="start a new run even if one could go on")


def main(args: argparse.Namespace) -> int:
    """Run the verb."""
    def load(config: BaseConfig) -> TrainingSet:
        return load_set(
            config.data, config.size_px, tiers=config.tiers, split=config.split, min_size_px=config.min_size_px,
            max_out_of_frame=config.max_out_of_frame, mirror=config.mirror, seed=config.seed,
        )

    return train_adversarially("train-base", load_config(BaseConfig, args), load, args)


def train_adversarially(
    verb: str, config: BaseConfig, load: Callable[[BaseConfig], TrainingSet], args: argparse.Namespace
) -> int:
    """What `train-base` does, under the name `verb` and on the pictures that `load` gives."""
    world = join_world(config.device)
    allow_fast_math(world.device)
    data = load(config).to(world.device)
    if args.dry_run:
        print(f"{config_text(config)}{len(data)} pictures (mirrored ones counted) on {world.device}.")
        return 0
    trainer = BaseTrainer(config, data, world)
    broadcast_modules((trainer.g, trainer.d, trainer.ema), world)
    run = Run.open(Path(config.runs), verb, config, fresh=args.fresh, rank=world.rank, length=round(config.total_kimg * 1000))

    def draw(run: Run, position: int) -> None:
        if world.rank == 0:
            save_grid(run.picture_path("samples", position), trainer.samples(GRID), 6)
            save_grid(run.picture_path("truncated", position), trainer.samples(GRID, 0.7), 6)

    if world.rank == 0 and not run.checkpoint_path.exists():
        save_grid(run.folder / "reals.png", data.take(data.indices(0, min(GRID, len(data))))[0], 6)
    try:
        position = train_loop(run, trainer, config, draw=draw, agree=partial(any_over, world=world))
    except TrainingStopped as error:
        return report_stop(error)
    finally:
        leave_world()
    if world.rank == 0:
        print(f"{position / 1000:.3f} kimg; at most {peak_gib(world.device):.2f} GiB; {run.folder}")
    return 0
