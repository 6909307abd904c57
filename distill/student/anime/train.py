"""`train-anime`: the anime student on drawn pairs; one process on a CPU thread or a GPU."""

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
from torch.utils.data import DataLoader

from distill.checkpoint import load_checkpoint, restore_rng
from distill.config import add_config_arguments, config_text, free, load_config
from distill.run import Every, Run, stop_on_signal
from distill.student.anime.cache import PairCache
from distill.student.anime.losses import PatchDiscriminator, colour_and_line, cover_loss, judge_loss, matte_loss, paint_loss, saturation_loss, sharpness_loss
from distill.student.anime.network import AnimeModel, Painted, in_window
from distill.student.anime.photo_colours import fit_photo_colours
from distill.student.anime.pose_vector import POSE_SIZE
from distill.student.anime.samples import StepBatches

WARM_UP_STEPS = 300
SATURATION_WEIGHT = 0.05
PAINT_WEIGHT = 0.5
COVER_WEIGHT = 0.3


@dataclass(frozen=True)
class AnimeTrainConfig:
    """Settings of one training.

    cache: folder made by `anime-cache`. more: folders made by `anime-cache --like`
    that one, with other photos or other exemplars. size: standard or lite. kimg: length in thousand images.
    budget_minutes: length in minutes of training instead, when above 0; the learning rate
    then follows the time spent. batch: pictures a step. rate: peak learning rate of the painter,
    head_rate: of the small networks that turn pose and style into modulation. ema: decay of the averaged weights.
    whole_every: every such step is taken on whole crops, which teaches matte and background; the others on the
    window of eyes and mouth alone, at half the cost. outside_weight: loss weight outside the head.
    scene_share: how many of the photos stand before another background (`scenes`).
    feature_gain: how much more eyes and mouth count. matte_weight: of the matte's error, which decides
    (`matte_loss`) from decide_from (0–1 of the training) on. pose_noise: σ added to the pose vector, in its own spreads.
    sharpness_weight: of how much the strength of lines differs; 0: not used.
    perceptual_weight: of LPIPS on perceptual_px crops around a feature, every perceptual_every-th step, from
    perceptual_from (0–1 of the training) on; 0: not used. adversarial_weight: of a patch discriminator, from adversarial_from (0–1 of the
    training) on; 0: not used. init: checkpoint or run folder of a `train-anime` whose averaged weights
    the training starts from; a warm restart with a new optimiser. device: cpu, cuda or auto.
    workers: processes that prepare batches, 0: none. checkpoint_kimg: images between checkpoints.
    """

    cache: str
    more: tuple[str, ...] = ()
    size: Literal["standard", "lite"] = "standard"
    kimg: float = 200.0
    budget_minutes: float = 0.0
    batch: int = 4
    rate: float = 3e-3
    head_rate: float = 2e-3
    ema: float = 0.998
    whole_every: int = 2
    outside_weight: float = 0.15
    scene_share: float = 0.0
    feature_gain: float = 5.0
    matte_weight: float = 0.1
    decide_from: float = 0.4
    pose_noise: float = 0.02
    sharpness_weight: float = 0.0
    perceptual_weight: float = 0.0
    perceptual_every: int = 4
    perceptual_from: float = 0.6
    perceptual_px: int = 64
    adversarial_weight: float = 0.0
    adversarial_from: float = 0.7
    init: str = ""
    seed: int = 1
    device: str = free("cpu")
    workers: int = free(0)
    checkpoint_kimg: float = free(4.0)


class AnimeTrainer:
    """The state of a training and one step of it."""

    def __init__(self, config: AnimeTrainConfig, cache: PairCache) -> None:
        torch.manual_seed(config.seed)
        self.config, self.cache = config, cache
        name = config.device if config.device != "auto" else ("cuda" if torch.cuda.is_available() else "cpu")
        self.device = torch.device(name)
        self.model = AnimeModel(config.size)
        if config.init:
            path = Path(config.init)
            state = load_checkpoint(path / "checkpoint.pt" if path.is_dir() else path)
            self.model.load_state_dict(state["average"])
        self._measure_poses()
        self.model.to(self.device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model).requires_grad_(False)
        slow = [*self.model.style_modulation.parameters(), *self.model.student.pose_modulation.parameters()]
        groups = [
            {"params": list(self.model.student.painter.parameters()), "peak": config.rate},
            {"params": slow, "peak": config.head_rate},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=config.rate, betas=(0.9, 0.99), weight_decay=1e-4)
        self.judge = PatchDiscriminator().to(self.device) if config.adversarial_weight > 0 else None
        self.judge_optimiser = torch.optim.Adam(self.judge.parameters(), 4e-4, betas=(0.0, 0.99)) if self.judge else None
        self.perceptual = self._load_perceptual() if config.perceptual_weight > 0 else None
        self.images, self.seconds = 0, 0.0

    def _measure_poses(self) -> None:
        rows = [row["pair"] for row in self.cache.rows(held=False)]
        if not rows:
            raise SystemExit(f"{self.cache.folder} holds no pair to train on yet; wait for `anime-cache` or run it.")
        poses = self.cache.arrays.pose[rows, :POSE_SIZE]
        network = self.model.student.pose_modulation
        if not self.config.init:
            network.mean.copy_(torch.from_numpy(poses.mean(0)))
            network.spread.copy_(torch.from_numpy(np.maximum(poses.std(0), 0.02)))
        self.model.student.mean_shape.copy_(torch.from_numpy(self.cache.flow.mean_shape.astype(np.float32)))

    def _load_perceptual(self) -> nn.Module:
        from distill.measure.perceptual import Lpips

        return Lpips("vgg").to(self.device)

    @property
    def progress(self) -> float:
        """Share of the training done, 0..1: of the minutes when a budget is set, else of the images."""
        if self.config.budget_minutes > 0:
            return self.seconds / (60 * self.config.budget_minutes)
        return self.images / (1000 * self.config.kimg)

    def batches(self) -> StepBatches:
        """The batches of this training."""
        config = self.config
        return StepBatches(
            [self.cache, *(PairCache(Path(folder)) for folder in config.more)], batch=config.batch, seed=config.seed, steps=1 << 30,
            outside_weight=config.outside_weight, feature_gain=config.feature_gain, scene_share=config.scene_share,
        )  # fmt: skip

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Trains on one batch and returns its losses."""
        number = self.images // self.config.batch
        rise = min(1.0, (number + 1) / WARM_UP_STEPS)
        fall = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, self.progress)))
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * rise * fall
        batch = {name: value.to(self.device, non_blocking=True) for name, value in batch.items()}
        near = number % self.config.whole_every != 0
        rgb, matte, paint, logits = self._paint(batch, near)
        inner = {name: in_window(batch[name], 1) for name in ("target", "moved", "weight")}
        if near:
            batch |= inner
        colour, line = colour_and_line(rgb, batch["target"], batch["weight"])
        losses = {
            "colour": colour, "line": line,
            "matte": matte_loss(matte, batch["target"], decide=self.progress >= self.config.decide_from),
            "paint": paint_loss(paint if near else in_window(paint, 1), inner["target"], inner["weight"]), "saturation": saturation_loss(logits),
            "cover": cover_loss(logits, batch["moved"], batch["weight"], self.config.feature_gain),
        }  # fmt: skip
        total = losses["colour"] + losses["line"] + self.config.matte_weight * losses["matte"] + SATURATION_WEIGHT * losses["saturation"]
        total = total + PAINT_WEIGHT * losses["paint"] + COVER_WEIGHT * losses["cover"]
        if near and self.config.sharpness_weight > 0:
            losses["sharpness"] = sharpness_loss(rgb, batch["target"], batch["weight"])
            total = total + self.config.sharpness_weight * losses["sharpness"]
        if self.perceptual is not None and self.progress >= self.config.perceptual_from and number % self.config.perceptual_every == 1:
            losses["perceptual"] = self._perceptual_loss(rgb, batch)
            total = total + self.config.perceptual_weight * losses["perceptual"]
        if self.judge is not None and near and self.progress >= self.config.adversarial_from:
            losses |= self._judge(rgb, batch)
            total = total + self.config.adversarial_weight * losses["adversarial"]
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self._update_average(number)
        self.images += self.config.batch
        return {name: value.detach() for name, value in losses.items()} | {"loss": total.detach()}

    def _paint(self, batch: dict[str, Tensor], near: bool) -> Painted:
        student = self.model.student
        places = student.places(batch["field"], batch["mouth"]).contiguous(memory_format=torch.channels_last)
        pose = batch["pose"]
        if self.config.pose_noise > 0:
            pose = pose + self.config.pose_noise * student.pose_modulation.spread * torch.randn_like(pose)
        with torch.autocast(self.device.type, torch.bfloat16):
            modulation = self.model.style_modulation(batch["style"])
            return student.paint(batch["face"] * 2 - 1, batch["moved"], places, modulation, pose, near)

    def _perceptual_loss(self, rgb: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """LPIPS on one crop of each picture, where its weight is largest."""
        assert self.perceptual is not None
        size = self.config.perceptual_px
        heat = nn.functional.avg_pool2d(batch["weight"], size, 8)
        drawn, wanted = [], []
        for index, places in enumerate(heat.flatten(1).argmax(1).tolist()):
            top, left = 8 * (places // heat.shape[-1]), 8 * (places % heat.shape[-1])
            window = (slice(None), slice(top, top + size), slice(left, left + size))
            drawn.append(rgb[index][window])
            wanted.append(batch["target"][index, :3][window])
        with torch.autocast(self.device.type, torch.bfloat16):
            return self.perceptual(torch.stack(drawn) * 2 - 1, torch.stack(wanted) * 2 - 1).float().mean()

    def _judge(self, rgb: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        assert self.judge is not None and self.judge_optimiser is not None
        real = self.judge(batch["target"][:, :3], batch["moved"])
        judged = judge_loss(real, self.judge(rgb.detach(), batch["moved"]))
        self.judge_optimiser.zero_grad(set_to_none=True)
        judged.backward()
        self.judge_optimiser.step()
        self.judge.requires_grad_(False)
        adversarial = -self.judge(rgb, batch["moved"]).mean()
        self.judge.requires_grad_(True)
        return {"judge": judged, "adversarial": adversarial}

    def _update_average(self, number: int) -> None:
        decay = min(self.config.ema, (number + 1) / (number + 20))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - decay)

    def fit_colours(self) -> float:
        """Fits how the photo's colours are read, at the end of a training; returns the mean error."""
        error = fit_photo_colours(self.model.student, self.cache, seed=self.config.seed)
        self.average.student.read_colours.load_state_dict(self.model.student.read_colours.state_dict())
        return error

    def state(self) -> dict[str, Any]:
        """All that a resumed training needs."""
        judge = {} if self.judge is None or self.judge_optimiser is None else {
            "judge": self.judge.state_dict(), "judge_optimiser": self.judge_optimiser.state_dict()
        }  # fmt: skip
        return {
            "model": self.model.state_dict(), "average": self.average.state_dict(), "optimiser": self.optimiser.state_dict(),
            "images": self.images, "trained_seconds": self.seconds, **judge,
        }  # fmt: skip

    def load(self, state: dict[str, Any]) -> None:
        """Continues from `state()`."""
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.judge is not None and self.judge_optimiser is not None and "judge" in state:
            self.judge.load_state_dict(state["judge"])
            self.judge_optimiser.load_state_dict(state["judge_optimiser"])
        self.images, self.seconds = state["images"], state["trained_seconds"]
        restore_rng(state["rng"])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `train-anime`."""
    add_config_arguments(parser)
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR", help="folder of run folders (default: runs)")
    parser.add_argument("--fresh", action="store_true", help="start a new run even where an unfinished one could go on")
    parser.add_argument("--threads", type=int, default=1, help="threads of PyTorch (default: 1)")


def main(args: argparse.Namespace) -> int:
    """Trains until the budget is spent; the same command resumes an interrupted run."""
    config = load_config(AnimeTrainConfig, args)
    if args.dry_run:
        print(config_text(config))
        return 0
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(args.threads)
    trainer = AnimeTrainer(config, PairCache(Path(config.cache)))
    run = Run.open(args.runs, f"train-anime-{config.size}", config, fresh=args.fresh)
    state = run.restore(trainer.device)
    if state is not None:
        trainer.load(state)
    with stop_on_signal() as stopped:
        train(trainer, run, stopped)
    if trainer.progress >= 1:
        print(f"photo colours: mean error {trainer.fit_colours():.3f}")
    run.save(trainer.images, trainer.state())
    if trainer.progress >= 1:
        run.finish(trainer.images)
    rate = trainer.images / max(trainer.seconds, 1e-9)
    print(f"{run.folder}: {trainer.images / 1000:.1f} kimg in {trainer.seconds / 60:.1f} minutes, {rate:.1f} images/s")
    return 0


def train(trainer: AnimeTrainer, run: Run, stopped: Callable[[], bool]) -> None:
    """Steps until the budget is spent or `stopped` says so, logging means and saving checkpoints."""
    due_save = Every(round(1000 * trainer.config.checkpoint_kimg), trainer.images)
    due_log = Every(400, trainer.images)
    recent: dict[str, list[float]] = {}
    last = time.monotonic()
    for batch in _stream(trainer, trainer.images // trainer.config.batch):
        if trainer.progress >= 1 or stopped():
            break
        for name, value in trainer.step(batch).items():
            recent.setdefault(name, []).append(float(value))
        # Reading the losses waited for the device, so this is the step's whole time.
        now = time.monotonic()
        trainer.seconds, last = trainer.seconds + now - last, now
        if due_log.due(trainer.images):
            means = {name: sum(values) / len(values) for name, values in recent.items()}
            recent.clear()
            run.log(trainer.images, means | {"trained_seconds": trainer.seconds, "progress": trainer.progress})
        if due_save.due(trainer.images):
            run.save(trainer.images, trainer.state())


def _stream(trainer: AnimeTrainer, first: int) -> Any:
    """Batches from step `first` on; made by worker processes where the settings ask for them."""
    batches = trainer.batches()
    if trainer.config.workers == 0:
        yield from (batches[step] for step in range(first, len(batches)))
        return
    loader = DataLoader(
        batches, batch_size=None, sampler=range(first, len(batches)), num_workers=trainer.config.workers,
        prefetch_factor=4, pin_memory=trainer.device.type == "cuda", multiprocessing_context="spawn",
    )  # fmt: skip
    yield from loader
