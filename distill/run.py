"""A training run's folder: settings, metrics, pictures, checkpoints, progress.

``runs/00003-train-base/`` holds ``config.yaml``, ``metrics.jsonl``, ``*.png`` grids and
``checkpoint.pt``. Running the same command again continues the newest unfinished run whose
fixed settings agree (a finished one too, if the command asks for more); `fresh` starts another.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from tqdm import tqdm

from distill.checkpoint import RUN_FILE, load_checkpoint, save_checkpoint, write_atomic
from distill.config import config_text, config_values

FINISHED = "finished"


class TrainingStopped(RuntimeError):
    """Training met a value that is not finite; the last checkpoint is untouched."""


class Run:
    """One numbered run folder.

    `position` is where training stands in images (not steps), as everything is counted in kimg.
    Only the process of `rank` 0 writes; the others share the folder's name and read.
    """

    def __init__(self, folder: Path, config: Any, rank: int = 0) -> None:
        self.folder = folder
        self.config = config
        self.rank = rank
        self.commit = current_commit()
        self._started = time.monotonic()

    @classmethod
    def open(
        cls, root: Path, verb: str, config: Any, *, fresh: bool = False, rank: int = 0, length: int = 0,
    ) -> Run:
        """The newest run of `verb` with the same fixed settings that can go on, or a new one.

        A finished run can go on if it ended before `length` images.
        """
        folder = None if fresh else find_unfinished(root, verb, config, length)
        if folder is None:
            folder = next_folder(root, verb)
        run = cls(folder, config, rank)
        if rank == 0:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomic(folder / "config.yaml", config_text(config).encode())
            print(f"{folder}\n{config_text(config)}", flush=True)
        return run

    @property
    def checkpoint_path(self) -> Path:
        """Where the newest whole checkpoint lies."""
        return self.folder / RUN_FILE

    def restore(self, device: torch.device | str = "cpu") -> dict[str, Any] | None:
        """The newest checkpoint's state, or None for a run that has none yet.

        Metrics logged after that checkpoint belong to lost steps and are dropped.
        """
        if not self.checkpoint_path.exists():
            return None
        state = load_checkpoint(self.checkpoint_path, device)
        if self.rank == 0:
            self._drop_metrics_after(state["position"])
        return state

    def save(self, position: int, state: Mapping[str, Any]) -> None:
        """Write a checkpoint atomically: `state`, position (images), settings, commit, RNG.

        Raises `TrainingStopped` and leaves the previous one if a weight is not finite.
        """
        bad = non_finite(state)
        if bad is not None:
            raise TrainingStopped(f"{bad} is not finite; {self._last_good()}")
        if self.rank == 0:
            save_checkpoint(
                self.checkpoint_path,
                {**state, "position": position, "config": config_values(self.config),
                 "commit": self.commit},
            )

    def log(self, position: int, metrics: Mapping[str, float | torch.Tensor]) -> dict[str, float]:
        """Append one line to metrics.jsonl; a value that is not finite stops training.

        A value is a number or a one-element tensor. Returns them as numbers. Raises
        `TrainingStopped`.
        """
        values = {name: float(value) for name, value in metrics.items()}
        for name, value in values.items():
            if not math.isfinite(value):
                raise TrainingStopped(
                    f"{name} is {value} at {position / 1000:.3f} kimg; {self._last_good()}"
                )
        if self.rank == 0:
            seconds = round(time.monotonic() - self._started, 2)
            row = {"kimg": position / 1000, "seconds": seconds, **values}
            with open(self.folder / "metrics.jsonl", "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        return values

    def picture_path(self, name: str, position: int) -> Path:
        """Where a grid called `name` made at `position` images goes."""
        return self.folder / f"{name}-{position / 1000:010.3f}.png"

    def finish(self, position: int = 0) -> None:
        """Mark the run finished at `position`, so that the same command starts another."""
        if self.rank == 0:
            write_atomic(self.folder / FINISHED, str(position).encode())

    def progress(self, done: int, total: int, unit: str = "img") -> tqdm:
        """A progress bar that starts at `done`; silent on ranks other than 0."""
        return tqdm(
            initial=done, total=total, unit=unit, disable=self.rank != 0, mininterval=2,
            desc=self.folder.name, dynamic_ncols=True,
        )

    def _last_good(self) -> str:
        if self.checkpoint_path.exists():
            return f"the last good state is {self.checkpoint_path}."
        return "no checkpoint had been written."

    def _drop_metrics_after(self, position: int) -> None:
        path = self.folder / "metrics.jsonl"
        if path.exists():
            rows = path.read_text(encoding="utf-8").splitlines()
            kept = [row for row in rows if json.loads(row)["kimg"] * 1000 <= position + 1e-6]
            write_atomic(path, "".join(row + "\n" for row in kept).encode())


def next_folder(root: Path, verb: str) -> Path:
    """``root/NNNNN-verb`` with the number after the highest there is."""
    names = os.listdir(root) if root.is_dir() else []
    numbers = [int(match[1]) for name in names if (match := re.match(r"(\d{5})-", name))]
    return root / f"{max(numbers, default=-1) + 1:05d}-{verb}"


def find_unfinished(root: Path, verb: str, config: Any, length: int = 0) -> Path | None:
    """The newest run folder of `verb` that can go on and whose fixed settings equal `config`'s."""
    fixed = config_values(config, fixed_only=True)
    for folder in sorted(root.glob(f"[0-9]*-{verb}"), reverse=True):
        path = folder / "config.yaml"
        end = folder / FINISHED
        if not path.exists() or (end.exists() and int(end.read_text()) >= length):
            continue
        saved = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        if {key: saved.get(key) for key in fixed} == fixed:
            return folder
    return None


def non_finite(state: Any, path: str = "state") -> str | None:
    """The path of the first float tensor in nested `state` with a NaN or infinity, or None."""
    if isinstance(state, torch.Tensor):
        bad = state.is_floating_point() and not bool(torch.isfinite(state).all())
        return path if bad else None
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(state, Mapping):
        items = state.items()
    elif isinstance(state, (list, tuple)):
        items = enumerate(state)
    return next((bad for key, value in items if (bad := non_finite(value, f"{path}.{key}"))), None)


def current_commit() -> str:
    """The commit of the program, with ``-dirty`` if files differ; ``unknown`` outside git."""
    def git(*args: str) -> str:
        return subprocess.run(
            ["git", *args], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        head = git("rev-parse", "--short=12", "HEAD")
        dirty = git("status", "--porcelain", "--untracked-files=no", "--", ".")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}-dirty" if dirty else head


class Every:
    """True once for each multiple of `interval` (in images) that the position has passed."""

    def __init__(self, interval: int, position: int = 0) -> None:
        self.interval = interval
        self._last = position // interval if interval > 0 else 0

    def due(self, position: int) -> bool:
        """Whether a multiple was passed since the last call; never with interval 0."""
        if self.interval <= 0 or position // self.interval == self._last:
            return False
        self._last = position // self.interval
        return True


@contextlib.contextmanager
def stop_on_signal() -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether SIGTERM or SIGINT came, so a loop can save and leave."""
    stopped = False

    def note(*_: object) -> None:
        nonlocal stopped
        stopped = True

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
