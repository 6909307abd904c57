"""Trained anime students: the averaged weights of a run with the style head around them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from distill.checkpoint import load_checkpoint
from distill.student.anime.canvas import ROWS
from distill.student.anime.flow import FlowModel
from distill.student.anime.network import AnimeModel, fold_styles
from distill.student.anime.style_head import AnimeStyleHead


@dataclass(frozen=True)
class TrainedAnime:
    """A student with its style head, and where it comes from. minutes: of training."""

    model: AnimeModel
    head: AnimeStyleHead
    config: dict[str, Any]
    commit: str
    images: int
    minutes: float

    @property
    def size(self) -> str:
        """standard or lite."""
        return self.model.size

    @property
    def id(self) -> str:
        """The model's id in the manifest."""
        return f"anime-{self.size}"

    def style(self, code: np.ndarray, structure: float = 0.5, colour: float = 1.0, keep: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
        """The style head's outputs for a code uint8 [ROWS, 512]."""
        weights = torch.full((1, ROWS), structure)
        weights[:, -1] = colour
        with torch.no_grad():
            return self.head(torch.from_numpy(code.astype(np.float32) / 255)[None], weights, torch.tensor([[keep]]))

    def styled(self, face: np.ndarray, pose: np.ndarray, style: tuple[Tensor, Tensor, Tensor]) -> np.ndarray:
        """[256, 256, 4] in 0–1 (RGB, matte) of one face [256, 256, 3] in 0–1."""
        picture = torch.from_numpy(np.ascontiguousarray(face.transpose(2, 0, 1), np.float32))[None] * 2 - 1
        with torch.no_grad():
            styled = self.model.student(picture, *style, torch.from_numpy(pose)[None])[0].numpy()
        return np.concatenate([styled[:3] * 0.5 + 0.5, styled[3:]]).transpose(1, 2, 0)


def load_anime(checkpoint: Path, flow: FlowModel) -> TrainedAnime:
    """The averaged model of a checkpoint written by `train-anime`; a run folder may be given instead."""
    path = checkpoint / "checkpoint.pt" if checkpoint.is_dir() else checkpoint
    state = load_checkpoint(path)
    model = AnimeModel(state["config"]["size"])
    model.load_state_dict(state["average"])
    return wrap(model, flow, state["config"], state["commit"], state["images"], state["trained_seconds"] / 60)


def wrap(model: AnimeModel, flow: FlowModel, config: dict[str, Any], commit: str, images: int, minutes: float) -> TrainedAnime:
    """A model made ready for single pictures."""
    model = model.to("cpu", memory_format=torch.contiguous_format).float().eval().requires_grad_(False)
    fold_styles(model.student, True)
    model.student.mean_shape.copy_(torch.from_numpy(flow.mean_shape.astype(np.float32)))
    return TrainedAnime(model, AnimeStyleHead(model.style_modulation, flow).eval().requires_grad_(False), config, commit, images, minutes)
