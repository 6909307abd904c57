"""The student: a small dense U-Net whose convolutions are scaled and shifted by the style's modulation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from distill.painter.pattern import PERIOD_PX, phase

SIZE_PX = 256
LEAK = 0.1


@dataclass(frozen=True)
class StudentSize:
    """Channels at 128², 64² and 32², and residual blocks on the way down, at the bottom and on the way up."""

    channels: tuple[int, int, int]
    blocks: tuple[int, int, int]


SIZES: dict[str, StudentSize] = {
    "standard": StudentSize((24, 48, 96), (2, 4, 2)),
    "lite": StudentSize((12, 24, 48), (1, 3, 2)),
}


class StyledConv(nn.Module):
    """Convolution whose weight and bias are multiplied and shifted by its slice of the modulation.

    The style is folded into the weights (one style a batch), which is faster than scaling the
    feature map, in training and in the browser.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, active: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2)
        self.active = active
        self.offset = 0
        nn.init.kaiming_normal_(self.conv.weight, a=LEAK if active else 1.0)
        nn.init.zeros_(self.conv.bias)

    def forward(self, x: Tensor, modulation: Tensor) -> Tensor:
        width = self.conv.out_channels
        scale = modulation[0, self.offset : self.offset + width]
        shift = modulation[0, self.offset + width : self.offset + 2 * width]
        weight = self.conv.weight * scale.reshape(width, 1, 1, 1)
        x = F.conv2d(x, weight, self.conv.bias * scale + shift, self.conv.stride, self.conv.padding)
        return F.leaky_relu(x, LEAK) if self.active else x


class Residual(nn.Module):
    """x + LeakyReLU(styled conv x)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = StyledConv(channels, channels, 3)
        self.inner.conv.weight.data *= 0.5

    def forward(self, x: Tensor, modulation: Tensor) -> Tensor:
        return x + self.inner(x, modulation)


class Student(nn.Module):
    """face [b,3,256,256] in [-1,1] and modulation [1,D] → styled [b,4,256,256]: RGB in [-1,1], matte in [0,1].

    `modulation_size` is D; `neutral` [D] is the modulation that changes nothing.
    """

    neutral: Tensor
    phase: Tensor

    def __init__(self, size: StudentSize) -> None:
        super().__init__()
        wide, mid, deep = size.channels
        down, bottom, up = size.blocks
        self.stem = nn.Conv2d(3, wide, 5, 2, 2)
        self.down_64 = StyledConv(wide, mid, 3, 2)
        self.blocks_64 = nn.ModuleList(Residual(mid) for _ in range(down))
        self.down_32 = StyledConv(mid, deep, 3, 2)
        self.blocks_32 = nn.ModuleList(Residual(deep) for _ in range(bottom))
        self.context_in = nn.Conv2d(deep, deep // 2, 1)
        self.context_out = nn.Conv2d(deep // 2, deep, 1)
        self.up_64 = StyledConv(deep, mid, 1, active=False)
        self.blocks_up_64 = nn.ModuleList(Residual(mid) for _ in range(up))
        self.up_128 = StyledConv(mid, wide, 1, active=False)
        self.mix = StyledConv(wide + 4, wide, 3)
        self.head = StyledConv(wide, 16, 3, active=False)
        nn.init.kaiming_normal_(self.stem.weight, a=LEAK)
        nn.init.zeros_(self.stem.bias)
        # The four sub-pixels of each output start equal, so that no checkerboard has to be unlearned.
        self.head.conv.weight.data = 0.3 * self.head.conv.weight.data[::4].repeat_interleave(4, 0)
        # Patterns such as hatching are anchored to the crop: their phase is an input, one period long.
        self.register_buffer("phase", torch.from_numpy(phase(int(PERIOD_PX), 2))[None], persistent=False)
        styled = [module for module in self.modules() if isinstance(module, StyledConv)]
        offset = 0
        for module in styled:
            module.offset = offset
            offset += 2 * module.conv.out_channels
        self.modulation_size = offset
        neutral = torch.zeros(offset)
        for module in styled:
            neutral[module.offset : module.offset + module.conv.out_channels] = 1
        self.register_buffer("neutral", neutral, persistent=False)

    def logits(self, face: Tensor, modulation: Tensor) -> Tensor:
        """The four channels before the sigmoid."""
        at_128 = F.leaky_relu(self.stem(face), LEAK)
        at_64 = self.down_64(at_128, modulation)
        for block in self.blocks_64:
            at_64 = block(at_64, modulation)
        x = self.down_32(at_64, modulation)
        for index, block in enumerate(self.blocks_32):
            x = block(x, modulation)
            if index == 0:
                context = F.leaky_relu(self.context_in(x.mean((2, 3), keepdim=True)), LEAK)
                x = x + self.context_out(context)
        x = F.interpolate(self.up_64(x, modulation), scale_factor=2.0, mode="nearest") + at_64
        for block in self.blocks_up_64:
            x = block(x, modulation)
        x = F.interpolate(self.up_128(x, modulation), scale_factor=2.0, mode="nearest") + at_128
        period = self.phase.shape[-1]
        repeats = (x.shape[0], 1, x.shape[2] // period, x.shape[3] // period)
        pattern = self.phase.float().repeat(repeats).to(x.dtype)
        x = self.mix(torch.cat([x, pattern], 1), modulation)
        return F.pixel_shuffle(self.head(x, modulation), 2)

    def forward(self, face: Tensor, modulation: Tensor) -> Tensor:
        opacity = torch.sigmoid(self.logits(face, modulation).float())
        return torch.cat([opacity[:, :3] * 2 - 1, opacity[:, 3:]], 1)


def multiply_accumulates(student: Student) -> int:
    """MACs of one picture through all convolutions."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        student(torch.zeros(1, 3, SIZE_PX, SIZE_PX), student.neutral[None])
    # A multiplication and an addition are counted as two operations.
    return counter.get_total_flops() // 2
