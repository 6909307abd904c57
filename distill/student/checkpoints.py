"""Trained students: loading the averaged weights of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from distill.checkpoint import load_checkpoint
from distill.student.train import Model


@dataclass(frozen=True)
class Trained:
    """A student with its style head, and where it comes from.

    config: the run's settings. commit: of the program that trained. images: pictures seen.
    minutes: of training.
    """

    model: Model
    size: str
    config: dict[str, Any]
    commit: str
    images: int
    minutes: float

    @property
    def id(self) -> str:
        """The model's id in the manifest."""
        return f"comic-{self.size}"

    def styled(self, face: np.ndarray, code: np.ndarray, weights: tuple[float, float], keep_color: float) -> np.ndarray:
        """styled [b,4,256,256] of faces [b,3,256,256] under one style."""
        with torch.no_grad():
            modulation = self.model.modulation(code, weights, keep_color)
            return self.model.student(torch.from_numpy(face), modulation).numpy()


def load_trained(checkpoint: Path) -> Trained:
    """The averaged model of a checkpoint written by `train-student`; a run folder may be given instead."""
    path = checkpoint / "checkpoint.pt" if checkpoint.is_dir() else checkpoint
    state = load_checkpoint(path)
    size = state["config"]["size"]
    model = Model(size)
    model.load_state_dict(state["average"])
    model.eval().requires_grad_(False)
    return Trained(model, size, state["config"], state["commit"], state["images"], state["trained_seconds"] / 60)
