"""``python -m distill atelier-bench``: how fast the atelier draws and renders, into a table."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2

from distill.atelier.character import Character
from distill.atelier.draw import draw_portrait
from distill.atelier.exemplar import choose_exemplars, exemplar_from_record
from distill.atelier.expression import REST
from distill.atelier.pairs import PairMaker
from distill.atelier.parts import AtelierError, PartSet
from distill.atelier.photos import read_studies
from distill.atelier.pose import rest_pose
from distill.atelier.renders import plan_renders, render

COLUMNS = ("what", "a second", "count", "clock", "load", "chip", "date", "commit", "command")
HEADER = """# Speed of the atelier

Drawing is measured on one core in CPU time, rendering in time on the clock with all cores. Load: \
runnable processes a core in the minute before, the bench itself apart.

"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("--parts", type=Path, help="folder of the layered parts, for portraits")
    parser.add_argument("--pairs", type=Path, help="folder that `atelier` wrote, for whole pairs")
    parser.add_argument("--photos", type=Path, help="the photos of those pairs")
    parser.add_argument("--avatars", type=Path, help="folder of GLB avatars, for renders")
    parser.add_argument("--count", type=int, default=100, help="pairs and portraits of each kind")
    parser.add_argument("--renders", type=int, default=24, help="pictures of two avatars")
    parser.add_argument("--results", type=Path, required=True, help="table to add rows to, .md")


def main(args: argparse.Namespace) -> int:
    """Measure, print and add one row a measurement."""
    cv2.setNumThreads(1)
    try:
        for what, speed, count, clock in measure(args):
            print(f"{what}: {speed:.2f} a second")
            _append(args.results, what, speed, count, clock)
    except AtelierError as error:
        raise SystemExit(f"atelier-bench: {error}") from None
    return 0


def measure(args: argparse.Namespace) -> Iterator[tuple[str, float, int, str]]:
    """What, how many a second, of how many, by which clock."""
    if args.parts is not None:
        yield from _drawing_rates(PartSet(args.parts), args)
    if args.avatars is not None:
        yield _render_rate(args.avatars, args.renders)


def _drawing_rates(
    parts: PartSet, args: argparse.Namespace
) -> Iterator[tuple[str, float, int, str]]:
    count = args.count
    people = choose_exemplars(parts, 4, 0)
    kept = [Character(parts, person) for person in people]
    yield "portrait 256 px", _rate(
        lambda n: draw_portrait(kept[n % 4], REST, rest_pose()), count), count, "CPU"
    yield "portrait 256 px, new colours each", _rate(
        lambda n: draw_portrait(Character(parts, people[n % 4]), REST, rest_pose()), count // 2
    ), count // 2, "CPU"
    if args.pairs is None:
        return
    if args.photos is None:
        raise AtelierError("--pairs needs --photos, the folder of their photos.")
    rows = (args.pairs / "exemplars.jsonl").read_text(encoding="utf-8").splitlines()
    # As many people as a maker keeps, as in a long run.
    people = [exemplar_from_record(json.loads(row)) for row in rows[:8]]
    maker = PairMaker(parts, people, read_studies(args.pairs / "photos.jsonl.gz"),
                      args.photos, args.pairs / "mattes")
    yield "whole pair 256 px: photo, portrait, matte", _rate(
        lambda n: maker.draw(maker.plan(n)), count), count, "CPU"


def _rate(draw: Callable[[int], object], rounds: int) -> float:
    for number in range(8):
        draw(number)
    start = time.process_time()
    for number in range(rounds):
        draw(8 + number)
    return rounds / (time.process_time() - start)


def _render_rate(avatars: Path, count: int) -> tuple[str, float, int, str]:
    """Of two avatars, with their loading: twelve pictures each, as in a run of 500."""
    names = sorted(path.stem for path in avatars.glob("*.glb"))
    plan = plan_renders(avatars, len(names) * max(1, count // 2), 0)
    two = dict(list(plan.items())[:2])
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        made = len(list(render(avatars, two, Path(folder))))
        return "render 512 px", made / (time.monotonic() - start), made, "wall"


def _append(path: Path, what: str, speed: float, count: int, clock: str) -> None:
    import torch

    from distill.measure.results import append_row, chip_name, command_line
    from distill.run import current_commit

    cores = os.cpu_count() or 1
    append_row(path, {
        "what": what, "a second": f"{speed:.3g}", "count": str(count), "clock": clock,
        "load": f"{max(0.0, (os.getloadavg()[0] - 1) / cores):.1f}",
        "chip": f"{chip_name(torch.device('cpu')).split(',')[0]}, {cores} cores",
        "date": datetime.date.today().isoformat(), "commit": current_commit(),
        "command": command_line()}, COLUMNS, HEADER)
