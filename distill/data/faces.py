"""The folder of aligned photos: its index, the filter on quality and licence, the held-out people."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

MAX_OUT_OF_FRAME = 0.05
MIN_SIZE_PX = 256
HELD_OUT_SOURCE = "faker"
ROUND_CROPS = frozenset({"gsadc"})


@dataclass(frozen=True)
class Photo:
    """One aligned photo of the index.

    file: path under the data folder. source: short name of its origin. tier: A clean licence, B official
    pictures with terms on a page. licence, origin: as in the index. held_out: never trained on.
    """

    file: str
    source: str
    tier: str
    origin: str
    licence: str
    held_out: bool

    @property
    def id(self) -> str:
        """File name without folder and ending."""
        return Path(self.file).stem


def held_out(source: str, file: str) -> bool:
    """Whether a photo is kept for evaluation: every second AI-made person, by number.

    They are the only people of all skin tones and ages, and none of them appears in another source.
    """
    if source != HELD_OUT_SOURCE:
        return False
    number = re.search(r"(\d+)$", Path(file).stem)
    return number is not None and int(number[1]) % 2 == 1


def read_index(
    data_dir: Path,
    tiers: Iterable[str] = ("A", "B"),
    sources: Iterable[str] | None = None,
    min_size_px: int = MIN_SIZE_PX,
) -> list[Photo]:
    """The usable photos of a data folder, in the order of its index.csv, of some sources or of all.

    Held out are those whose `split` the index gives as `val` (`prepare` does), and those of `held_out`.

    Raises FileNotFoundError with what to do when there is no index.
    """
    index = data_dir / "index.csv"
    if not index.exists():
        raise FileNotFoundError(f"{index} does not exist. Give --data a folder with index.csv and the aligned photos it names.")
    wanted = set(tiers)
    named = None if sources is None else set(sources)
    photos = []
    with index.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["tier"] not in wanted or int(row["size_px"]) < min_size_px or float(row["out_of_frame"]) > MAX_OUT_OF_FRAME:
                continue
            if named is not None and row["source"] not in named:
                continue
            kept = row.get("split") == "val" or held_out(row["source"], row["file"])
            photos.append(Photo(row["file"], row["source"], row["tier"], row["origin"], row["licence"], kept))
    return photos


def read_photo(data_dir: Path, photo: Photo, size_px: int) -> np.ndarray:
    """The photo as uint8 RGB [size,size,3]. Raises OSError naming a file that cannot be read."""
    bgr = cv2.imread(str(data_dir / photo.file), cv2.IMREAD_COLOR)
    if bgr is None:
        raise OSError(f"{data_dir / photo.file} cannot be read as a picture.")
    shrinks = bgr.shape[0] > size_px
    bgr = cv2.resize(bgr, (size_px, size_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.ascontiguousarray(bgr[..., ::-1])


def valid_area(photo: Photo, size_px: int) -> np.ndarray:
    """Weight [size,size] in 0..1 of the pixels that show a photo: round crops have empty corners."""
    if photo.source not in ROUND_CROPS:
        return np.ones((size_px, size_px), np.float32)
    y, x = np.mgrid[0:size_px, 0:size_px].astype(np.float32) / (size_px - 1) * 2 - 1
    return np.clip((0.94 - np.sqrt(x * x + y * y)) / 0.04, 0, 1)


def count_by_source(photos: Iterable[Photo]) -> dict[str, dict[str, str | int]]:
    """{source: {images, tier, licence, origin}}, for cards."""
    photos = list(photos)
    counts = Counter(photo.source for photo in photos)
    firsts = {photo.source: photo for photo in reversed(photos)}
    return {
        source: {"images": count, "tier": firsts[source].tier, "licence": firsts[source].licence, "origin": firsts[source].origin}
        for source, count in counts.most_common()
    }
