"""Settings of `destylize`."""

from __future__ import annotations

from dataclasses import dataclass

from distill.config import free


@dataclass(frozen=True)
class DestylizeConfig:
    """Settings of `destylize`.

    base: checkpoint of train-autoencoder (g and E). tuned: checkpoint of finetune-base (g′), which the
    optimisation needs. style: portraits. exact: folders of exact pairs, whose photos say what the faces
    should have been. limit: how many portraits (0: all). out: the folder to write.
    steps, lr, ramp_up, ramp_down: of the optimisation's Adam (shares of the steps). lpips, identity,
    spread, noise: weights of its losses; identity 0 needs no network. batch: portraits at a time.
    rounds: ReStyle steps of each round of the encoder's way. truncation: of the code before it is
    embedded again, towards g's mean. face_model: MediaPipe's full bundle, to compare expressions.
    """

    base: str
    out: str
    style: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    tuned: str | None = None
    limit: int = 0
    steps: int = 300
    lr: float = 0.1
    ramp_up: float = 0.05
    ramp_down: float = 0.25
    lpips: float = 1.0
    identity: float = 0.1
    spread: float = 1.0
    noise: float = 1e5
    rounds: tuple[int, ...] = (5, 3, 1)
    truncation: float = 0.7
    face_model: str | None = None
    seed: int = 0
    batch: int = free(4)
    device: str = free("auto")
