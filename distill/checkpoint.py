"""Atomic checkpoints: written whole beside the old one, then renamed over it."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

# What a run's folder calls its newest checkpoint.
RUN_FILE = "checkpoint.pt"


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a reader sees the old file or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Save `state` (nested dicts of tensors and plain values) with the RNG states, atomically."""
    buffer = io.BytesIO()
    torch.save({**state, "rng": rng_state()}, buffer)
    write_atomic(path, buffer.getvalue())


def load_checkpoint(path: Path | str, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read a checkpoint: a file, a published folder (see `distill.published`) or a run's folder.

    Only tensors and plain values are accepted, so no code can run. Raises SystemExit with a
    sentence if nothing is there, or if a published folder is not whole.
    """
    path = Path(path)
    if path.is_dir():
        from distill.published import MANIFEST, read_published

        if (path / MANIFEST).exists():
            return read_published(path, device)
        if not (path / RUN_FILE).exists():
            raise SystemExit(f"{path}: this folder holds no checkpoint, neither {MANIFEST} (of publish-base) nor {RUN_FILE} (of a run).")
        path = path / RUN_FILE
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise SystemExit(f"{path}: there is no such checkpoint.") from None


def rng_state() -> dict[str, Any]:
    """The states of torch's, NumPy's and Python's generators, as tensors and plain values."""
    name, keys, *rest = np.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": [str(name), torch.from_numpy(keys.astype(np.int64)), *map(float, rest)],
        "python": random.getstate(),
    }


def restore_rng(state: Mapping[str, Any]) -> None:
    """Put the generators back to what `rng_state` saw."""
    torch.set_rng_state(state["torch"].cpu())
    if torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([item.cpu() for item in state["cuda"]])
    name, keys, pos, has_gauss, gauss = state["numpy"]
    keys = keys.cpu().numpy().astype(np.uint32)
    np.random.set_state((name, keys, int(pos), int(has_gauss), gauss))
    version, internal, following = state["python"]
    random.setstate((version, tuple(internal), following))
