"""``gpu-check``: are the compiler, the data and the speed right? Two minutes before the real run.

Each finding is one line, ok or WRONG; the exit status is 0 only if all are ok.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch

from distill.config import load_config
from distill.data.training_set import TrainingSet, load_set
from distill.measure.results import chip_name
from distill.run import non_finite
from distill.train.base_config import BaseConfig
from distill.train.base_trainer import BaseTrainer
from distill.train.bench import matmul_rate
from distill.train.memory import peak_gib
from distill.train.parallel import World, pick_device
from distill.train.speed import allow_fast_math

# bf16 keeps 8 bits: logits of the same weights agree about this well.
BF16_TOLERANCE = 0.15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings of train-base")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides", help="one setting")
    parser.add_argument("--steps", type=int, default=40, help="steps to time (default 40)")


def findings(config: BaseConfig, steps: int) -> Iterator[tuple[bool, str]]:
    """Each finding as (right, sentence), in the order of the work."""
    device = pick_device(config.device)
    allow_fast_math(device)
    dtype = torch.bfloat16 if config.precision == "bf16" else torch.float32
    rate = matmul_rate(device, dtype)
    yield rate > 0, f"{chip_name(device)}: {rate / 1e12:.2f} TFLOP/s in {dtype} matrix products"
    started = time.monotonic()
    data = load_set(
        config.data, config.size_px, tiers=config.tiers, split=config.split, min_size_px=config.min_size_px, mirror=config.mirror
    ).to(device)
    first = data.take(data.indices(0, min(8, len(data))))[0]
    sane = -0.9 < first.mean().item() < 0.9 and first.std().item() > 0.1
    yield sane, f"{len(data)} pictures in {time.monotonic() - started:.1f} s, mean {first.mean().item():.2f}, deviation {first.std().item():.2f}"
    yield from _speed(config, data, World(0, 1, device), steps)


def _speed(config: BaseConfig, data: TrainingSet, world: World, steps: int) -> Iterator[tuple[bool, str]]:
    plain = BaseTrainer(replace(config, compile=False, precision="fp32"), data, world)
    trainer = BaseTrainer(config, data, world)
    with torch.no_grad():
        pictures, _ = plain._generate(0, "d", slice(0, config.batch))
        fast, _ = trainer._generate(0, "d", slice(0, config.batch))
    apart = ((fast.float() - pictures).norm() / pictures.norm()).item()
    yield apart < BF16_TOLERANCE, f"pictures of the fast path are {apart:.1%} from the plain float32 ones"
    started = time.monotonic()
    last = trainer.step(0)
    _wait(world.device)
    yield True, f"first step (with compilation) {time.monotonic() - started:.1f} s"
    for step in range(1, 1 + max(config.pl_interval, 4)):
        trainer.step(step * config.batch)
    _wait(world.device)
    started = time.monotonic()
    for step in range(steps):
        last = trainer.step((step + 6) * config.batch)
    _wait(world.device)
    rate = steps * config.batch / (time.monotonic() - started)
    right = all(math.isfinite(value.item()) for value in last.values()) and non_finite(trainer.g.state_dict()) is None
    yield right, f"after {steps} steps every loss and weight is finite: {right}"
    yield rate > 0, f"{rate:.1f} images/s at batch {config.batch}, {peak_gib(world.device):.1f} GiB: {rate * 0.06:.1f} kimg a minute"


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def main(args: argparse.Namespace, say: Callable[[str], None] = print) -> int:
    """Run the verb."""
    config = load_config(BaseConfig, args)
    wrong = 0
    for right, sentence in findings(config, args.steps):
        say(f"{'ok   ' if right else 'WRONG'} {sentence}")
        wrong += not right
    return 1 if wrong else 0
