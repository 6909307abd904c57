"""Style transfer onto photos with every control, and the two baselines it is compared with."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from distill.networks.generator import Generator
from distill.networks.layout import Layout
from distill.networks.ops import pixel_norm
from distill.teacher.model import Teacher

Keep = Literal["none", "w0", "swap"]
Method = Literal["dual", "toonify", "mix"]
KEEPS: tuple[Keep, ...] = ("none", "w0", "swap")
METHODS: tuple[Method, ...] = ("dual", "toonify", "mix")


@dataclass(frozen=True)
class Controls:
    """weights [L] of the extrinsic path. structure, colour: factors on its structure and colour rows (0…1).

    keep_color: none (the exemplar's colours), w0 (the photo's own, colour rows off), swap (the photo's
    colours through the style's colour transform). truncation: 1 leaves the photo's code, less pulls it
    to the origin of W, as the released program does. method: dual, or a baseline.
    """

    weights: Tensor
    structure: float = 1.0
    colour: float = 1.0
    keep_color: Keep = "none"
    truncation: float = 1.0
    method: Method = "dual"

    def row_weights(self, layout: Layout) -> Tensor:
        """What each row is weighted with, [L]."""
        weights, first = self.weights.clone().float(), layout.structure_layers
        weights[:first] *= self.structure
        weights[first:] *= 0.0 if self.keep_color == "w0" else self.colour
        return weights


def blend(a: Tensor, b: Tensor, amount: float) -> Tensor:
    """Z+ codes between two: 0 gives the style or content of `a`, 1 that of `b`.

    Rows are brought to the same length first, since the mapping looks at their direction alone.
    """
    return torch.lerp(pixel_norm(a), pixel_norm(b), amount)


def swap_colours(layout: Layout, extrinsic: Tensor, intrinsic: Tensor) -> Tensor:
    """Extrinsic codes with the colour rows (7 and on) of the intrinsic ones."""
    first = layout.structure_layers
    return torch.cat([extrinsic[:, :first], intrinsic[:, first:]], 1)


@torch.no_grad()
def transfer(teacher: Teacher, intrinsic: Tensor, extrinsic: Tensor, controls: Controls, fine_tuned: Generator | None = None) -> Tensor:
    """Intrinsic and extrinsic codes in Z+ [N,L,512] → pictures [N,3,S,S].

    Baselines: `toonify` blends g into the fine-tuned g' row by row by the weights and ignores the
    exemplar; `mix` mixes styles in g' (in g without one): structure rows of the photo, colour rows of
    the exemplar. Raises SystemExit for toonify without g'.
    """
    layout = teacher.layout
    weights = controls.row_weights(layout).to(teacher.device)
    if controls.keep_color == "swap":
        extrinsic = swap_colours(layout, extrinsic, intrinsic)
    if controls.method == "dual":
        return teacher.draw(intrinsic, extrinsic, weights, truncation=controls.truncation)
    if controls.method == "toonify":
        if fine_tuned is None:
            raise SystemExit("--method toonify needs the fine-tuned generator: give --fine-tuned with a checkpoint of finetune-base.")
        generator = blended_generator(teacher.dual.g, fine_tuned, weights)
        rows = torch.lerp(teacher.dual.g.map(intrinsic), fine_tuned.map(intrinsic), weights[:, None]) * controls.truncation
    else:
        generator, first = fine_tuned or teacher.dual.g, layout.structure_layers
        content, style = generator.map(intrinsic) * controls.truncation, generator.map(extrinsic)
        rows = torch.cat([content[:, :first], torch.lerp(content, style, weights[:, None])[:, first:]], 1)
    return torch.cat([generator.synthesize(part) for part in rows.split(8)])


def blended_generator(g: Generator, fine_tuned: Generator, weights: Tensor) -> Generator:
    """A generator whose layer of each row lies between g (weight 0) and g' (weight 1); its mapping stays g's."""
    out = copy.deepcopy(g)
    rows = {"input": 0, "conv1": 0, "to_rgb1": 1}
    for index in range(len(g.convs)):
        rows[f"convs.{index}"] = index + 1
    for index in range(len(g.to_rgbs)):
        rows[f"to_rgbs.{index}"] = 2 * index + 3
    target = dict(fine_tuned.named_parameters())
    for name, parameter in out.named_parameters():
        row = next((row for part, row in rows.items() if name.startswith(f"{part}.")), None)
        if row is not None:
            parameter.lerp_(target[name].to(parameter), weights[row].to(parameter))
    return out
