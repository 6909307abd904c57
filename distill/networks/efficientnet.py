"""EfficientNet-Lite0, frozen: ImageNet features at four scales for the projected discriminator."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from distill.measure.packages import EFFICIENTNET, packaged_file, travelling

# (repeats, kernel, first stride, expansion, output channels) of each stage.
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320))
# Blocks whose output is tapped: strides 4, 8, 16, 32.
TAPS = (2, 4, 10, 15)
TAP_CHANNELS = (24, 40, 112, 320)
BN_EPS = 1e-3
# What follows the features in the package.
CLASSIFIER = ("_conv_head.", "_bn1.", "_fc.")


class _SameConv(nn.Conv2d):
    """Convolution padded as TensorFlow's "same": the extra pixel goes after."""

    def forward(self, x: Tensor) -> Tensor:
        side, stride = self.kernel_size[0], self.stride[0]
        pads = []
        for length in (x.shape[3], x.shape[2]):
            total = max((-(-length // stride) - 1) * stride + side - length, 0)
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, self.stride, groups=self.groups)


class _Block(nn.Module):
    """Inverted residual without squeeze-and-excite."""

    def __init__(self, in_channels: int, channels: int, side: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = in_channels * expansion
        self.expands = expansion != 1
        if self.expands:
            self._expand_conv = nn.Conv2d(in_channels, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, eps=BN_EPS)
        self._depthwise_conv = _SameConv(wide, wide, side, stride, groups=wide, bias=False)
        self._bn1 = nn.BatchNorm2d(wide, eps=BN_EPS)
        self._project_conv = nn.Conv2d(wide, channels, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(channels, eps=BN_EPS)
        self.adds = stride == 1 and in_channels == channels

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        out = F.relu6(self._bn1(self._depthwise_conv(out)))
        out = self._bn2(self._project_conv(out))
        return x + out if self.adds else out


def _packaged_state() -> dict[str, Tensor]:
    state = torch.load(packaged_file(EFFICIENTNET), map_location="cpu", weights_only=True)
    return {key: value for key, value in state.items() if not key.startswith(CLASSIFIER)}


class EfficientNetLite(nn.Module):
    """Pictures [N,3,S,S] in [-1,1] → features at a quarter, eighth, sixteenth and 32nd.

    Raises `MissingNetwork` if the package with the weights is not installed.
    """

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _SameConv(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, eps=BN_EPS)
        blocks: list[nn.Module] = []
        channels = 32
        for repeats, side, stride, expansion, width in STAGES:
            for index in range(repeats):
                blocks.append(_Block(channels, width, side, stride if index == 0 else 1, expansion))
                channels = width
        self._blocks = nn.ModuleList(blocks)
        self.load_state_dict(travelling("efficientnet") or _packaged_state())
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> EfficientNetLite:
        """Always stays in evaluation mode: its statistics are part of the features."""
        return super().train(False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        x = F.relu6(self._bn0(self._conv_stem(pictures)))
        taps = []
        for index, block in enumerate(self._blocks):
            x = block(x)
            if index in TAPS:
                taps.append(x)
        return taps
