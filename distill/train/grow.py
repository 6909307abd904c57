"""Starting from a smaller network: the same weights where the sizes agree, fresh top layers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from distill.networks.discriminator import Discriminator
from distill.networks.generator import Generator
from distill.networks.layout import Layout

State = dict[str, Tensor]


def layout_values(layout: Layout) -> dict[str, Any]:
    """A layout as plain values, for a checkpoint."""
    return {
        "size_px": layout.size_px, "channel_multiplier": layout.channel_multiplier, "channel_cap": layout.channel_cap,
    }


def grow_generator(generator: Generator, state: State) -> list[str]:
    """Load `state` of a generator of the same or a smaller size; returns the fresh parameters.

    The new ToRGB layers start at zero, so the picture starts as the small one, enlarged.
    """
    fresh = _load_matching(generator, state)
    for index, to_rgb in enumerate(generator.to_rgbs):
        if f"to_rgbs.{index}.conv.weight" in fresh:
            nn.init.zeros_(to_rgb.conv.weight)
            nn.init.zeros_(to_rgb.bias)
    return fresh


def grow_discriminator(discriminator: Discriminator, state: State, from_px: int) -> list[str]:
    """Load `state` of a discriminator of pictures of `from_px`; returns the fresh parameters.

    Its blocks count from the largest picture down, so they move up by the number of new ones.
    """
    added = len(discriminator.layout.resolutions) - len(Layout(from_px).resolutions)
    if added < 0:
        raise SystemExit(f"init: a {from_px} px network cannot become a {discriminator.layout.size_px} px one.")
    moved: State = {}
    for key, value in state.items():
        head, _, rest = key.partition(".")
        index, _, tail = rest.partition(".")
        if head == "convs" and added and index == "0":
            continue
        moved[f"convs.{int(index) + added}.{tail}" if head == "convs" else key] = value
    return _load_matching(discriminator, moved)


def widen_input(state: State, own: State) -> State:
    """`state` for an encoder that sees the reconstruction beside the picture, as ReStyle's does.

    The weights of the new channels are zero, so its first round gives what one pass gave.
    """
    widened = dict(state)
    for key, value in state.items():
        wanted = own[key].shape if key in own else value.shape
        if value.ndim == 4 and value.shape[1] == 3 and wanted == (value.shape[0], 6, *value.shape[2:]):
            widened[key] = torch.cat([value, torch.zeros_like(value)], 1)
    return widened


@torch.no_grad()
def _load_matching(module: nn.Module, state: State) -> list[str]:
    own = module.state_dict()
    for key, value in state.items():
        if key not in own:
            raise SystemExit(f"init: the checkpoint's {key} has no place in this network (is it larger?).")
        if own[key].shape != value.shape:
            raise SystemExit(
                f"init: {key} has shape {tuple(value.shape)} in the checkpoint, {tuple(own[key].shape)} here; "
                "channel_cap and channel_multiplier must agree."
            )
        own[key].copy_(value)
    parameters = dict(module.named_parameters())
    return [key for key in parameters if key not in state]
