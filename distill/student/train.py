"""Training of the painted student: one process, one thread, bf16 on channels-last."""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from distill.checkpoint import restore_rng
from distill.config import add_config_arguments, config_text, free, load_config
from distill.painter import LOOK_IDS
from distill.run import Every, Run, stop_on_signal
from distill.student.cache import LayerCache
from distill.student.codes import all_codes
from distill.student.losses import student_losses, total_loss
from distill.student.network import SIZE_PX, SIZES, Student
from distill.student.onnx_export import import_weights
from distill.student.samples import Sampler, blended_code, random_style
from distill.student.style_head import StyleHead

BATCH = 4
WARM_UP_STEPS = 200
TILE_PX = 128

EMPHASIS = {"faker": 8, "gsadc": 3, "usgovteams": 2}
"""How many times a source's photos count: people who are rare among portraits of politicians come more often."""


@dataclass(frozen=True)
class TrainConfig:
    """Settings of one training.

    size: standard or lite. layers: folder of the layer cache made by `paint`.
    kimg: length in thousand images. budget_minutes: length in minutes of training instead, when above 0;
    the learning rate then follows the time spent. rate: peak learning rate of the student,
    head_rate: of the style head. ema: decay of the averaged weights. slider_share: share of micro-batches
    painted with sliders, blends or exchanged rows. outside_weight: loss weight outside the head.
    matte_weight: weight of the matte's error beside colour and line.
    tile_share: part of the training done on tiles of 128² instead of whole crops: four times as many
    steps in the same time; the rest then teaches what needs the whole face, such as its overall tone.
    init: folder of a shipped model (`models/comic-lite`) whose weights the training starts from; a warm
    restart, with a new optimiser. Empty: from random weights.
    checkpoint_kimg: images between checkpoints, in thousands.
    """

    layers: str
    size: Literal["standard", "lite"] = "standard"
    kimg: float = 200.0
    budget_minutes: float = 0.0
    rate: float = 4e-3
    head_rate: float = 2e-3
    ema: float = 0.998
    slider_share: float = 0.35
    outside_weight: float = 0.4
    matte_weight: float = 0.3
    tile_share: float = 0.5
    init: str = ""
    seed: int = 1
    checkpoint_kimg: float = free(6.0)


class Model(nn.Module):
    """Student and style head, trained together and averaged together."""

    def __init__(self, size: str) -> None:
        super().__init__()
        self.student = Student(SIZES[size])
        self.style_head = StyleHead(self.student.neutral)

    def modulation(self, code: np.ndarray, weights: tuple[float, float], keep_color: float) -> Tensor:
        """Modulation [1,D] of one code [1,2,512] and its sliders."""
        return self.style_head(torch.from_numpy(code), torch.tensor([weights]), torch.tensor([[keep_color]]))


class Trainer:
    """The state of a training and one step of it."""

    def __init__(self, config: TrainConfig, cache: LayerCache) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.sampler = Sampler(cache, config.outside_weight)
        training = cache.indices(held_out=False)
        self.pool = [index for index in training for _ in range(EMPHASIS.get(cache.entries[index].photo.source, 1))]
        self.codes = all_codes(LOOK_IDS)
        self.model = Model(config.size)
        if config.init:
            import_weights(self.model.student, Path(config.init) / "student.onnx")
            import_weights(self.model.style_head, Path(config.init) / "style-head.onnx")
        self.model.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model).requires_grad_(False)
        groups = [
            {"params": list(self.model.student.parameters()), "peak": config.rate},
            {"params": list(self.model.style_head.parameters()), "peak": config.head_rate},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=config.rate, betas=(0.9, 0.99), weight_decay=1e-4)
        self.images = 0
        self.seconds = 0.0

    @property
    def progress(self) -> float:
        """Share of the training done, 0..1: of the minutes when a budget is set, else of the images."""
        if self.config.budget_minutes > 0:
            return self.seconds / (60 * self.config.budget_minutes)
        return self.images / (1000 * self.config.kimg)

    def step(self) -> dict[str, Tensor]:
        """Trains on one micro-batch and returns its losses. Its draws depend on seed and position only."""
        started = time.monotonic()
        number = self.images // BATCH
        rng = np.random.default_rng([self.config.seed, number])
        rise = min(1.0, (number + 1) / WARM_UP_STEPS)
        fall = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, self.progress)))
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * rise * fall
        style = random_style(rng, self.config.slider_share)
        indices = [int(index) for index in rng.choice(self.pool, BATCH, replace=False)]
        size_px = TILE_PX if self.progress < self.config.tile_share else SIZE_PX
        face, target, weight = self.sampler.batch(indices, style, rng, size_px)
        modulation = self.model.modulation(blended_code(style, self.codes), style.weights, style.keep_color)
        with torch.autocast("cpu", torch.bfloat16):
            styled = self.model.student(face, modulation)
        losses = student_losses(styled, target, weight)
        loss = total_loss(losses, matte_weight=self.config.matte_weight)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self._update_average(number)
        self.images += BATCH
        self.seconds += time.monotonic() - started
        return {name: value.detach() for name, value in losses.items()} | {"loss": loss.detach()}

    def _update_average(self, number: int) -> None:
        decay = min(self.config.ema, (number + 1) / (number + 20))
        with torch.no_grad():
            averages = list(self.average.parameters())
            torch._foreach_lerp_(averages, list(self.model.parameters()), 1 - decay)

    def state(self) -> dict[str, Any]:
        """All that a resumed training needs."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "images": self.images,
            "trained_seconds": self.seconds,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continues from `state()`."""
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.images = state["images"]
        self.seconds = state["trained_seconds"]
        restore_rng(state["rng"])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `train-student`."""
    add_config_arguments(parser)
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR", help="folder of run folders (default: runs)")
    parser.add_argument("--fresh", action="store_true", help="start a new run even where an unfinished one could go on")
    parser.add_argument("--threads", type=int, default=1, help="threads of PyTorch (default: 1)")


def main(args: argparse.Namespace) -> int:
    """Trains until the budget is spent; the same command resumes an interrupted run."""
    config = load_config(TrainConfig, args)
    if args.dry_run:
        print(config_text(config))
        return 0
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(args.threads)
    trainer = Trainer(config, LayerCache(Path(config.layers)))
    run = Run.open(args.runs, f"train-student-{config.size}", config, fresh=args.fresh)
    state = run.restore()
    if state is not None:
        trainer.load(state)
    with stop_on_signal() as stopped:
        train(trainer, run, stopped)
    run.save(trainer.images, trainer.state())
    if trainer.progress >= 1:
        run.finish(trainer.images)
    rate = trainer.images / max(trainer.seconds, 1e-9)
    print(f"{run.folder}: {trainer.images / 1000:.1f} kimg in {trainer.seconds / 60:.1f} minutes, {rate:.1f} images/s")
    return 0


def train(trainer: Trainer, run: Run, stopped: Callable[[], bool]) -> None:
    """Steps until the budget is spent or `stopped` says so, logging means and saving checkpoints."""
    due_save = Every(round(1000 * trainer.config.checkpoint_kimg), trainer.images)
    due_log = Every(400, trainer.images)
    recent: dict[str, list[float]] = {}
    while trainer.progress < 1 and not stopped():
        for name, value in trainer.step().items():
            recent.setdefault(name, []).append(float(value))
        if due_log.due(trainer.images):
            means = {name: sum(values) / len(values) for name, values in recent.items()}
            recent.clear()
            spent = {"trained_seconds": trainer.seconds, "progress": trainer.progress}
            run.log(trainer.images, means | spent)
        if due_save.due(trainer.images):
            run.save(trainer.images, trainer.state())
