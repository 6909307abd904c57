"""Training state as it travels to a lent machine and back: thin, in parts of a bounded size."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import torch

from distill.checkpoint import load_checkpoint, write_atomic
from distill.thin import thick, thin

MANIFEST = "state.json"
PART_BYTES = 16 * 2**20 - 4096


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
