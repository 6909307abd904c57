"""Networks in safetensors files that say what they are: layout, kind and licence in the metadata."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

FORMATS = ("dual-generator-1", "encoder-1", "sampler-1")


class NetworkFile(NamedTuple):
    """state: tensors by key. facts: what the network is made from (plain values). licence: empty, or terms."""

    state: dict[str, Tensor]
    facts: dict[str, Any]
    licence: str


def write_network(path: Path, kind: str, state: Mapping[str, Tensor], facts: Mapping[str, Any], licence: str) -> None:
    """Save a network of one of `FORMATS`, atomically and without a second copy in memory (an encoder is 1 GB)."""
    tensors = {key: value.detach().cpu().contiguous() for key, value in state.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    save_file(tensors, part, {"format": kind, "facts": json.dumps(dict(facts)), "licence": licence})
    os.replace(part, path)


def read_network(path: Path, kind: str) -> NetworkFile:
    """Read a network; raises SystemExit with a sentence for a missing file or another kind."""
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            found = metadata.get("format")
            state = {key: file.get_tensor(key) for key in file.keys()} if found == kind else {}  # noqa: SIM118
    except FileNotFoundError:
        raise SystemExit(f"{path}: there is no such file.") from None
    except SafetensorError as error:
        raise SystemExit(f"{path} is not a safetensors file ({error}).") from None
    if found != kind:
        raise SystemExit(f"{path} holds {found or 'something unknown'}, where {kind} is needed.")
    return NetworkFile(state, json.loads(metadata["facts"]), metadata["licence"])
