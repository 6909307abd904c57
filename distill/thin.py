"""Checkpoints small enough to carry: half precision, no optimiser, nothing twice.

Adam's moments are left behind: a restart warms the rate up again, and that costs less than
carrying three times the weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from distill.checkpoint import rng_state

# Smaller tensors (noise scales, biases) stay whole: they weigh nothing and matter.
SMALL = 4096
LEFT_BEHIND = frozenset({"rng", "opt_g", "opt_d", "optimiser", "signs", "recent", "g", "model"})


def thin(state: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a checkpoint that travels: averages and discriminator in half precision.

    The average of a generator or an autoencoder then stands for the current weights too.
    """
    # `ema` of an autoencoder repeats the generator inside its `ema_model`.
    left = LEFT_BEHIND | ({"ema"} if "ema_model" in state else set())
    return {key: _halve(value) for key, value in state.items() if key not in left} | {"thin": True}


def thick(state: Mapping[str, Any]) -> dict[str, Any]:
    """A checkpoint to go on from, made of what travelled."""
    whole = {key: _restore(value) for key, value in state.items()}
    if "d" in whole:
        whole["g"] = whole["ema"]
    if "ema_model" in whole:
        average = whole["ema_model"]
        whole["model"] = average
        whole["ema"] = {key.removeprefix("g."): value for key, value in average.items() if key.startswith("g.")}
    return whole | {"rng": rng_state()}


def _halve(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        return value.half() if value.dtype == torch.float32 and value.numel() > SMALL else value
    if isinstance(value, dict):
        return {key: _halve(item) for key, item in value.items()}
    return value


def _restore(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.float() if value.dtype == torch.float16 else value
    if isinstance(value, dict):
        return {key: _restore(item) for key, item in value.items()}
    return value
