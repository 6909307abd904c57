"""`paint`: photos become a cache of painted layers for training, or a contact sheet of the painter's looks."""

from __future__ import annotations

import argparse
from pathlib import Path

from distill.data.faces import Photo, count_by_source, read_index, read_photo
from distill.data.mattes import Segmenter, fetch_segmenter, head_matte
from distill.painter import LOOKS, layers, only, paint
from distill.student.cache import SIZE_PX, build
from distill.student.sheet import Column, shrink, write_sheet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `paint`."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with index.csv and the aligned photos it names")
    parser.add_argument(
        "--tier",
        choices=("A", "B"),
        default="B",
        help="A: clean licences only; B: also official pictures whose terms are stated on a page (default: %(default)s)",
    )
    parser.add_argument("--sources", default="", metavar="NAMES", help="sources, comma-separated (default: all)")
    parser.add_argument("--cache", type=Path, required=True, metavar="DIR", help="where the segmentation model is kept (fetched once)")
    parser.add_argument("--layers", type=Path, metavar="DIR", help="write the layer cache for train-student here")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes (default: 2)")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="write a contact sheet (PNG or JPEG): photo and all looks")
    parser.add_argument("--people", default="", metavar="IDS", help="photos of the sheet, comma-separated ids (default: six held-out people)")


def main(args: argparse.Namespace) -> int:
    """Writes what --layers and --sheet ask for."""
    if args.layers is None and args.sheet is None:
        raise SystemExit("Nothing to do: give --layers DIR for a training cache or --sheet FILE for a contact sheet.")
    sources = args.sources.split(",") if args.sources else None
    photos = read_index(args.data, ("A",) if args.tier == "A" else ("A", "B"), sources)
    if not photos:
        raise SystemExit(f"{args.data} has no photo of tier {args.tier} from the sources asked for.")
    segmenter = fetch_segmenter(args.cache)
    if args.layers is not None:
        cache = build(args.data, photos, segmenter, args.layers, args.workers)
        for source, facts in count_by_source(photos).items():
            print(f"{source}: {facts['images']} photos, tier {facts['tier']}, {facts['licence']}")
        print(f"{args.layers}: {len(cache.indices(held_out=False))} pictures to train on, {len(cache.indices(held_out=True))} held out")
    if args.sheet is not None:
        paint_sheet(args.data, choose(photos, args.people), segmenter, args.sheet)
    return 0


def choose(photos: list[Photo], ids: str) -> list[Photo]:
    """The photos named, or six held-out people. Raises SystemExit naming an unknown id."""
    if not ids:
        people = [photo for photo in photos if photo.held_out]
        return people[:: max(1, len(people) // 6)][:6]
    known = {photo.id: photo for photo in photos}
    missing = [name for name in ids.split(",") if name not in known]
    if missing:
        raise SystemExit(f"--people: the index has no usable photo {', '.join(missing)}.")
    return [known[name] for name in ids.split(",")]


def paint_sheet(data_dir: Path, photos: list[Photo], segmenter_path: Path, path: Path) -> None:
    """One row a person: the photo and every look."""
    rows = []
    with Segmenter(segmenter_path) as segmenter:
        for photo in photos:
            rgb = read_photo(data_dir, photo, SIZE_PX)
            classes = segmenter.classes(rgb)
            found = layers(rgb, classes, head_matte(rgb, classes))
            rows.append([shrink(rgb), *(paint(found, only(look)) for look in range(len(LOOKS)))])
    write_sheet(path, [Column("photo"), *(Column(look.name) for look in LOOKS)], rows)
