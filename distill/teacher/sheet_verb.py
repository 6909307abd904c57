"""``style-sheet``: contact sheets of photos in several styles, of what each layer does, of ablations, and of two destylizations."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from distill.networks.layout import Layout
from distill.networks.style_weights import expand_weights, structure_weights
from distill.student.sheet import Column, write_sheet
from distill.teacher.codes import CodeBook, read_codes
from distill.teacher.model import Teacher, load_teacher
from distill.teacher.squares import load_squares, named_pictures
from distill.train.grids import tile
from distill.train.parallel import pick_device

KINDS = ("styles", "layers", "ablations", "destylization")
CELL_PX = 128


def layer_effects(layout: Layout) -> dict[str, Tensor]:
    """Subsets of the rows switched on alone: titles and weights [L]."""
    rows, first = layout.layers, layout.structure_layers
    return {
        "none": torch.zeros(rows),
        "4-8 px": expand_weights(f"3*1, {rows - 3}*0", rows),
        "16 px": expand_weights(f"3*0, 2*1, {rows - 5}*0", rows),
        "32 px": expand_weights(f"5*0, 2*1, {rows - 7}*0", rows),
        "structure": expand_weights(f"{first}*1, {rows - first}*0", rows),
        "colour": structure_weights(layout, 0.0),
        "all": structure_weights(layout),
    }


def cells(pictures: Tensor) -> list[np.ndarray]:
    """Pictures [N,3,S,S] in [-1,1] as bytes at least CELL_PX wide, so that titles fit."""
    factor = max(1, CELL_PX // pictures.shape[-1])
    return [tile(picture[None], 1).numpy().repeat(factor, 0).repeat(factor, 1) for picture in pictures]


def draw_columns(columns: dict[str, Tensor]) -> tuple[list[Column], list[list[np.ndarray]]]:
    """Columns of pictures [N,3,S,S] by title → what `write_sheet` takes."""
    drawn = [cells(pictures) for pictures in columns.values()]
    return [Column(title) for title in columns], [list(row) for row in zip(*drawn, strict=True)]


def exemplar_codes(book: CodeBook, keys: Sequence[str], count: int) -> tuple[list[str], Tensor]:
    """Names and codes [count,L,512] of the exemplars asked for (the first ones if none), in turn."""
    places = [book.index(key) for key in keys] or list(range(len(book.names)))
    places = [places[i % len(places)] for i in range(count)]
    return [book.names[i] for i in places], book.codes[places]


def _portraits(args: argparse.Namespace, teacher: Teacher, names: list[str], codes: Tensor) -> Tensor:
    if args.portraits:
        return load_squares(named_pictures(args.portraits, names), teacher.layout.size_px)
    return teacher.draw(codes, codes).cpu()


def transfer_columns(args: argparse.Namespace) -> dict[str, Tensor]:
    """Photo, exemplar, then one column per subset of the layers or per teacher."""
    teachers = {title: load_teacher(Path(path), pick_device(args.device)) for title, path in _titled(args.teacher)}
    first = next(iter(teachers.values()))
    photos = load_squares(args.photos, first.layout.size_px, args.face_model)
    if not len(photos):
        raise SystemExit(f"--kind {args.kind}: give photos to draw.")
    book = read_codes(args.codes, first.layout.layers) if args.codes else first.codes()
    if book is None:
        raise SystemExit("Give --codes FILE with the extrinsic codes of the style.")
    if args.kind == "styles":
        return style_columns(args, first, book, photos)
    names, codes = exemplar_codes(book, args.exemplar, len(photos))
    columns = {"photo": photos, "exemplar": _portraits(args, first, names, codes)}
    if args.kind == "layers":
        intrinsic = first.encode(photos)
        return columns | {title: first.draw(intrinsic, codes, weights).cpu() for title, weights in layer_effects(first.layout).items()}
    weights = expand_weights(args.weights, first.layout.layers) if args.weights else None
    for title, teacher in teachers.items():
        # A teacher trained with codes of its own is judged by those, unless codes are given for all.
        own = None if args.codes else teacher.codes()
        theirs = codes if own is None else torch.stack([own.of(name) for name in names])
        columns[title] = teacher.draw(teacher.encode(photos), theirs, weights).cpu()
    return columns


def style_columns(args: argparse.Namespace, teacher: Teacher, book: CodeBook, photos: Tensor) -> dict[str, Tensor]:
    """The photos, then one column per exemplar: itself and every photo in its style."""
    names, codes = exemplar_codes(book, args.exemplar, len(args.exemplar) or min(args.count, len(book.names)))
    weights = expand_weights(args.weights, teacher.layout.layers) if args.weights else None
    intrinsic = teacher.encode(photos)
    columns = {"photo": torch.cat([torch.ones_like(photos[:1]), photos])}
    for name, code, portrait in zip(names, codes, _portraits(args, teacher, names, codes), strict=True):
        drawn = teacher.draw(intrinsic, code.expand(len(photos), -1, -1), weights).cpu()
        columns[name] = torch.cat([portrait[None], drawn])
    return columns


def destylization_columns(args: argparse.Namespace) -> dict[str, Tensor]:
    """Portrait, then the face behind it by each file of intrinsic codes, drawn by g."""
    ((_, path),) = _titled(args.teacher[:1])
    teacher = load_teacher(Path(path), pick_device(args.device))
    books = {title: read_codes(Path(file), teacher.layout.layers) for title, file in _titled(args.intrinsic)}
    if not books or not args.portraits:
        raise SystemExit("--kind destylization: give --portraits and --intrinsic TITLE=FILE for each way.")
    shared = [name for name in next(iter(books.values())).names if all(name in book.names for book in books.values())]
    names = [shared[next(iter(books.values())).index(key)] for key in args.exemplar] or shared[: args.count]
    columns = {"portrait": load_squares(named_pictures(args.portraits, names), teacher.layout.size_px)}
    for title, book in books.items():
        codes = book.only(names).codes
        columns[title] = teacher.draw(codes, codes, torch.zeros(teacher.layout.layers)).cpu()
    return columns


def _titled(items: Sequence[str]) -> list[tuple[str, str]]:
    """TITLE=PATH, or PATH alone, whose last part is the title."""
    return [(title, path) if separator else (Path(item).stem, item) for item in items for title, separator, path in [item.partition("=")]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add = parser.add_argument
    add("photos", type=Path, nargs="*", metavar="PHOTO", help="for all but destylization")
    add("--kind", choices=KINDS, required=True,
        help="styles: every photo in each exemplar's; layers: subsets of the rows alone; ablations: several teachers; destylization: several faces")
    add("--teacher", action="append", required=True, metavar="[TITLE=]PATH", help="as in transfer; may be repeated for ablations")
    add("--codes", type=Path, metavar="FILE", help="extrinsic codes (default: those beside each teacher)")
    add("--exemplar", action="append", default=[], metavar="ID", help="name or number; may be repeated (default: the first ones)")
    add("--intrinsic", action="append", default=[], metavar="TITLE=FILE", help="for destylization: intrinsic codes of one way")
    add("--portraits", type=Path, metavar="FOLDER", help="the portraits' squares")
    add("--weights", metavar="LIST", help="for styles and ablations: a weight per row (default: all 1)")
    add("--count", type=int, default=8, help="for styles and destylization: how many portraits (default: %(default)s)")
    add("--face-model", type=Path, metavar="FILE", help="FaceLandmarker bundle that cuts out the photos' faces (default: aligned squares)")
    add("--device", default="auto", help="cpu, cuda or auto (default: %(default)s)")
    add("--out", type=Path, required=True, metavar="FILE", help="picture to write")


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    columns = destylization_columns(args) if args.kind == "destylization" else transfer_columns(args)
    write_sheet(args.out, *draw_columns(columns))
    print(args.out)
