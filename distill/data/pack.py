"""``pack``: a training set in one file that travels: a zip of WebP squares and their index.

The quality is the highest that keeps the file within its limit.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from distill.checkpoint import write_atomic
from distill.config import add_config_arguments, config_text, load_config
from distill.data.index import INDEX, Row, format_rows, parse_rows, read_rows
from distill.data.pictures import read_picture, resize

QUALITIES = (98, 95, 92, 90, 87, 85, 82, 80, 75, 70, 60, 50)
SAMPLE = 64
# Zip entries carry a time; a fixed one makes equal packs equal files.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
ZIP_OVERHEAD = 200


@dataclass(frozen=True)
class PackConfig:
    """Settings of `pack`.

    data: folders with an index.csv (from `prepare`, or aligned photos). out: file to write (.zip).
    size_px: side of the pictures. max_mib: the most the file may weigh. tiers: which to take
    (empty: all). min_size_px: smallest original. max_out_of_frame: as in `prepare`.
    """

    data: tuple[str, ...]
    out: str
    size_px: int = 256
    max_mib: float = 25.0
    tiers: tuple[str, ...] = ()
    min_size_px: int = 0
    max_out_of_frame: float = 0.05


def wanted_rows(config: PackConfig) -> list[tuple[Path, Row]]:
    """The pictures to pack: folder and row."""
    chosen = []
    for folder in map(Path, config.data):
        for row in read_rows(folder):
            right_tier = not config.tiers or row.tier in config.tiers
            big = row.size_px >= config.min_size_px
            if right_tier and big and row.out_of_frame <= config.max_out_of_frame:
                chosen.append((folder, row))
    if not chosen:
        raise SystemExit("pack: no picture passes the filters (tiers, min_size_px, max_out_of_frame).")
    return chosen


def encode_picture(rgb: np.ndarray, quality: int) -> bytes:
    """WebP bytes of a uint8 RGB square."""
    done, data = cv2.imencode(".webp", rgb[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not done:
        raise RuntimeError("OpenCV could not write WebP; its build lacks the codec.")
    return data.tobytes()


def choose_quality(load: Callable[[int], np.ndarray], count: int, limit_bytes: float) -> int:
    """The highest quality at which `count` pictures, judged by a sample, fit the limit."""
    picks = np.unique(np.linspace(0, count - 1, min(count, SAMPLE)).astype(int))
    sample = [load(int(index)) for index in picks]
    room = limit_bytes / count - ZIP_OVERHEAD
    for quality in QUALITIES:
        if np.mean([len(encode_picture(rgb, quality)) for rgb in sample]) < 0.97 * room:
            return quality
    raise SystemExit(f"pack: {count} pictures do not fit {limit_bytes / 2**20:.1f} MiB even at quality {QUALITIES[-1]}.")


def write_pack(config: PackConfig) -> tuple[int, int]:
    """Write the pack; returns (pictures, bytes)."""
    chosen = wanted_rows(config)

    def load(index: int) -> np.ndarray:
        folder, row = chosen[index]
        return resize(read_picture(folder / row.file).rgb, config.size_px)

    limit = config.max_mib * 2**20
    quality = choose_quality(load, len(chosen), limit)
    for attempt in [q for q in QUALITIES if q <= quality]:
        data = _zip(chosen, load, attempt, config)
        if len(data) <= limit:
            write_atomic(Path(config.out), data)
            return len(chosen), len(data)
    raise SystemExit(f"pack: the pictures do not fit {config.max_mib} MiB.")


def _zip(chosen: list[tuple[Path, Row]], load: Callable[[int], np.ndarray], quality: int, config: PackConfig) -> bytes:
    out = io.BytesIO()
    rows = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for index, (_, row) in enumerate(tqdm(chosen, unit="photo", desc=f"pack q{quality}", mininterval=2)):
            name = f"{index:06d}.webp"
            rows.append(replace(row, file=name, size_px=config.size_px))
            archive.writestr(zipfile.ZipInfo(name, ZIP_TIME), encode_picture(load(index), quality))
        info = zipfile.ZipInfo(INDEX, ZIP_TIME)
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, format_rows(rows))
    return out.getvalue()


def read_pack(path: Path) -> tuple[list[Row], Callable[[Row], np.ndarray]]:
    """The rows of a pack and a function that decodes one row's picture (uint8 RGB)."""
    archive = zipfile.ZipFile(path)
    rows = parse_rows(archive.read(INDEX).decode())

    def load(row: Row) -> np.ndarray:
        bgr = cv2.imdecode(np.frombuffer(archive.read(row.file), np.uint8), cv2.IMREAD_COLOR)
        return np.ascontiguousarray(bgr[..., ::-1])

    return rows, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    config = load_config(PackConfig, args)
    print(config_text(config))
    counts = Counter(row.source for _, row in wanted_rows(config))
    for source, count in counts.most_common():
        print(f"{source}: {count}")
    if args.dry_run:
        print(f"{sum(counts.values())} pictures would be packed into {config.out}.")
        return
    count, size = write_pack(config)
    print(f"{count} pictures, {size / 2**20:.2f} MiB, in {config.out}.")
