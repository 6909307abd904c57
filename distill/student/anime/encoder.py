"""The anime style encoder: a picture of a character → which parts of the pack it resembles, and its colours.

A picture does not show the layers that an extrinsic code holds (`canvas`), so they are chosen, not
drawn: front hair, back hair and clothes each from the exemplar of the pack whose part looks most alike,
all of one sex as they share a template, in the colours that the picture shows.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from distill.student.anime.canvas import ATLAS_ROWS, BOXES, CHANNELS, PIXELS

PARTS = {"front": ("front",), "back": ("back",), "clothes": ("body", "face")}
"""What is chosen apart, and the layers of the code it brings."""
COLOUR_VALUES = 9
INPUT_PX = 256
COARSE_CELLS = 8
_THUMBNAIL_PX = 24
_SHARPNESS = 0.006


class StyleEncoder(nn.Module):
    """exemplar [b,3,256,256] in [-1,1] → likeness [b,3,n], colours [b,9] in 0–1.

    likeness: for each of `PARTS` how much each of the pack's n exemplars resembles the picture, 0–1, summing to 1
    over those of one sex. colours: hair, skin, eyes.
    """

    male: Tensor

    def __init__(self, male: np.ndarray, width: int = 16) -> None:
        super().__init__()
        self.register_buffer("male", torch.from_numpy(np.asarray(male, np.float32)))
        channels = (3, width, 2 * width, 3 * width, 4 * width, 4 * width)
        self.body = nn.Sequential(*(_Block(before, after) for before, after in zip(channels, channels[1:])))
        self.hidden = nn.Linear(channels[-1] * 16 + 3 * COARSE_CELLS**2, 128)
        self.out = nn.Linear(128, len(PARTS) * len(male) + 1 + COLOUR_VALUES)

    def raw(self, exemplar: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of the parts [b,3,n], logit of male [b,1], logits of the colours [b,9]."""
        shapes = self.body(F.avg_pool2d(exemplar, 2)).flatten(1)
        # The blocks' normalisation takes absolute colours away.
        colours = F.avg_pool2d(exemplar, INPUT_PX // COARSE_CELLS).flatten(1)
        out = self.out(F.leaky_relu(self.hidden(torch.cat([shapes, colours], 1)), 0.1))
        count = len(PARTS) * len(self.male)
        return out[:, :count].reshape(-1, len(PARTS), len(self.male)), out[:, count : count + 1], out[:, count + 1 :]

    def forward(self, exemplar: Tensor) -> tuple[Tensor, Tensor]:
        parts, male, colours = self.raw(exemplar)
        other = (torch.round(torch.sigmoid(male)) - self.male).abs()
        return (parts - 1e4 * other[:, None]).softmax(2), torch.sigmoid(colours)


class _Block(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(before, after, 3, 2, 1)
        self.norm = nn.GroupNorm(8, after)
        self.inner = nn.Conv2d(after, after, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.norm(self.down(x)), 0.1)
        return x + F.leaky_relu(self.inner(x), 0.1)


def assemble(likeness: np.ndarray, colours: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """The extrinsic code uint8 [ROWS, 512] of an encoder's output, likeness [3, n] and colours [9]; the SDK's twin is `assembleCode`."""
    chosen = dict(zip(PARTS, likeness.argmax(1)))
    code = codes[chosen["clothes"]].copy()
    for part, layers in PARTS.items():
        for layer in layers:
            start, end = layer_span(layer)
            code[1 : 1 + ATLAS_ROWS].reshape(-1)[start:end] = codes[chosen[part]][1 : 1 + ATLAS_ROWS].reshape(-1)[start:end]
    code[-1, :COLOUR_VALUES] = np.round(np.clip(colours, 0, 1) * 255)
    return code


def layer_span(layer: str) -> tuple[int, int]:
    """First and past-last byte of a layer in a code's atlas."""
    start = 0
    for name, (top, bottom, left, right) in BOXES.items():
        size = (bottom - top) * (right - left) * CHANNELS
        if name == layer:
            return start, start + size
        start += size
    raise KeyError(layer)


def part_looks(code: np.ndarray) -> np.ndarray:
    """What tells a code's parts apart, small pictures of their layers [3, …] in 0–1."""
    layers = code[1 : 1 + ATLAS_ROWS].reshape(-1)[: PIXELS * CHANNELS]
    looks = []
    for names in PARTS.values():
        top, bottom, left, right = BOXES[names[0]]
        start, end = layer_span(names[0])
        picture = layers[start:end].reshape(bottom - top, right - left, CHANNELS).astype(np.float32) / 255
        small = [cv2.resize(part, (_THUMBNAIL_PX, _THUMBNAIL_PX), interpolation=cv2.INTER_AREA).ravel() for part in (picture[..., :3], picture[..., 3:])]
        looks.append(np.concatenate(small))
    return np.stack(looks)


def part_targets(looks: np.ndarray, male: np.ndarray, pack: int) -> np.ndarray:
    """How alike the first `pack` exemplars' parts are to each exemplar's [m, 3, pack], summing to 1 over those of its sex.

    looks [m, 3, …] of `part_looks`, male bool [m].
    """
    distance = np.abs(looks[:, None] - looks[None, :pack]).mean(3).transpose(0, 2, 1)
    distance = np.where((male[:, None] == male[None, :pack])[:, None], distance, np.inf)
    share = np.exp(-(distance - distance.min(2, keepdims=True)) / _SHARPNESS)
    return (share / share.sum(2, keepdims=True)).astype(np.float32)


def spoiled(picture: np.ndarray, opacity: np.ndarray, colours: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A drawing float32 [256, 256, 3] in 0–1 as somebody might bring it, and its colours [9] then.

    Its colours are mixed anew, half the time it stands before a plain ground; it is shifted, turned, larger or
    smaller, a little blurred and noisy. opacity [256, 256, 1]: of the character.
    """
    mix = _colour_mix(rng)
    picture, colours = np.clip(picture @ mix.T, 0, 1), np.clip(colours.reshape(3, 3) @ mix.T, 0, 1).ravel()
    if rng.random() < 0.5:
        top, bottom = rng.uniform(0, 1, (2, 3))
        ramp = np.linspace(0, 1, len(picture))[:, None, None]
        picture = picture * opacity + (top * (1 - ramp) + bottom * ramp) * (1 - opacity)
    half = (INPUT_PX - 1) / 2
    matrix = cv2.getRotationMatrix2D((half, half), float(rng.normal(0, 5)), float(np.exp(rng.uniform(-0.45, 0.2))))
    matrix[:, 2] += rng.normal(0, 12, 2)
    moved = cv2.warpAffine(picture.astype(np.float32), matrix, (INPUT_PX, INPUT_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.3:
        moved = cv2.GaussianBlur(moved, (0, 0), float(rng.uniform(0.4, 1.5)))
    moved = moved + rng.normal(0, rng.uniform(0, 0.02), moved.shape)
    return np.clip(moved, 0, 1).astype(np.float32), colours.astype(np.float32)


def _colour_mix(rng: np.random.Generator) -> np.ndarray:
    """A 3×3 matrix that turns hues about the grey axis and makes colours paler, stronger or darker."""
    angle = rng.uniform(-np.pi, np.pi) if rng.random() < 0.5 else rng.normal(0, 0.15)
    c, s, third = np.cos(angle), np.sin(angle), 1 / np.sqrt(3)
    turn = c * np.eye(3) + (1 - c) / 3 + s * third * np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    grey = np.full((3, 3), 1 / 3)
    strength = rng.uniform(0.4, 1.2)
    return rng.uniform(0.7, 1.05) * (grey + strength * (turn - grey))
