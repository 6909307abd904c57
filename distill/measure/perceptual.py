"""LPIPS: the perceptual distance of two pictures, on VGG16 or AlexNet features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from distill.measure.packages import LPIPS_ALEX, LPIPS_VGG, PackagedFile, packaged_file, read_arrays, travelling

SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)
MIN_PX = 32


class _Conv(NamedTuple):
    """One convolution: width, kernel, stride, padding, the pooling before it, whether it is a tap."""

    width: int
    side: int = 3
    stride: int = 1
    padding: int = 1
    pool: int = 0
    tap: bool = False


class _Backbone(NamedTuple):
    file: PackagedFile
    name: str
    convs: tuple[_Conv, ...]


BACKBONES = {
    "vgg": _Backbone(LPIPS_VGG, "VGG16_0", (
        _Conv(64), _Conv(64, tap=True),
        _Conv(128, pool=2), _Conv(128, tap=True),
        _Conv(256, pool=2), _Conv(256), _Conv(256, tap=True),
        _Conv(512, pool=2), _Conv(512), _Conv(512, tap=True),
        _Conv(512, pool=2), _Conv(512), _Conv(512, tap=True),
    )),
    "alex": _Backbone(LPIPS_ALEX, "AlexNet_0", (
        _Conv(64, 11, 4, 2, tap=True), _Conv(192, 5, 1, 2, pool=3, tap=True), _Conv(384, pool=3, tap=True),
        _Conv(256, tap=True), _Conv(256, tap=True),
    )),
}


class Lpips(nn.Module):
    """Frozen features with the learned LPIPS heads; pictures [N,3,S,S] in [-1,1], S ≥ 32.

    `net` is vgg (for measuring and fine training) or alex (some twenty times cheaper). Called with
    two batches it returns their distance [N] (0 = same; about 0.6 = unrelated). Raises
    `MissingNetwork` if the package with the weights is not installed.
    """

    def __init__(self, net: str = "vgg") -> None:
        super().__init__()
        if net not in BACKBONES:
            raise ValueError(f"lpips net {net!r}: must be one of {', '.join(BACKBONES)}.")
        self._backbone = BACKBONES[net]
        self.convs = nn.ModuleList()
        channels = 3
        for spec in self._backbone.convs:
            self.convs.append(nn.Conv2d(channels, spec.width, spec.side, spec.stride, spec.padding))
            channels = spec.width
        widths = [spec.width for spec in self._backbone.convs if spec.tap]
        for level, width in enumerate(widths):
            self.register_buffer(f"head_{level}", torch.zeros(1, width, 1, 1))
        self.register_buffer("shift", torch.tensor(SHIFT)[:, None, None])
        self.register_buffer("scale", torch.tensor(SCALE)[:, None, None])
        self.load_state_dict(travelling(f"lpips-{net}") or self._packaged_state())
        self.requires_grad_(False).eval()

    def _packaged_state(self) -> dict[str, Tensor]:
        arrays = read_arrays(packaged_file(self._backbone.file))
        state = {"shift": self.shift, "scale": self.scale}
        for index in range(len(self.convs)):
            saved = arrays[self._backbone.name][f"Conv_{index}"]
            state[f"convs.{index}.weight"] = torch.from_numpy(saved["kernel"].copy()).permute(3, 2, 0, 1)
            state[f"convs.{index}.bias"] = torch.from_numpy(saved["bias"].copy())
        for level in range(sum(spec.tap for spec in self._backbone.convs)):
            head = arrays[f"NetLinLayer_{level}"]["Conv_0"]["kernel"].copy()
            state[f"head_{level}"] = torch.from_numpy(head).reshape(1, -1, 1, 1)
        return state

    def activations(self, pictures: Tensor) -> Iterator[Tensor]:
        """The rectified output of each convolution in turn (VGG16: relu1_1, 1_2, 2_1, …); stop when it is enough."""
        if min(pictures.shape[2:]) < MIN_PX:
            raise ValueError(f"LPIPS needs pictures of at least {MIN_PX} px; got {tuple(pictures.shape)}.")
        x = (pictures - self.shift) / self.scale
        for spec, conv in zip(self._backbone.convs, self.convs, strict=True):
            if spec.pool:
                x = F.max_pool2d(x, spec.pool, 2)
            x = F.relu(conv(x))
            yield x

    def features(self, pictures: Tensor) -> list[Tensor]:
        """The five taps, each pixel's vector of length 1 (VGG16: relu1_2, 2_2, 3_3, 4_3, 5_3)."""
        taps = []
        for spec, x in zip(self._backbone.convs, self.activations(pictures), strict=True):
            if spec.tap:
                # The root's gradient is infinite where every channel is 0, hence the inner eps.
                full = x.float()
                taps.append(full / ((full.square().sum(1, keepdim=True) + 1e-12).sqrt() + 1e-10))
        return taps

    def distance(self, taps_a: list[Tensor], taps_b: list[Tensor]) -> Tensor:
        """The distance [N] of two pictures whose taps are at hand."""
        total = taps_a[0].new_zeros(taps_a[0].shape[0])
        for level, (a, b) in enumerate(zip(taps_a, taps_b, strict=True)):
            weighted = (a - b).square() * getattr(self, f"head_{level}")
            total = total + weighted.sum(1).mean((1, 2))
        return total

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.distance(self.features(a), self.features(b))
