"""`anime-sheet`: held-out people, the atelier's drawing and trained students side by side."""

from __future__ import annotations

import argparse
import functools
import operator
from pathlib import Path

import numpy as np
import torch

from distill.student.anime.cache import PairCache
from distill.student.anime.checkpoints import load_anime
from distill.student.anime.samples import draw_sample
from distill.student.sheet import Column, write_sheet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `anime-sheet`."""
    parser.add_argument("--run", type=Path, action="append", required=True, metavar="DIR", help="run folder (or checkpoint) of train-anime; may be given twice")
    parser.add_argument("--cache", type=Path, required=True, metavar="DIR", help="cache made by anime-cache")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="picture to write")
    parser.add_argument("--people", type=int, default=8, metavar="N", help="rows (default: %(default)s)")
    parser.add_argument("--groups", type=int, default=2, metavar="N", help="people side by side (default: %(default)s)")
    parser.add_argument("--matte", action="store_true", help="lay the student's picture over the photo by its matte, as the SDK does")
    parser.add_argument("--seed", type=int, default=0)


def main(args: argparse.Namespace) -> int:
    """Photo, atelier's drawing, each student; `--groups` people a row."""
    torch.set_num_threads(1)
    cache = PairCache(args.cache)
    students = [load_anime(run, cache.flow) for run in args.run]
    held = cache.rows(held=True)
    picked = np.random.default_rng(args.seed).permutation(len(held))[: args.people * args.groups]
    cells, columns = [], []
    for index in picked:
        row = held[int(index)]
        sample = draw_sample(cache, row, None)
        cell = [sample["face"], sample["target"][..., :3]]
        for student in students:
            drawn = student.styled(sample["face"], sample["pose"], student.style(cache.codes[row["exemplar"]], row["structure"]))
            picture = drawn[..., :3]
            if args.matte:
                picture = picture * drawn[..., 3:] + sample["face"] * (1 - drawn[..., 3:])
            cell.append(picture)
        cells.append([(np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8) for picture in cell])
    for _ in range(args.groups):
        columns += [Column("photo"), Column("atelier"), *(Column(student.size) for student in students)]
    rows = [functools.reduce(operator.iadd, cells[start : start + args.groups], []) for start in range(0, len(cells) - args.groups + 1, args.groups)]
    write_sheet(args.out, columns, rows)
    return 0
