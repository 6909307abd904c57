"""Picture grids as PNG."""

from __future__ import annotations

import io
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from distill.checkpoint import write_atomic


def tile(pictures: Tensor, columns: int) -> Tensor:
    """[N,3,S,S] in [-1,1] → one uint8 picture [H,W,3], row by row; the rest stays grey."""
    count, channels, height, width = pictures.shape
    rows = -(-count // columns)
    padded = F.pad(pictures.detach().float().cpu(), (0, 0, 0, 0, 0, 0, 0, rows * columns - count))
    grid = padded.reshape(rows, columns, channels, height, width).permute(0, 3, 1, 4, 2)
    grid = grid.reshape(rows * height, columns * width, channels)
    return ((grid.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def save_grid(path: Path, pictures: Tensor, columns: int, max_px: int = 2048) -> None:
    """Write a grid as PNG, reduced if a side would exceed `max_px`."""
    image = Image.fromarray(tile(pictures, columns).numpy())
    image.thumbnail((max_px, max_px), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    write_atomic(path, out.getvalue())
