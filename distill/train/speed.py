"""Precision, memory layout and compilation: settings every training verb shares."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

PRECISIONS = ("fp32", "bf16")


def autocast(device: torch.device, precision: str) -> contextlib.AbstractContextManager:
    """The context a forward pass runs in: nothing for fp32, autocast for bf16."""
    if precision not in PRECISIONS:
        raise SystemExit(f"precision={precision!r}: must be one of {', '.join(PRECISIONS)}.")
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def place(module: nn.Module, device: torch.device, channels_last: bool) -> nn.Module:
    """`module` on `device`, its 4-D weights channels-last if asked."""
    module = module.to(device)
    if channels_last:
        # One by one: Module.to would also try it on the 5-D modulated weights and fail.
        for tensor in (*module.parameters(), *module.buffers()):
            if tensor.ndim == 4:
                tensor.data = tensor.data.contiguous(memory_format=torch.channels_last)
    return module


def maybe_compile(function: Callable[..., Any], compiled: bool) -> Callable[..., Any]:
    """`function` through torch.compile, or as it is.

    Only main steps go through this: compiled graphs have no second derivative, so the lazy
    regularisers call the plain module, which shares its weights.
    """
    return torch.compile(function) if compiled else function


def allow_fast_math(device: torch.device) -> None:
    """TF32 and autotuned convolutions on NVIDIA GPUs."""
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
