"""Training state small enough to carry: half precision, no optimiser, parts of a bounded size.

Adam's moments are left behind: a restart warms the rate up again, and that costs less than
carrying three times the weight.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from distill.checkpoint import load_checkpoint, rng_state, write_atomic

MANIFEST = "state.json"
PART_BYTES = 16 * 2**20 - 4096
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


def write_parts(checkpoint: Path, folder: Path, part_bytes: int = PART_BYTES) -> list[Path]:
    """Write the thin state of `checkpoint` into `folder` as parts and a manifest."""
    buffer = io.BytesIO()
    torch.save(thin(load_checkpoint(checkpoint)), buffer)
    data = buffer.getvalue()
    paths = []
    for index, start in enumerate(range(0, len(data), part_bytes)):
        path = folder / f"state.{index:02d}"
        write_atomic(path, data[start : start + part_bytes])
        paths.append(path)
    manifest = {"parts": [path.name for path in paths], "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    write_atomic(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
    return [*paths, folder / MANIFEST]


def read_parts(folder: Path) -> dict[str, Any]:
    """The checkpoint from the parts in `folder`; raises SystemExit if one is missing or changed."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    missing = [name for name in manifest["parts"] if not (folder / name).exists()]
    if missing:
        raise SystemExit(f"{folder}: the parts {', '.join(missing)} are missing; bring them all back.")
    data = b"".join((folder / name).read_bytes() for name in manifest["parts"])
    if hashlib.sha256(data).hexdigest() != manifest["sha256"]:
        raise SystemExit(f"{folder}: the parts do not add up to the state that was written; copy them again.")
    return thick(torch.load(io.BytesIO(data), map_location="cpu", weights_only=True))
