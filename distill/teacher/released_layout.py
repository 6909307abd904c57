"""The public layout of released DualStyleGAN files: which keys and shapes they have, and ours for them.

At 1024 px a generator has 253 keys; other sizes follow from the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import torch
from torch import Tensor, nn

from distill.networks.dual import DualGenerator
from distill.networks.encoder import PspEncoder
from distill.networks.layout import STRUCTURE_MAX_PX, Layout
from distill.teacher.sampler_network import SamplerHalf

Shapes = dict[str, tuple[int, ...]]

RELEASED_PARTS = {"g": "generator", "structure_transform": "style", "mod_res": "res", "colour_transform": "res"}


def generator_layout(state: Mapping[str, Tensor], where: str) -> Layout:
    """The layout of a released generator, read from its shapes; raises SystemExit if it cannot be one."""
    blocks = {match[1] for key in state if (match := re.match(r"generator\.to_rgbs\.(\d+)\.", key))}
    first, last = state.get("generator.conv1.conv.weight"), state.get(f"generator.convs.{2 * len(blocks) - 1}.conv.weight")
    if not blocks or first is None or last is None or first.ndim != 5 or last.ndim != 5:
        raise SystemExit(f"{where}: this is no DualStyleGAN generator (its keys start with generator., style. and res.).")
    size_px, cap, channels = 4 * 2 ** len(blocks), first.shape[1], last.shape[1]
    multiplier = channels * size_px / 16384 if size_px > STRUCTURE_MAX_PX and channels < cap else 2
    try:
        return Layout(size_px, multiplier, cap)
    except ValueError as error:
        raise SystemExit(f"{where}: {error}") from None


def _meta_shapes(make: type[nn.Module], *args: object) -> Shapes:
    with torch.device("meta"):
        return {key: tuple(value.shape) for key, value in make(*args).state_dict().items()}


@cache
def generator_names(layout: Layout) -> dict[str, str]:
    """Released key → ours, in our order."""
    def released(key: str) -> str:
        part, _, rest = key.partition(".")
        if part == "colour_transform":
            index, _, rest = rest.partition(".")
            rest = f"{int(index) + layout.structure_layers}.{rest}"
        return f"{RELEASED_PARTS[part]}.{rest}"

    return {released(key): key for key in _meta_shapes(DualGenerator, layout)}


def generator_shapes(layout: Layout) -> Shapes:
    """Released key → shape."""
    ours = _meta_shapes(DualGenerator, layout)
    return {released: ours[key] for released, key in generator_names(layout).items()}


def encoder_shapes(rows: int) -> Shapes:
    """Key → shape of the `encoder.` part of a released encoder, whose average code is stored apart."""
    shapes = _meta_shapes(PspEncoder, rows)
    del shapes["latent_avg"]
    return {f"encoder.{key}": shape for key, shape in shapes.items()}


def sampler_shapes(width: int) -> Shapes:
    """Key → shape of one half (color, structure) of a released sampler for codes of `width` numbers."""
    return _meta_shapes(SamplerHalf, width)


def check_keys(state: Mapping[str, Tensor], wanted: Shapes, where: str) -> None:
    """Raises SystemExit naming keys that are missing, spare, of another shape or no numbers."""
    faults = []
    for label, keys in (("missing", wanted.keys() - state.keys()), ("unknown", state.keys() - wanted.keys())):
        if keys:
            named = ", ".join(sorted(keys)[:4]) + (" …" if len(keys) > 4 else "")
            faults.append(f"{len(keys)} {'key is' if len(keys) == 1 else 'keys are'} {label} ({named})")
    for key in sorted(wanted.keys() & state.keys()):
        value = state[key]
        if not isinstance(value, Tensor):
            faults.append(f"{key} is not a tensor")
        elif tuple(value.shape) != wanted[key]:
            faults.append(f"{key} has shape {tuple(value.shape)} instead of {wanted[key]}")
        elif value.is_floating_point() and not value.is_meta and not bool(torch.isfinite(value).all()):
            faults.append(f"{key} has values that are not finite")
    if faults:
        more = f"; and {len(faults) - 4} more faults" if len(faults) > 4 else ""
        raise SystemExit(f"{where}: {'; '.join(faults[:4])}{more}. Only whole files in the public DualStyleGAN layout are taken.")


def generator_state(state: Mapping[str, Tensor], where: str) -> tuple[Layout, dict[str, Tensor]]:
    """The layout of a released generator and its state under our names."""
    layout = generator_layout(state, where)
    check_keys(state, generator_shapes(layout), where)
    return layout, {ours: state[key] for key, ours in generator_names(layout).items()}


def encoder_state(state: Mapping[str, Tensor], average: Tensor, where: str) -> dict[str, Tensor]:
    """The state of a `PspEncoder` from the parts of a released encoder file; its decoder is left out."""
    kept = {key: value for key, value in state.items() if not key.startswith("decoder.")}
    check_keys(kept, encoder_shapes(len(average)), where)
    return {key.removeprefix("encoder."): value for key, value in kept.items()} | {"latent_avg": average}
