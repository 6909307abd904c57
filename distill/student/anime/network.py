"""The anime student: layers moved by the pose, and a U-Net that draws what layers cannot: eyes, brows, mouth, background, matte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from distill.student.anime.canvas import BOXES, CANVAS_PX, CHANNELS, PACKED
from distill.student.anime.flow import FIELD_SIZE, LAYERS, NODES, SHAPE_SIZE, SIZE_PX
from distill.student.anime.pose_vector import POSE_SIZE, SHAPE
from distill.student.anime.style_head import TAIL, StyleModulation
from distill.student.style_head import EqualLinear

LEAK = 0.1
FACE = LAYERS.index("face")
COLOUR_CELLS = 8
"""Cells a side of the coarse picture from which the photo's colours are read."""
OUTPUTS = 6
"""Of each pixel: red, green, blue painted; how much it covers the layers; how much the photo's head lies there;
how much of the layers is head rather than clothes."""
DETAILS = 4
"""The first of them, which are drawn finer within the window."""
WINDOW = slice(80, 208), slice(72, 184)
"""Rows and columns of the crop, px, in which eyes, brows and mouth lie. Only there is anything drawn finely: the
layers bring the rest, and matte and background are smooth."""


@dataclass(frozen=True)
class AnimeSize:
    """Channels at 128², 64², 32² and 16²; residual blocks at 16², 32², 64² and in the window; width of the place network."""

    channels: tuple[int, int, int, int]
    blocks: tuple[int, int, int, int]
    place: int


SIZES = {
    "standard": AnimeSize((32, 40, 48, 64), (3, 0, 1, 3), 16),
    "lite": AnimeSize((16, 24, 32, 48), (2, 1, 1, 3), 8),
}


class StyledConv(nn.Module):
    """Convolution whose outputs are scaled and shifted by the modulation of each picture.

    For a single picture the scale is folded into the weights, which is how the browser runs it.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, active: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2)
        self.active, self.offset, self.fold = active, 0, False
        nn.init.kaiming_normal_(self.conv.weight, a=LEAK if active else 1.0)
        nn.init.zeros_(self.conv.bias)

    def forward(self, x: Tensor, modulation: Tensor) -> Tensor:
        width = self.conv.out_channels
        scale = 1 + modulation[:, self.offset : self.offset + width]
        shift = modulation[:, self.offset + width : self.offset + 2 * width]
        if self.fold:
            weight = self.conv.weight * scale.reshape(width, 1, 1, 1)
            x = F.conv2d(x, weight, self.conv.bias * scale[0] + shift[0], self.conv.stride, self.conv.padding)
        else:
            x = F.conv2d(x, self.conv.weight, None, self.conv.stride, self.conv.padding)
            shift = shift + self.conv.bias * scale
            x = torch.addcmul(shift[..., None, None].to(x.dtype), x, scale[..., None, None].to(x.dtype))
        return F.leaky_relu(x, LEAK) if self.active else x


class Residual(nn.Module):
    """x + LeakyReLU(styled conv x)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = StyledConv(channels, channels, 3)
        self.inner.conv.weight.data *= 0.5

    def forward(self, x: Tensor, modulation: Tensor) -> Tensor:
        return x + self.inner(x, modulation)


class PoseModulation(nn.Module):
    """pose [b, POSE_SIZE] → what it adds to the convolutions' scales and shifts [b, size]."""

    mean: Tensor
    spread: Tensor

    def __init__(self, size: int, hidden: int = 128) -> None:
        super().__init__()
        self.inner = EqualLinear(POSE_SIZE, hidden)
        self.second = EqualLinear(hidden, hidden)
        self.out = EqualLinear(hidden, size, gain=0.1)
        self.register_buffer("mean", torch.zeros(POSE_SIZE))
        self.register_buffer("spread", torch.ones(POSE_SIZE))

    def forward(self, pose: Tensor) -> Tensor:
        x = ((pose - self.mean) / self.spread).clamp(-4, 4) * 1.5
        x = F.leaky_relu(self.inner(x), LEAK)
        return self.out(F.leaky_relu(self.second(x) * 1.4, LEAK) * 1.4)


class Painter(nn.Module):
    """The U-Net: face [b,3,256,256] in [-1,1], moved layers [b,4,256,256] in 0–1, places in the window [b,5,64,56] → logits [b,OUTPUTS,256,256].

    Down to 16² over the whole crop, up to 64², where everything is drawn coarsely, and up to 128² in the window
    alone, where eyes, brows and mouth are drawn.
    """

    def __init__(self, size: AnimeSize) -> None:
        super().__init__()
        wide, mid, low, deep = size.channels
        at_16, at_32, at_64, near = size.blocks
        self.stem = nn.Conv2d(7, wide, 3, 2, 1)
        self.down_64 = StyledConv(wide, mid, 3, 2)
        self.down_32 = StyledConv(mid, low, 3, 2)
        self.down_16 = StyledConv(low, deep, 3, 2)
        self.context_in = nn.Conv2d(deep, deep // 2, 1)
        self.context_out = nn.Conv2d(deep // 2, deep, 1)
        self.blocks_16 = nn.ModuleList(Residual(deep) for _ in range(at_16))
        self.up_32 = StyledConv(deep, low, 1, active=False)
        self.blocks_32 = nn.ModuleList(Residual(low) for _ in range(at_32))
        self.up_64 = StyledConv(low, mid, 1, active=False)
        self.blocks_64 = nn.ModuleList(Residual(mid) for _ in range(at_64))
        self.coarse = StyledConv(mid, OUTPUTS, 1, active=False)
        self.up_128 = StyledConv(mid, wide, 1, active=False)
        self.place_in = StyledConv(5, size.place, 1)
        self.place_mid = StyledConv(size.place, size.place, 1)
        self.mix = StyledConv(wide + size.place, wide, 3)
        self.blocks_near = nn.ModuleList(Residual(wide) for _ in range(near))
        self.fine = StyledConv(wide, 4 * DETAILS, 3, active=False)
        nn.init.kaiming_normal_(self.stem.weight, a=LEAK)
        nn.init.zeros_(self.stem.bias)
        # Hinges all over the face, so that lines may lie anywhere from the start.
        nn.init.normal_(self.place_in.conv.weight, 0, 0.6)
        nn.init.uniform_(self.place_in.conv.bias, -1.0, 1.0)
        # Small, because a sigmoid that saturates at the start learns nothing more.
        self.coarse.conv.weight.data *= 0.05
        self.coarse.conv.bias.data[3] = -1.0
        self.fine.conv.weight.data = 0.05 * self.fine.conv.weight.data[::4].repeat_interleave(4, 0)
        offset = 0
        for module in self.modules():
            if isinstance(module, StyledConv):
                module.offset = offset
                offset += 2 * module.conv.out_channels
        self.modulation_size = offset

    def forward(self, face: Tensor, moved: Tensor, places: Tensor, modulation: Tensor, near: bool = False) -> Tensor:
        """near: logits [b,OUTPUTS,128,112] of the window alone, which is enough to train what is drawn there."""
        at_128 = F.leaky_relu(self.stem(torch.cat([face, moved], 1)), LEAK)
        at_64 = self.down_64(at_128, modulation)
        at_32 = self.down_32(at_64, modulation)
        x = self.down_16(at_32, modulation)
        x = x + self.context_out(F.leaky_relu(self.context_in(x.mean((2, 3), keepdim=True)), LEAK))
        for block in self.blocks_16:
            x = block(x, modulation)
        x = twice(self.up_32(x, modulation)) + at_32
        for block in self.blocks_32:
            x = block(x, modulation)
        x = twice(self.up_64(x, modulation)) + at_64
        for block in self.blocks_64:
            x = block(x, modulation)
        coarse = self.coarse(x, modulation).float()
        coarse = four_times_in_window(coarse) if near else four_times(coarse)
        x = twice(self.up_128(in_window(x, 4), modulation)) + in_window(at_128, 2)
        place = self.place_mid(self.place_in(places, modulation), modulation)
        x = self.mix(torch.cat([x, place], 1), modulation)
        for block in self.blocks_near:
            x = block(x, modulation)
        fine = F.pixel_shuffle(self.fine(x, modulation), 2).float()
        return torch.cat([coarse[:, :DETAILS] + fine, coarse[:, DETAILS:]], 1) if near else add_in_window(coarse, fine)


def twice(x: Tensor) -> Tensor:
    """Maps at twice the resolution."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def four_times(x: Tensor) -> Tensor:
    """Maps at four times the resolution, smooth."""
    return F.interpolate(x, scale_factor=4.0, mode="bilinear", align_corners=False)


def four_times_in_window(x: Tensor) -> Tensor:
    """What of `four_times` of maps [b,c,64,64] lies in the window."""
    rows, columns = (slice(side.start // 4 - 1, side.stop // 4 + 1) for side in WINDOW)
    return four_times(x[:, :, rows, columns])[:, :, 4:-4, 4:-4]


def in_window(x: Tensor, step: int) -> Tensor:
    """What of maps [b,c,256/step,256/step] lies in the window."""
    rows, columns = (slice(side.start // step, side.stop // step) for side in WINDOW)
    return x[:, :, rows, columns]


def add_in_window(whole: Tensor, inner: Tensor) -> Tensor:
    """whole [b,c,256,256] with inner [b,d,128,112] added to the first d maps in the window."""
    rows, columns = WINDOW
    first, rest = whole[:, : inner.shape[1]], whole[:, inner.shape[1] :]
    band = first[:, :, rows]
    band = torch.cat([band[..., : columns.start], band[..., columns] + inner, band[..., columns.stop :]], 3)
    return torch.cat([torch.cat([first[:, :, : rows.start], band, first[:, :, rows.stop :]], 2), rest], 1)


class Painted(NamedTuple):
    """rgb in 0–1 [b,3,256,256], matte [b,1,256,256], paint [b,3,256,256] before layers cover it, and what came before the sigmoid [b,OUTPUTS,256,256]."""

    rgb: Tensor
    matte: Tensor
    paint: Tensor
    logits: Tensor


class AnimeStudent(nn.Module):
    """The whole graph of one frame: face, modulation, canvas_layers, canvas_flow, pose → styled [1,4,256,256].

    Training calls `paint` with layers that were moved beforehand.
    """

    spread_nodes: Tensor
    spread_rows: Tensor
    spread_columns: Tensor
    mean_shape: Tensor

    def __init__(self, size: AnimeSize) -> None:
        super().__init__()
        self.painter = Painter(size)
        self.pose_modulation = PoseModulation(self.painter.modulation_size)
        self.read_colours = nn.Linear(3 * COLOUR_CELLS**2, 6)
        self.register_buffer("spread_nodes", _upsampling(SIZE_PX))
        rows, columns = (_upsampling(SIZE_PX // 2)[side.start // 2 : side.stop // 2] for side in WINDOW)
        self.register_buffer("spread_rows", rows)
        self.register_buffer("spread_columns", columns)
        self.register_buffer("mean_shape", torch.zeros(SHAPE_SIZE))

    @property
    def modulation_size(self) -> int:
        """D, the tail included."""
        return self.painter.modulation_size + TAIL

    def places(self, face_field: Tensor, mouth: Tensor) -> Tensor:
        """Where each second pixel of the window lies on the drawn face and from the drawn mouth [b,5,64,56], about -2…2.

        face_field [b,2,NODES,NODES] px of the crop; mouth [b,2] px from the crop's middle.
        """
        field = self.spread_rows @ face_field @ self.spread_columns.t()
        down, across = (
            torch.arange(side.start, side.stop, 2, device=field.device, dtype=torch.float32) + 1 - SIZE_PX / 2 for side in WINDOW
        )
        down, across = down.reshape(1, -1, 1), across.reshape(1, 1, -1)
        on_face_x, on_face_y = (across + field[:, 0]) / 48, (down + field[:, 1] - 16) / 48
        from_mouth_x, from_mouth_y = (across - mouth[:, 0, None, None]) / 24, (down - mouth[:, 1, None, None]) / 24
        rows = from_mouth_x.expand(-1, len(down[0]), -1), from_mouth_y.expand(-1, -1, len(across[0, 0]))
        return torch.stack([on_face_x, on_face_x.abs(), on_face_y, *(row.clamp(-3, 3) for row in rows)], 1)

    def paint(self, face: Tensor, moved: Tensor, places: Tensor, modulation: Tensor, pose: Tensor, near: bool = False) -> Painted:
        """The picture of moved layers, of the window alone if `near`."""
        logits = self.painter(face, moved, places, modulation + self.pose_modulation(pose), near)
        return lay_over(in_window(moved, 1) if near else moved, logits)

    def photo_colours(self, face: Tensor) -> Tensor:
        """The photo's hair and skin colour [b,6] in 0–1: the crop holds still, so where a coarse cell lies says what it shows."""
        return torch.sigmoid(self.read_colours(F.avg_pool2d(face, SIZE_PX // COLOUR_CELLS).flatten(1)))

    def flow(self, pose: Tensor, canvas_flow: Tensor) -> tuple[Tensor, Tensor]:
        """Fields [4,2,NODES,NODES] and mouth [1,2] of one pose vector [1,POSE_SIZE]."""
        yaw, pitch, opening = pose[:, 0:1], pose[:, 1:2], pose[:, 2:3]
        shape = pose[:, SHAPE] - self.mean_shape
        features = torch.cat([torch.ones_like(yaw), yaw, yaw * yaw, pitch, pitch * pitch, yaw * pitch, opening, yaw.abs(), shape, yaw * shape], 1)
        row = features @ canvas_flow
        return row[0, :FIELD_SIZE].reshape(len(LAYERS), 2, NODES, NODES), row[:, FIELD_SIZE:]

    def move_layers(self, canvas_layers: Tensor, fields: Tensor) -> Tensor:
        """The layers moved and laid over each other [1,CHANNELS,256,256]: the nearest pixel of a canvas twice as fine."""
        # Every operation here costs as much as a small convolution, so none is done twice, and none on all layers at once.
        axis = 2 * torch.arange(SIZE_PX, dtype=torch.float32) + 1
        places = (2 * self.spread_nodes) @ fields @ self.spread_nodes.t()
        out, start = [], 0
        for layer, (top, bottom, left, right) in enumerate(BOXES.values()):
            width = right - left
            column = (places[layer, 0] + axis.reshape(1, -1)).floor().clamp(left, right - 1)
            row = (places[layer, 1] + axis.reshape(-1, 1)).floor().clamp(top, bottom - 1)
            # Below 2^24, so float32 holds every index exactly.
            index = row * width + column + (start - left - top * width)
            # Number by number: a runtime copies rows of two eleven times as slowly.
            packed = torch.gather(canvas_layers, 1, index.reshape(1, -1).to(torch.int64).expand(PACKED, -1))
            upper = (packed * 2**-8).floor()
            high = (upper * 2**-8).floor()
            # Red and opacity, green and hair, blue and skin, as they are packed.
            above = high, upper - high * 2**8, packed - upper * 2**8
            bare = 1 - high[1:] * (1 / 255)
            out = [under * bare + over for under, over in zip(out, above, strict=True)] if out else above
            start += (bottom - top) * width
        (red, alpha), (green, hair), (blue, skin) = out
        return torch.stack([red, green, blue, alpha, hair, skin]).reshape(1, CHANNELS, SIZE_PX, SIZE_PX) * (1 / 255)

    def forward(self, face: Tensor, modulation: Tensor, canvas_layers: Tensor, canvas_flow: Tensor, pose: Tensor) -> Tensor:
        fields, mouth = self.flow(pose, canvas_flow)
        moved = self.move_layers(canvas_layers, fields)
        styled, tail = modulation[:, :-TAIL], modulation[:, -TAIL:]
        painted = self.paint(face, moved[:, :4], self.places(fields[FACE : FACE + 1], mouth), styled, pose)
        return finish(painted, moved, tail, self.photo_colours(face))


def lay_over(moved: Tensor, logits: Tensor) -> Painted:
    """Paint over moved layers, as far as it covers them or nothing lies there; the matte is where the photo's head or the drawn one lies."""
    level = torch.sigmoid(logits.float())
    paint, (cover, photo, head) = level[:, :3], reach_ends(level[:, 3:]).split(1, 1)
    bare = 1 - cover
    rgb = moved[:, :3] * bare + paint * (1 - bare * moved[:, 3:4])
    return Painted(rgb, 1 - (1 - photo) * (1 - head * moved[:, 3:4]), paint, logits)


def finish(painted: Painted, moved: Tensor, tail: Tensor, colours: Tensor) -> Tensor:
    """The graph's output [b,4,256,256] of what was painted, in the colours asked for."""
    rgb = painted.rgb * keep_colours(moved[:, 4:6], tail, colours)
    return torch.cat([rgb.clamp(0, 1) * 2 - 1, painted.matte.clamp(0, 1)], 1)


def reach_ends(level: Tensor) -> Tensor:
    """A sigmoid's 0–1 stretched so that both ends are reached, give or take half a percent.

    A few percent of paint over all the hair is a blur. The small slope left beyond the ends is what lets
    training turn back.
    """
    wide = level * 1.1 - 0.05
    return 0.9 * wide.clamp(0, 1) + 0.1 * wide


def keep_colours(shares: Tensor, tail: Tensor, colours: Tensor) -> Tensor:
    """The factor [b,3,256,256] that brings the exemplar's hair and skin to the photo's, as far as `tail` asks.

    shares [b,2,256,256]: how much of a pixel is hair and skin.
    """
    ratio = (colours / tail[:, :6].clamp_min(0.15)).clamp(0.2, 5) - 1
    ratio = (ratio * tail[:, 6:7]).reshape(-1, 2, 3).transpose(1, 2)
    return 1 + (ratio @ shares.flatten(2)).reshape(len(shares), 3, *shares.shape[2:])


def _upsampling(size: int) -> Tensor:
    """Matrix [size, NODES] that interpolates nodes, each in the middle of its cell, at pixel centres."""
    place = ((torch.arange(size) + 0.5) * NODES / size - 0.5).clamp(0, NODES - 1)
    low = place.floor().clamp(max=NODES - 2).long()
    matrix = torch.zeros(size, NODES)
    matrix[torch.arange(size), low] = 1 - (place - low)
    matrix[torch.arange(size), low + 1] = place - low
    return matrix


class AnimeModel(nn.Module):
    """Student and the trained part of its style head, trained together and averaged together."""

    def __init__(self, size: str) -> None:
        super().__init__()
        self.size = size
        self.student = AnimeStudent(SIZES[size])
        self.style_modulation = StyleModulation(self.student.painter.modulation_size)


def fold_styles(student: AnimeStudent, fold: bool) -> None:
    """Whether scales go into the weights: only for batches of one picture."""
    for module in student.modules():
        if isinstance(module, StyledConv):
            module.fold = fold


def multiply_accumulates(student: AnimeStudent) -> int:
    """MACs of one frame."""
    from torch.utils.flop_counter import FlopCounterMode

    from distill.student.anime.canvas import PIXELS
    from distill.student.anime.flow import FEATURES

    fold_styles(student, True)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        student(
            torch.zeros(1, 3, SIZE_PX, SIZE_PX), torch.zeros(1, student.modulation_size),
            torch.zeros(PACKED, PIXELS), torch.zeros(FEATURES, FIELD_SIZE + 2), torch.zeros(1, POSE_SIZE),
        )  # fmt: skip
    return counter.get_total_flops() // 2


assert CANVAS_PX == 2 * SIZE_PX
