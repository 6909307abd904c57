"""``python -m distill atelier-sheets``: named photos against exemplars, controls and hard cases."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from distill.atelier.character import Character
from distill.atelier.draw import draw_portrait
from distill.atelier.exemplar import Exemplar, choose_exemplars
from distill.atelier.expression import REST, Expression
from distill.atelier.pairs import glasses_item
from distill.atelier.parts import AtelierError, PartSet
from distill.atelier.photo_colors import with_photo_colours
from distill.atelier.photo_warps import PhotoWarp, warped_expression
from distill.atelier.photos import PhotoStudy, load_photo, read_studies
from distill.atelier.pose import HeadPose, rest_pose
from distill.atelier.sheets import label, save_sheet, sweep_rows

HARD_COLUMNS = ("drawn", "own colours", "structure 0", "structure 1", "jaw", "blink")
SHOWN_SWEEPS = ("mouth", "laugh", "smile", "blink", "happy blink", "wink", "brows", "gaze",
                "yaw ±30°", "pitch ±18°", "roll ±20°", "structure", "structure, open")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("--parts", type=Path, required=True, help="folder of the layered parts")
    parser.add_argument("--photos", type=Path, required=True, help="folder of the photos")
    parser.add_argument("--studies", type=Path, required=True,
                        help="photos.jsonl.gz, as `atelier` writes it")
    parser.add_argument("--people", nargs="+", required=True, metavar="STEM",
                        help="photos to show; STEM=NOTE writes a note on it")
    parser.add_argument("--kind", choices=tuple(_KINDS), default="grid",
                        help="grid: photos by exemplars; hard: settings; colours: their weight; sweeps: every control")
    parser.add_argument("--exemplars", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--out", type=Path, required=True, help="the sheet, .jpg or .png")


def main(args: argparse.Namespace) -> int:
    """Draw one sheet."""
    try:
        parts = PartSet(args.parts)
        studies = {study.file.stem: study for study in read_studies(args.studies)}
        exemplars = choose_exemplars(parts, args.exemplars, args.seed)
        rows = []
        for number, wish in enumerate(args.people):
            stem, _, note = wish.partition("=")
            if stem not in studies:
                raise AtelierError(f"--people {stem}: not among the studied photos.")
            study = studies[stem]
            photo = load_photo(args.photos / study.file.name)
            small = cv2.resize(photo, (args.size,) * 2, interpolation=cv2.INTER_AREA)
            shown = label(small, note) if note else small
            first, *more = _KINDS[args.kind](parts, study, exemplars, number, args.size)
            rows += [[shown, *first], *more]
    except AtelierError as error:
        raise SystemExit(f"atelier-sheets: {error}") from None
    save_sheet(args.out, rows)
    return 0


def _draw(
    parts: PartSet, study: PhotoStudy, exemplar: Exemplar, size: int, structure: float = 0.5,
    colour: float = 1.0, warp: PhotoWarp | None = None,
) -> np.ndarray:
    pose: HeadPose
    expression: Expression
    pose, expression = warped_expression(study.reading, warp or PhotoWarp())
    character = Character(parts, with_photo_colours(exemplar, study.colours, colour),
                          0.5 if size <= 320 else 1.0)
    glasses = glasses_item(parts, exemplar) if study.glasses else None
    return draw_portrait(character, expression, pose, structure=structure, size=size,
                         glasses=glasses).rgb


def _grid(parts, study, exemplars, number, size) -> list[list[np.ndarray]]:
    return [[_draw(parts, study, exemplar, size) for exemplar in exemplars]]


def _hard(parts, study, exemplars, number, size) -> list[list[np.ndarray]]:
    exemplar = exemplars[number % len(exemplars)]
    settings = ({}, {"colour": 0.0}, {"structure": 0.0}, {"structure": 1.0},
                {"warp": PhotoWarp(jaw=1.0, teeth=0.6)}, {"warp": PhotoWarp(lids=(1.0, 1.0))})
    drawn = [_draw(parts, study, exemplar, size, **setting) for setting in settings]
    if number == 0:
        drawn = [label(picture, name) for picture, name in zip(drawn, HARD_COLUMNS, strict=True)]
    return [drawn]


def _colours(parts, study, exemplars, number, size) -> list[list[np.ndarray]]:
    exemplar = exemplars[number % len(exemplars)]
    return [[_draw(parts, study, exemplar, size, colour=float(weight))
             for weight in np.linspace(1, 0, 7)]]


def _sweeps(parts, study, exemplars, number, size) -> list[list[np.ndarray]]:
    exemplar = exemplars[number % len(exemplars)]
    pose, expression = warped_expression(study.reading, PhotoWarp())
    character = Character(parts, exemplar, 0.5 if size <= 320 else 1.0)
    colours = _colours(parts, study, exemplars, number, size)[0]
    own = draw_portrait(character, REST, rest_pose(), structure=1.0, size=size).rgb
    return [[label(own, "exemplar"), label(colours[0], "drawn")],
            *sweep_rows(character, pose, SHOWN_SWEEPS, 7, size, expression),
            [label(colours[0], "colour"), *colours[1:]]]


_KINDS = {"grid": _grid, "hard": _hard, "colours": _colours, "sweeps": _sweeps}
