"""The face model that a teacher is built on: a generator and an encoder of pictures into its Z+."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from distill.checkpoint import load_checkpoint
from distill.networks.encoder import fit_input, make_encoder, restyle_codes
from distill.networks.generator import Generator
from distill.networks.layout import Layout
from distill.teacher.files import read_network, write_network

KIND = "encoder-1"
CHUNK = 16


@dataclass(frozen=True)
class EncoderFacts:
    """What an encoder file says of its network: see `make_encoder`; `restyle_steps` 0 is one pass."""

    encoder: str
    rows: int
    restyle_steps: int = 0
    width: int = 64
    head_rank: int = 0


class FaceEncoder(nn.Module):
    """Pictures [N,3,S,S] in [-1,1] of any size → Z+ codes [N,L,512] of `g`."""

    def __init__(self, facts: EncoderFacts) -> None:
        super().__init__()
        self.facts = facts
        self.e = make_encoder(
            facts.encoder, facts.rows, restyle=facts.restyle_steps > 0, width=facts.width, head_rank=facts.head_rank
        )

    @property
    def iterative(self) -> bool:
        """Whether it is a ReStyle encoder, which sees its last reconstruction beside the picture."""
        return self.facts.restyle_steps > 0

    def forward(self, g: Generator, pictures: Tensor, steps: int | None = None) -> Tensor:
        """`steps` ReStyle rounds (None: as many as in training); an encoder of one pass takes one."""
        size_px = g.layout.size_px
        if pictures.shape[-1] != size_px:
            smaller = size_px < pictures.shape[-1]
            pictures = F.interpolate(pictures, size=(size_px, size_px), mode="bilinear", antialias=smaller)
        if self.iterative:
            return restyle_codes(self.e, g, pictures, steps or self.facts.restyle_steps)[-1]
        return self.e(fit_input(self.e, pictures))

    @torch.no_grad()
    def encode_all(self, g: Generator, pictures: Tensor, steps: int | None = None) -> Tensor:
        """As `forward`, some pictures at a time."""
        return torch.cat([self(g, part, steps) for part in pictures.split(CHUNK)])


def load_faces(path: Path) -> tuple[Generator, FaceEncoder]:
    """The averaged generator and encoder of a `train-autoencoder` checkpoint.

    Raises SystemExit with a sentence for another kind of checkpoint.
    """
    state = load_checkpoint(path)
    whole, config = state.get("ema_model"), state.get("config", {})
    if whole is None or "encoder" not in config:
        raise SystemExit(f"{path}: base must be a checkpoint of train-autoencoder, which holds the encoder too.")
    layout = Layout(**state["layout"])
    facts = EncoderFacts(
        config["encoder"], layout.layers, config["restyle_steps"], config["encoder_width"], config.get("encoder_head_rank", 0)
    )
    g, encoder = Generator(layout), FaceEncoder(facts)
    g.load_state_dict(_part(whole, "g."))
    encoder.load_state_dict({f"e.{key}": value for key, value in _part(whole, "e.").items()})
    return g.requires_grad_(False).eval(), encoder.requires_grad_(False).eval()


def load_generator(path: Path, layout: Layout) -> Generator:
    """The averaged generator of a checkpoint of train-base, finetune-base or train-autoencoder.

    Raises SystemExit if its layout is another than `layout`.
    """
    state = load_checkpoint(path)
    if "ema" not in state or "layout" not in state:
        raise SystemExit(f"{path}: this checkpoint holds no generator; give one of finetune-base or train-base.")
    if Layout(**state["layout"]) != layout:
        raise SystemExit(f"{path}: its layout {state['layout']} differs from the base's; fine-tune from the same base.")
    g = Generator(layout)
    g.load_state_dict(state["ema"])
    return g.requires_grad_(False).eval()


def write_encoder(path: Path, encoder: FaceEncoder, licence: str) -> None:
    """Save an encoder as a safetensors file."""
    write_network(path, KIND, encoder.e.state_dict(), asdict(encoder.facts), licence)


def read_encoder(path: Path) -> tuple[FaceEncoder, str]:
    """An encoder and its licence from a safetensors file; raises SystemExit with a sentence."""
    file = read_network(path, KIND)
    encoder = FaceEncoder(EncoderFacts(**file.facts))
    encoder.e.load_state_dict(file.state)
    return encoder.requires_grad_(False).eval(), file.licence


def _part(state: dict[str, Any], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
