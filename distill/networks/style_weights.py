"""Weights of the extrinsic path, one per row of a code: how strongly the style acts there."""

from __future__ import annotations

import re

import torch
from torch import Tensor

from distill.networks.layout import Layout

_TERM = re.compile(r"(?:(\d+)\s*\*\s*)?([-+]?(?:\d+\.?\d*|\.\d+))")


def expand_weights(text: str, rows: int) -> Tensor:
    """`"4*0, 3*.75, 11*1"` → weights [rows]: `n*v` is n weights of v, `v` alone is one.

    Given seven values (the structure rows), the colour rows follow as 1; any other number than
    seven or `rows` is a `ValueError`, as is a term that cannot be read.
    """
    values: list[float] = []
    for term in text.strip().strip("[]").split(","):
        match = _TERM.fullmatch(term.strip())
        if match is None:
            raise ValueError(f"weights {text!r}: {term.strip()!r} is neither a number nor count*number.")
        values += [float(match[2])] * int(match[1] or 1)
    structure = Layout(32).structure_layers
    if len(values) == structure:
        values += [1.0] * (rows - structure)
    if len(values) != rows:
        raise ValueError(
            f"weights {text!r} are {len(values)}: give {rows}, or the {structure} of the structure alone."
        )
    return torch.tensor(values)


def structure_weights(layout: Layout, structure: float = 1.0, colour: float = 1.0) -> Tensor:
    """`structure` on the structure rows and `colour` on the others, [L]."""
    count = layout.structure_layers
    return torch.cat([torch.full((count,), float(structure)), torch.full((layout.layers - count,), float(colour))])
