"""Reading pictures as they come: any depth, channels and orientation, each oddity noted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


class UnreadablePicture(ValueError):
    """A file that holds no picture; the message names it and says why."""


@dataclass(frozen=True)
class Picture:
    """A picture as uint8 RGB [H,W,3] and what had to be done to get it there."""

    rgb: np.ndarray
    notes: tuple[str, ...]


def list_pictures(folder: Path) -> list[Path]:
    """Every picture file under `folder`, by name; raises FileNotFoundError for no folder."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder; give one with photos.")
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())


def read_picture(path: Path) -> Picture:
    """Read `path` as 8-bit RGB: 16 bits are reduced, alpha is laid over white, grey is spread.

    Raises `UnreadablePicture`.
    """
    data = np.frombuffer(path.read_bytes(), np.uint8)
    raw = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if raw is None:
        raise UnreadablePicture(f"{path.name}: the file is empty, cut short or not a picture.")
    notes = []
    if raw.dtype == np.uint16:
        raw = (raw / 257).round().astype(np.uint8)
        notes.append("16 bits reduced to 8")
    elif raw.dtype != np.uint8:
        raise UnreadablePicture(f"{path.name}: pixels of type {raw.dtype} are not supported.")
    if raw.ndim == 2:
        raw = np.repeat(raw[:, :, None], 3, 2)
        notes.append("grey spread to three channels")
    elif raw.shape[2] == 4:
        alpha = raw[:, :, 3:].astype(np.float32) / 255
        raw = (raw[:, :, :3] * alpha + 255 * (1 - alpha)).round().astype(np.uint8)
        notes.append("alpha laid over white")
    turned = _orient(raw, path)
    if turned is not raw:
        notes.append("turned by its EXIF orientation")
    return Picture(np.ascontiguousarray(turned[:, :, ::-1]), tuple(notes))


def _orient(bgr: np.ndarray, path: Path) -> np.ndarray:
    from PIL import Image

    try:
        with Image.open(path) as image:
            orientation = image.getexif().get(0x0112, 1)
    except OSError:
        return bgr
    flips = {
        2: lambda x: x[:, ::-1], 3: lambda x: x[::-1, ::-1], 4: lambda x: x[::-1],
        5: lambda x: x.transpose(1, 0, 2), 6: lambda x: np.rot90(x, -1),
        7: lambda x: np.rot90(x, -1)[:, ::-1], 8: lambda x: np.rot90(x, 1),
    }
    return np.ascontiguousarray(flips[orientation](bgr)) if orientation in flips else bgr


def resize(rgb: np.ndarray, size_px: int) -> np.ndarray:
    """A square picture at another size: area average down, cubic up."""
    down = rgb.shape[0] >= size_px
    return cv2.resize(rgb, (size_px, size_px), interpolation=cv2.INTER_AREA if down else cv2.INTER_CUBIC)
