"""Encoders of a picture into Z+: the pSp shape in its full size, and a small one.

Both predict an offset from a stored average code, so both also serve ReStyle, which feeds the
picture with the current reconstruction (6 channels) and sums the offsets.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from distill.networks.generator import Generator
from distill.networks.layout import CODE_DIM
from distill.networks.ops import EqualLinear

COARSE_ROWS = 3
MIDDLE_ROWS = 7
IR_STAGES = ((64, 3), (128, 4), (256, 14), (512, 3))
SE_REDUCTION = 16


class _SqueezeExcite(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // SE_REDUCTION, 1, bias=False)
        self.fc2 = nn.Conv2d(channels // SE_REDUCTION, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.fc2(F.relu(self.fc1(x.mean((2, 3), keepdim=True))))
        return x * torch.sigmoid(gate)


class _IrBlock(nn.Module):
    """Improved residual block with squeeze-and-excite."""

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        if in_channels == channels:
            self.shortcut_layer: nn.Module = nn.MaxPool2d(1, stride)
        else:
            self.shortcut_layer = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(in_channels),
            nn.Conv2d(in_channels, channels, 3, padding=1, bias=False),
            nn.PReLU(channels),
            nn.Conv2d(channels, channels, 3, stride, 1, bias=False),
            nn.BatchNorm2d(channels),
            _SqueezeExcite(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut_layer(x) + self.res_layer(x)


class _StyleHead(nn.Module):
    """Strided convolutions down to 1×1, then a linear layer: one row of the code."""

    def __init__(self, size_px: int, channels: int = CODE_DIM) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(int(math.log2(size_px))):
            layers += [nn.Conv2d(channels, channels, 3, 2, 1), nn.LeakyReLU()]
        self.convs = nn.Sequential(*layers)
        self.linear = EqualLinear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.convs(x).flatten(1))


def _start_average(rows: int) -> Tensor:
    # Not zero: PixelNorm has no direction there, and ReStyle starts from this very code.
    draws = torch.randn(CODE_DIM, generator=torch.Generator().manual_seed(0))
    return draws.expand(rows, -1).clone()


class PspEncoder(nn.Module):
    """IR-SE-50 with a feature pyramid and one head per row; input 256 px in [-1,1].

    `in_channels` is 3, or 6 for ReStyle.
    """

    input_px = 256

    def __init__(self, rows: int, in_channels: int = 3) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.input_layer = nn.Sequential(
            nn.Conv2d(in_channels, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64)
        )
        blocks: list[nn.Module] = []
        channels = 64
        for width, count in IR_STAGES:
            for index in range(count):
                blocks.append(_IrBlock(channels, width, 2 if index == 0 else 1))
                channels = width
        self.body = nn.Sequential(*blocks)
        sizes = [16 if r < COARSE_ROWS else 32 if r < MIDDLE_ROWS else 64 for r in range(rows)]
        self.styles = nn.ModuleList(_StyleHead(px) for px in sizes)
        self.latlayer1 = nn.Conv2d(256, CODE_DIM, 1)
        self.latlayer2 = nn.Conv2d(128, CODE_DIM, 1)
        self.register_buffer("latent_avg", _start_average(rows))

    def forward(self, picture: Tensor, start: Tensor | None = None) -> Tensor:
        """Picture [N,C,256,256] → Z+ code [N,L,512]: `start` (the average) plus the offset."""
        x = self.input_layer(picture)
        taps = []
        ends = (6, 20, 23)
        for index, block in enumerate(self.body):
            x = block(x)
            if index in ends:
                taps.append(x)
        fine, middle, coarse = taps
        middle = _grow(coarse, middle.shape[2:]) + self.latlayer1(middle)
        fine = _grow(middle, fine.shape[2:]) + self.latlayer2(fine)
        levels = [coarse if r < COARSE_ROWS else middle if r < MIDDLE_ROWS else fine
                  for r in range(len(self.styles))]
        rows = [head(level) for head, level in zip(self.styles, levels, strict=True)]
        return (self.latent_avg if start is None else start) + torch.stack(rows, 1)


def _grow(x: Tensor, size: torch.Size) -> Tensor:
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=True)


class _SmallBlock(nn.Module):
    """Residual block with group normalisation: no statistics shared across a batch."""

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(8, in_channels)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1)
        self.norm2 = nn.GroupNorm(8, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1)
        same = in_channels == channels and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(in_channels, channels, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv1(F.silu(self.norm1(x)))
        out = self.conv2(F.silu(self.norm2(out)))
        return self.shortcut(x) + out


class SmallEncoder(nn.Module):
    """Any input of 64 px or more in [-1,1]; about 10 M parameters at width 64.

    Three groups of rows (coarse, middle, fine) read the features at a sixteenth, an eighth and
    a quarter of the input, each as a 4×4 grid so that places are kept. `head_rank` bounds the rank of
    each row's linear map, which else are most of a narrow encoder; 0: full.
    """

    grid = 4

    def __init__(self, rows: int, in_channels: int = 3, width: int = 64, head_rank: int = 0) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.stem = nn.Conv2d(in_channels, width // 2, 3, 2, 1)
        self.stage1 = _stage(width // 2, width)
        self.stage2 = _stage(width, 2 * width)
        self.stage3 = _stage(2 * width, 4 * width)
        cells = self.grid * self.grid
        self.tap_reduce = nn.ModuleList(
            nn.Conv2d(channels, 2 * width, 1) for channels in (4 * width, 2 * width, width)
        )
        self.tap_linear = nn.ModuleList(
            nn.Linear(2 * width * cells, CODE_DIM) for _ in range(3)
        )
        # Each finer group also sees the coarser ones: colours depend on who is in the picture.
        self.heads = nn.ModuleList(_row_head(head_rank) for _ in range(rows))
        self.register_buffer("latent_avg", _start_average(rows))

    def forward(self, picture: Tensor, start: Tensor | None = None) -> Tensor:
        """Picture [N,C,S,S] → Z+ code [N,L,512]: `start` (the average) plus the offset."""
        quarter = self.stage1(self.stem(picture))
        eighth = self.stage2(quarter)
        sixteenth = self.stage3(eighth)
        groups: list[Tensor] = []
        taps = (sixteenth, eighth, quarter)
        for tap, reduce, linear in zip(taps, self.tap_reduce, self.tap_linear, strict=True):
            grid = F.adaptive_avg_pool2d(F.silu(reduce(tap)), self.grid).flatten(1)
            group = linear(grid)
            groups.append(group if not groups else group + groups[-1])
        rows = []
        for index, head in enumerate(self.heads):
            group = groups[0 if index < COARSE_ROWS else 1 if index < MIDDLE_ROWS else 2]
            rows.append(head(F.silu(group)))
        return (self.latent_avg if start is None else start) + torch.stack(rows, 1)


def _row_head(rank: int) -> nn.Module:
    if rank == 0:
        return nn.Linear(CODE_DIM, CODE_DIM)
    return nn.Sequential(nn.Linear(CODE_DIM, rank, bias=False), nn.Linear(rank, CODE_DIM))


def _stage(in_channels: int, channels: int) -> nn.Sequential:
    return nn.Sequential(
        _SmallBlock(in_channels, channels, 2), _SmallBlock(channels, channels, 1)
    )


def make_encoder(
    kind: str, rows: int, *, restyle: bool = False, width: int = 64, head_rank: int = 0
) -> PspEncoder | SmallEncoder:
    """`kind` "full" or "small" for codes of `rows` rows; `restyle` takes 6 channels.

    `width` and `head_rank` are the small one's (see SmallEncoder).
    """
    channels = 6 if restyle else 3
    if kind == "full":
        return PspEncoder(rows, channels)
    if kind == "small":
        return SmallEncoder(rows, channels, width, head_rank)
    raise ValueError(f"encoder {kind!r}: must be full or small.")


def fit_input(encoder: PspEncoder | SmallEncoder, picture: Tensor) -> Tensor:
    """Resize `picture` to what `encoder` reads: 256 px for the full one, as is for the small."""
    size_px = getattr(encoder, "input_px", None)
    if size_px is None or picture.shape[-1] == size_px:
        return picture
    return F.interpolate(
        picture, size=(size_px, size_px), mode="bilinear", antialias=picture.shape[-1] > size_px
    )


def restyle_codes(
    encoder: PspEncoder | SmallEncoder, generator: Generator, picture: Tensor, steps: int
) -> list[Tensor]:
    """The Z+ codes after each of `steps` ReStyle rounds, from the average face on."""
    if encoder.in_channels != 6:
        raise ValueError("restyle_codes needs an encoder made with restyle=True (6 channels).")
    code = encoder.latent_avg.expand(picture.shape[0], -1, -1)
    codes = []
    for _ in range(steps):
        current = F.interpolate(
            generator(code), size=picture.shape[2:], mode="bilinear", antialias=True
        )
        code = encoder(fit_input(encoder, torch.cat([picture, current], 1)), start=code)
        codes.append(code)
    return codes
