"""The loop around a trainer: progress, metrics, grids, checkpoints, time limit, signals."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor

from distill.checkpoint import restore_rng
from distill.run import Every, Run, TrainingStopped, stop_on_signal


class Trainer(Protocol):
    """What the loop needs of a trainer."""

    def step(self, position: int) -> dict[str, Tensor]: ...
    def state(self) -> dict[str, Any]: ...
    def load(self, state: dict[str, Any]) -> None: ...


class LoopConfig(Protocol):
    """The settings the loop reads: see `BaseConfig`."""

    batch: int
    total_kimg: float
    log_kimg: float
    grid_kimg: float
    snapshot_kimg: float
    minutes: float


class Means:
    """Sums scalars on the device; reading them is what waits for it."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[Tensor, int]] = {}

    def add(self, metrics: dict[str, Tensor]) -> None:
        """Count one step's scalars."""
        for name, value in metrics.items():
            total, count = self._sums.get(name, (torch.zeros_like(value), 0))
            self._sums[name] = (total + value, count + 1)

    def take(self) -> dict[str, float]:
        """The means since the last call."""
        means = {name: (total / count).item() for name, (total, count) in self._sums.items()}
        self._sums = {}
        return means


def train_loop(
    run: Run, trainer: Trainer, config: LoopConfig, *, draw: Callable[[Run, int], None],
    measure: Callable[[int], dict[str, float]] | None = None, agree: Callable[[bool], bool] = bool,
) -> int:
    """Train from where the run stands to its end, a time limit or a signal; returns the position.

    `draw(run, position)` writes grids; `measure(position)` gives slower metrics with each grid;
    `agree(flag)` tells all processes whether one of them wants to stop. The run is marked finished
    only at its full length; after a limit the same command goes on. Raises `TrainingStopped` on a
    value that is not finite, with the last checkpoint in place.
    """
    state = run.restore()
    position = 0
    if state is not None:
        trainer.load(state)
        restore_rng(state["rng"])
        position = state["position"]
    total = round(config.total_kimg * 1000)
    deadline = time.monotonic() + config.minutes * 60 if config.minutes else float("inf")
    intervals = (config.log_kimg, config.grid_kimg, config.snapshot_kimg)
    log, grid, snapshot = (Every(round(kimg * 1000), position) for kimg in intervals)
    means, started, first = Means(), time.monotonic(), position
    with run.progress(position, total) as bar, stop_on_signal() as stopped:
        while position < total and not agree(stopped() or time.monotonic() > deadline):
            means.add(trainer.step(position))
            position += config.batch
            bar.update(config.batch)
            if log.due(position) or position >= total:
                rate = (position - first) / (time.monotonic() - started)
                values = run.log(position, means.take() | {"images_per_second": rate})
                bar.set_postfix({k: f"{v:.3g}" for k, v in list(values.items())[:3]})
            if grid.due(position):
                draw(run, position)
                if measure is not None:
                    run.log(position, measure(position))
            if snapshot.due(position):
                run.save(position, trainer.state())
    leftover = means.take()
    if leftover:
        run.log(position, leftover)
    run.save(position, trainer.state())
    draw(run, position)
    if position >= total:
        run.finish(position)
    return position


def report_stop(error: TrainingStopped) -> int:
    """Print why training stopped; the exit status of a verb."""
    print(f"Training stopped: {error}")
    return 1
