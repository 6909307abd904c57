"""The artist's parts: finding, checking, reading, recolouring."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

SEXES = ("female", "male")
CANVAS_WIDTH, CANVAS_HEIGHT = 1000, 1200
SHEET_NAMES = ("skin", "base", "static", "highlights")
LICENCE_FILE = "LICENSE-CC0.txt"
LICENCE = "CC0-1.0"
AUTHOR = "Sutemo"
ORIGIN = "github:ShatReal/sutemo"


class AtelierError(RuntimeError):
    """A part, a photo or an option that cannot be used; the message says which and what to do."""


class PartSet:
    """The layered busts in `folder` (the one with ``sprites/`` and the licence file).

    Parts are named ``sex/group/item``. A canvas is 1000×1200 px; a set reduced to a fraction of
    that is accepted and used at its own `res` (pixels of the files per canvas pixel).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.root = self.folder / "sprites"
        self._items: dict[tuple[str, str], tuple[str, ...]] = {}
        if not (self.folder / LICENCE_FILE).is_file():
            raise AtelierError(
                f"{self.folder / LICENCE_FILE} is missing, so the licence of the parts is unknown. "
                "Point to the folder that holds the licence and sprites/."
            )
        if not self.root.is_dir():
            raise AtelierError(f"{self.root} is missing. Point to the folder that holds sprites/.")
        self.sexes = tuple(sex for sex in SEXES if (self.root / sex).is_dir())
        if not self.sexes:
            raise AtelierError(f"{self.root} holds neither {' nor '.join(SEXES)}.")
        body = self.sheet(self.sexes[0], "01_body", self.items(self.sexes[0], "01_body")[0], "skin")
        self.res = body.shape[1] / CANVAS_WIDTH

    def items(self, sex: str, group: str) -> tuple[str, ...]:
        """Names of the items of a group, sorted; empty if the set has no such group."""
        key = (sex, group)
        if key not in self._items:
            folder = self.root / sex / group
            found = folder.iterdir() if folder.is_dir() else ()
            self._items[key] = tuple(sorted(path.name for path in found if path.is_dir()))
        return self._items[key]

    def has_sheet(self, sex: str, group: str, item: str, name: str) -> bool:
        """Whether the item has a file of that name (`skin`, `base`, `static`, `highlights`)."""
        return (self.root / sex / group / item / f"{name}.png").is_file()

    def sheet(self, sex: str, group: str, item: str, name: str) -> np.ndarray:
        """One file as premultiplied RGBA uint8; raises `AtelierError` when missing or corrupt."""
        return _read_sheet(self.root / sex / group / item / f"{name}.png")

    def check(self) -> None:
        """Read every file once; raises `AtelierError` naming the first missing or corrupt one."""
        expected = (round(CANVAS_HEIGHT * self.res), round(CANVAS_WIDTH * self.res))
        for path in sorted(self.root.rglob("*.png")):
            shape = _decode(path).shape[:2]
            if shape != expected:
                raise AtelierError(f"{path} is {shape[1]}×{shape[0]} px, expected "
                                   f"{expected[1]}×{expected[0]} px like the other parts.")


def _decode(path: Path) -> np.ndarray:
    if not path.is_file():
        raise AtelierError(f"Part {path} is missing. Fetch the part set again.")
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED) \
        if path.stat().st_size else None
    if picture is None or picture.ndim != 3 or picture.shape[2] != 4:
        raise AtelierError(f"Part {path} is not a readable RGBA picture. Fetch the part set again.")
    return picture


@lru_cache(maxsize=96)
def _read_sheet(path: Path) -> np.ndarray:
    rgba = cv2.cvtColor(_decode(path), cv2.COLOR_BGRA2RGBA)
    alpha = rgba[..., 3:].astype(np.uint16)
    rgba[..., :3] = (rgba[..., :3] * alpha + 127) // 255
    rgba.setflags(write=False)
    return rgba


def tint(premultiplied: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Multiply by an RGB colour (0–255); the artist's shading stays."""
    out = premultiplied.astype(np.float32)
    out[..., :3] *= np.asarray(colour, np.float32) / 255
    return out


def over(below: np.ndarray, above: np.ndarray) -> None:
    """Lay premultiplied float RGBA (0–255) `above` over `below`, in place."""
    below *= 1 - above[..., 3:] / 255
    below += above


def thicken_lines(premultiplied: np.ndarray, amount: float) -> np.ndarray:
    """Widen dark lines by about one pixel on each side, by `amount` 0–1, within the shape.

    Outlines of 1.5 canvas px would be a grey half pixel in a 256 px portrait.
    """
    alpha = premultiplied[..., 3:]
    straight = np.where(alpha > 8, premultiplied[..., :3] * (255 / np.maximum(alpha, 1)), 255)
    dark = cv2.erode(straight.astype(np.float32), np.ones((3, 3), np.uint8))
    mixed = straight + (np.minimum(dark, straight) - straight) * amount
    out = premultiplied.astype(np.float32).copy()
    out[..., :3] = mixed * (alpha / 255)
    return out


def reduce(picture: np.ndarray, factor: float) -> np.ndarray:
    """Area-average to `factor` of the size; `factor` 1 returns the picture itself."""
    if abs(factor - 1) < 1e-6:
        return picture
    size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
