"""``bench``: images/s, share of the chip's peak and memory of each training verb, on made-up data."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from distill.config import add_config_arguments, config_text, load_config, make_config
from distill.data.index import Row
from distill.data.training_set import TrainingSet
from distill.measure.results import append_row, chip_name, command_line
from distill.run import current_commit
from distill.train.autoencoder_config import AutoencoderConfig
from distill.train.autoencoder_trainer import AutoencoderTrainer
from distill.train.base_config import BaseConfig
from distill.train.base_trainer import BaseTrainer
from distill.train.memory import peak_gib, reset_peak
from distill.train.parallel import World, pick_device
from distill.train.speed import allow_fast_math

COLUMNS = ("verb", "settings", "images/s", "GFLOP/image", "TFLOP/s", "share of peak", "peak TFLOP/s", "GiB", "chip", "commit", "command")
HEADER = (
    "# Speed of training\n\nPeak: what a large matrix product reaches on the same chip in the same type. "
    "GiB: of the GPU, or of the whole process on a CPU.\n\n"
)
Clock = Callable[[], float]
CLOCKS: dict[str, Clock] = {"wall": time.perf_counter, "cpu": time.process_time}
TRAINERS: dict[str, tuple[type, type]] = {
    "train-base": (BaseTrainer, BaseConfig), "train-autoencoder": (AutoencoderTrainer, AutoencoderConfig),
}


@dataclass(frozen=True)
class BenchConfig:
    """Settings of `bench`.

    verbs: which to time. size_px, channel_cap, channel_multiplier, batch, precision, channels_last,
    compile, discriminator, lpips_net, lpips_interval, encoder_width, encoder_head_rank: as in the verbs.
    steps: timed steps, a multiple of 16 counts
    the lazy regularisers in their share. clock: wall, or cpu (processor seconds: for one thread on a
    machine that is busy with other work). results: table to append to (none: print only).
    """

    verbs: tuple[str, ...] = ("train-base", "train-autoencoder")
    size_px: int = 256
    channel_cap: int = 256
    channel_multiplier: float = 2.0
    batch: int = 32
    discriminator: str = "stylegan2"
    lpips_net: str = "vgg"
    lpips_interval: int = 1
    encoder_width: int = 64
    encoder_head_rank: int = 0
    precision: str = "fp32"
    channels_last: bool = False
    compile: bool = False
    steps: int = 32
    clock: Literal["wall", "cpu"] = "wall"
    results: str | None = None
    device: str = "auto"


def matmul_rate(device: torch.device, dtype: torch.dtype, clock: Clock = time.perf_counter) -> float:
    """FLOP/s of a large square matrix product: the peak that a real program can reach."""
    size = 8192 if device.type == "cuda" else 1024
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    for _ in range(3):
        a @ b
    _wait(device)
    repeats, started = 10, clock()
    for _ in range(repeats):
        a @ b
    _wait(device)
    return repeats * 2 * size**3 / (clock() - started)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def made_up_set(size_px: int, count: int = 64) -> TrainingSet:
    """Seeded noise as a training set."""
    draw = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (count, 3, size_px, size_px), dtype=torch.uint8, generator=draw)
    return TrainingSet(pictures, [Row(f"{index}", size_px) for index in range(count)])


def make_trainer(verb: str, config: BenchConfig, world: World, **changes: Any) -> Any:
    """A trainer of `verb` with the bench's settings."""
    trainer, cls = TRAINERS[verb]
    shared = ("size_px", "channel_cap", "channel_multiplier", "batch", "precision", "channels_last", "compile", "device")
    values = {name: getattr(config, name) for name in shared} | {"data": "made up"} | changes
    own = ("discriminator",) if verb == "train-base" else ("lpips_net", "lpips_interval", "encoder_width", "encoder_head_rank")
    values |= {name: getattr(config, name) for name in own}
    return trainer(make_config(cls, values), made_up_set(config.size_px).to(world.device), world)


class _WorkCounter(TorchDispatchMode):
    """Sums the FLOP of every convolution and matrix product that runs inside.

    PyTorch's own counter also follows modules, and its hooks refuse second derivatives.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        out = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.total += count(*args, **(kwargs or {}), out_val=out)
        return out


def flops_per_image(verb: str, config: BenchConfig, world: World, steps: int) -> float:
    """Counted on the uncompiled trainer over `steps` steps, lazy regularisers in their share."""
    trainer = make_trainer(verb, config, world, compile=False)
    with _WorkCounter() as counter:
        for step in range(steps):
            trainer.step(step * config.batch)
    return counter.total / (steps * config.batch)


def time_verb(verb: str, config: BenchConfig) -> dict[str, str]:
    """One row of the table."""
    device = pick_device(config.device)
    allow_fast_math(device)
    world = World(0, 1, device)
    counted = min(16, config.steps)
    flops = flops_per_image(verb, config, world, counted)
    reset_peak(device)
    trainer = make_trainer(verb, config, world)
    warm_up = 5 if config.steps > 4 else 1
    for step in range(warm_up):
        trainer.step(step * config.batch)
    _wait(device)
    clock = CLOCKS[config.clock]
    started = clock()
    for step in range(config.steps):
        trainer.step((warm_up + step) * config.batch)
    _wait(device)
    rate = config.steps * config.batch / (clock() - started)
    memory = peak_gib(device)
    peak = matmul_rate(device, torch.bfloat16 if config.precision == "bf16" else torch.float32, clock)
    sparse = f" every {config.lpips_interval}" if config.lpips_interval > 1 else ""
    own = config.discriminator if verb == "train-base" else f"LPIPS {config.lpips_net}{sparse}"
    fast = [config.precision] + ["channels-last"] * config.channels_last + ["compiled"] * config.compile + ["by processor time"] * (config.clock == "cpu")
    return {
        "verb": verb, "settings": f"{config.size_px} px, cap {config.channel_cap}, batch {config.batch}, {own}, {', '.join(fast)}",
        "images/s": f"{rate:.1f}", "GFLOP/image": f"{flops / 1e9:.1f}", "TFLOP/s": f"{rate * flops / 1e12:.3f}",
        "share of peak": f"{rate * flops / peak:.1%}", "peak TFLOP/s": f"{peak / 1e12:.2f}", "GiB": f"{memory:.1f}",
        "chip": chip_name(device), "commit": current_commit(), "command": command_line(),
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    config = load_config(BenchConfig, args)
    print(config_text(config))
    unknown = set(config.verbs) - set(TRAINERS)
    if unknown:
        raise SystemExit(f"verbs: {', '.join(sorted(unknown))} cannot be timed; known: {', '.join(TRAINERS)}.")
    if args.dry_run:
        return
    for verb in config.verbs:
        row = time_verb(verb, config)
        print(", ".join(f"{key} {value}" for key, value in row.items() if key != "command"))
        if config.results:
            append_row(Path(config.results), row, COLUMNS, HEADER)
