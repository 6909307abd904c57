"""`student-sheet`: a picture to look at: photo, painter and trained students side by side."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from distill.painter import CROP_SIZE_PX, LOOK_IDS, LOOKS

TITLE_PX = 22


@dataclass(frozen=True)
class Column:
    """A column of a sheet."""

    title: str


def shrink(rgb: np.ndarray) -> np.ndarray:
    """The picture at crop size."""
    return cv2.resize(rgb, (CROP_SIZE_PX, CROP_SIZE_PX), interpolation=cv2.INTER_AREA)


def write_sheet(path: Path, columns: list[Column], rows: list[list[np.ndarray]]) -> None:
    """Writes rows of equal uint8 RGB pictures under a line of titles; the file's ending chooses the format."""
    body = np.vstack([np.hstack(row) for row in rows])
    titles = np.full((TITLE_PX, body.shape[1], 3), 255, np.uint8)
    width = rows[0][0].shape[1]
    for number, column in enumerate(columns):
        cv2.putText(titles, column.title, (number * width + 6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), np.vstack([titles, body])[..., ::-1]):
        raise OSError(f"{path} could not be written as a picture; use an ending such as .png.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `student-sheet`."""
    parser.add_argument("--run", type=Path, action="append", required=True, metavar="DIR", help="run folder of train-student; may be given twice")
    parser.add_argument("--layers", type=Path, required=True, metavar="DIR", help="layer cache made by paint")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="picture to write")
    parser.add_argument("--looks", default=",".join(LOOK_IDS), metavar="IDS", help="looks, comma-separated (default: all)")
    parser.add_argument("--people", type=int, default=6, metavar="N", help="how many held-out people (default: %(default)s)")


def main(args: argparse.Namespace) -> int:
    """Two groups of columns a row: for each look the target and what each student makes of the photo."""
    from distill.student.cache import LayerCache
    from distill.student.checkpoints import load_trained
    from distill.student.evaluate import draw
    from distill.student.samples import Sampler, plain_crop, pure_style

    cache = LayerCache(args.layers)
    trained = [load_trained(run) for run in args.run]
    sampler, held = Sampler(cache, 1.0), cache.indices(held_out=True)
    looks = [LOOK_IDS.index(name) for name in args.looks.split(",")]
    rows = []
    for index in held[:: max(1, len(held) // args.people)][: args.people]:
        row: list[np.ndarray] = []
        for look in looks:
            photo, target, *_ = sampler.painted(index, pure_style(look), plain_crop())
            if not row:
                row.append(_bytes(photo))
            row.append(_bytes(target))
            for student in trained:
                picture, matte = draw(student, photo, pure_style(look), look)
                row.append(_bytes(picture * matte[..., None] + photo * (1 - matte[..., None])))
        rows.append(row)
    columns = [Column("photo")]
    for look in looks:
        columns += [Column(f"{LOOKS[look].name}: painter"), *(Column(student.size) for student in trained)]
    write_sheet(args.out, columns, rows)
    return 0


def _bytes(picture: np.ndarray) -> np.ndarray:
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
