"""``train-autoencoder``: encoder and generator together on reconstruction, the quick way to a face space."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from distill.config import add_config_arguments, config_text, load_config
from distill.data.training_set import TrainingSet, load_set
from distill.run import Run, TrainingStopped
from distill.train.autoencoder_config import AutoencoderConfig
from distill.train.autoencoder_trainer import AutoencoderTrainer
from distill.train.grids import save_grid
from distill.train.loop import report_stop, train_loop
from distill.train.parallel import any_over, broadcast_modules, join_world, leave_world
from distill.train.speed import allow_fast_math

COLUMNS = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)
    parser.add_argument("--fresh", action="store_true", help="start a new run even if one could go on")


def load_both(config: AutoencoderConfig) -> tuple[TrainingSet, TrainingSet]:
    """The learned pictures and the held-out ones (the learned ones again where none is held out)."""
    def load(split: str, limit: int = 0) -> TrainingSet:
        return load_set(
            config.data, config.size_px, tiers=config.tiers, split=split, min_size_px=config.min_size_px,
            max_out_of_frame=config.max_out_of_frame, mirror=config.mirror, seed=config.seed, limit=limit,
        )

    train = load("train", config.limit)
    try:
        return train, load("val")
    except SystemExit:
        print("No picture is held out (split val): the measures below are on learned ones.")
        return train, train


def main(args: argparse.Namespace) -> int:
    """Run the verb."""
    config = load_config(AutoencoderConfig, args)
    world = join_world(config.device)
    allow_fast_math(world.device)
    train, held_out = (data.to(world.device) for data in load_both(config))
    if args.dry_run:
        print(f"{config_text(config)}{len(train.rows)} pictures, {len(held_out.rows)} held out, on {world.device}.")
        return 0
    shown = held_out.only(config.show) if config.show else held_out
    trainer = AutoencoderTrainer(config, train, world)
    broadcast_modules((trainer.model, trainer.ema), world)
    length = round(config.total_kimg * 1000)
    run = Run.open(Path(config.runs), "train-autoencoder", config, fresh=args.fresh, rank=world.rank, length=length)

    if config.init is not None and not run.checkpoint_path.exists():
        # What a warm restart starts from, before it learns.
        run.log(0, trainer.measure(held_out))

    def draw(run: Run, position: int) -> None:
        if world.rank == 0:
            save_grid(run.picture_path("grid", position), *trainer.grid(shown, COLUMNS))

    try:
        position = train_loop(
            run, trainer, config, draw=draw, measure=lambda _: trainer.measure(held_out), agree=partial(any_over, world=world)
        )
    except TrainingStopped as error:
        return report_stop(error)
    finally:
        leave_world()
    if world.rank == 0:
        measures = ", ".join(f"{name} {value:.4f}" for name, value in trainer.measure(held_out).items())
        print(f"{position / 1000:.3f} kimg; {measures}; {run.folder}")
    return 0
