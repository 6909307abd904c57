"""The face generator as files to keep and share: safetensors shards and a json that says what they are.

A published folder holds ``base.json`` (layout, settings, kimg, commit, hashes) and
``base.NN.safetensors``: the averaged networks of a `train-autoencoder` or `train-base` checkpoint in
half precision (large matrices in 8 bits where room is scarce), each once. `load_checkpoint` reads
it like a checkpoint. It has no optimiser, so what goes on from it (``init=FOLDER``) is a warm restart.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from distill.checkpoint import write_atomic
from distill.thin import thick, thin

MANIFEST = "base.json"
FORMAT = "face-base-1"
SHARD_BYTES = 16 * 2**20
SCALE = ".scale"
"""Ending of the key of an 8-bit matrix's scales."""
EIGHT_BIT_NUMBERS = 2**18
"""Matrices of at least so many numbers are stored in 8 bits where that is asked for."""
# More than a shard's header takes for one tensor.
ENTRY_BYTES = 256


def publish(
    state: Mapping[str, Any], folder: Path, *, discriminator: bool = False, eight_bit: bool = False, shard_bytes: int = SHARD_BYTES,
) -> list[Path]:
    """Write the averaged networks of a checkpoint's `state` into `folder`; returns the files.

    `discriminator` takes a `train-base` checkpoint's discriminator along. `eight_bit` stores large matrices
    (mapping network, the encoder's heads) as int8 with a scale a row, 0.4 % of the row's largest number apart. A shard has at most
    `shard_bytes`. What `folder` held before is replaced. Raises SystemExit with a sentence if the
    state has no such networks or a weight does not fit half precision.
    """
    if "layout" not in state or not ({"ema", "ema_model"} & state.keys()):
        raise SystemExit("publish-base: this checkpoint holds no face generator; give one of train-autoencoder or train-base.")
    if discriminator and "d" not in state:
        raise SystemExit("publish-base: this checkpoint has no discriminator; leave --discriminator out.")
    light = thin(state)
    names = [name for name in ("ema_model", "ema", *(["d"] * discriminator)) if name in light]
    tensors = {f"{name}/{key}": value.contiguous() for name in names for key, value in light[name].items()}
    for key, value in tensors.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise SystemExit(f"publish-base: {key} is not finite in half precision, so the checkpoint cannot be published.")
    if eight_bit:
        tensors = _coarse(tensors)
    shards = []
    for index, shard in enumerate(_shards(tensors, shard_bytes)):
        data = save(shard, {"format": FORMAT})
        path = folder / f"base.{index:02d}.safetensors"
        write_atomic(path, data)
        shards.append({"file": path.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    manifest = {
        "format": FORMAT, "networks": names, "layout": light["layout"], "kimg": state.get("position", 0) / 1000,
        "commit": state.get("commit", "unknown"), "config": _without_folders(state.get("config", {})), "shards": shards,
    }
    write_atomic(folder / MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())
    current = {shard["file"] for shard in shards}
    for old in folder.glob("base.*.safetensors"):
        if old.name not in current:
            old.unlink()
    return [*(folder / shard["file"] for shard in shards), folder / MANIFEST]


def read_published(folder: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """The checkpoint in a published folder, as `load_checkpoint` gives it; raises SystemExit with a sentence."""
    manifest = read_manifest(folder)
    networks: dict[str, dict[str, Tensor]] = {name: {} for name in manifest["networks"]}
    for shard in manifest["shards"]:
        for key, value in _read_shard(folder / shard["file"], shard["sha256"]).items():
            name, _, rest = key.partition("/")
            networks[name][rest] = value.to(device)
    networks = {name: _fine(weights) for name, weights in networks.items()}
    known = {key: manifest[key] for key in ("layout", "config", "commit")}
    return thick({**networks, **known, "position": round(manifest["kimg"] * 1000), "thin": True})


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a published folder says of itself; raises SystemExit with a sentence."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known = manifest["format"]
    except (ValueError, KeyError, TypeError):
        raise SystemExit(f"{folder / MANIFEST} is not what publish-base writes; restore the folder.") from None
    if known != FORMAT:
        raise SystemExit(f"{folder / MANIFEST} has the format {known}, where {FORMAT} is needed; publish the checkpoint anew.")
    return manifest


def _read_shard(path: Path, sha256: str) -> dict[str, Tensor]:
    if not path.exists():
        raise SystemExit(f"{path}: this shard of the published checkpoint is missing; bring the whole folder.")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise SystemExit(f"{path}: this shard is not the one that {MANIFEST} names (its hash differs); bring the whole folder again.")
    try:
        return load(data)
    except SafetensorError as error:
        raise SystemExit(f"{path} is not a safetensors file ({error}); publish the checkpoint anew.") from None


def _shards(tensors: Mapping[str, Tensor], limit: int) -> Iterator[dict[str, Tensor]]:
    shard: dict[str, Tensor] = {}
    weight = 0
    for key, value in tensors.items():
        size = value.numel() * value.element_size() + ENTRY_BYTES
        if size + ENTRY_BYTES > limit:
            raise SystemExit(f"publish-base: {key} alone has {size / 2**20:.1f} MiB, more than a shard may have.")
        if weight + size + ENTRY_BYTES > limit:
            yield shard
            shard, weight = {}, 0
        shard[key] = value
        weight += size
    yield shard


def _coarse(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    stored = {}
    for key, value in tensors.items():
        if value.ndim == 2 and value.numel() >= EIGHT_BIT_NUMBERS:
            stored[key + SCALE] = (value.float().abs().amax(1, keepdim=True) / 127).clamp_min(1e-12)
            value = (value.float() / stored[key + SCALE]).round().to(torch.int8)
        stored[key] = value
    return stored


def _fine(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights with 8-bit matrices multiplied out; a shard boundary may lie between a matrix and its scales."""
    whole = {key: value for key, value in weights.items() if not key.endswith(SCALE)}
    return {key: value.float() * weights[key + SCALE] if key + SCALE in weights else value for key, value in whole.items()}


def _without_folders(value: Any) -> Any:
    """Settings without the folders of the machine that trained."""
    if isinstance(value, dict):
        return {key: _without_folders(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_folders(item) for item in value]
    return PurePath(value).name if isinstance(value, str) and PurePath(value).is_absolute() else value
