"""``python -m distill atelier-measure``: the atelier's numbers, from pixels against what is known.

Renders give jaw and lids (their morphs), studied photos give places, pairs give mattes.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from distill.atelier.character import Character
from distill.atelier.draw import draw_portrait
from distill.atelier.exemplar import choose_exemplars, exemplar_from_record
from distill.atelier.expression import read_expression
from distill.atelier.landmarks import read_landmarks
from distill.atelier.measure import (
    labelled_head,
    measuring_exemplar,
    overlap,
    placement_error,
    rank_correlation,
    read_portrait,
)
from distill.atelier.pairs import PairMaker
from distill.atelier.parts import AtelierError, PartSet
from distill.atelier.photos import read_studies
from distill.atelier.pose import read_pose

# Other morphs that open or close the mouth by themselves.
_MOUTH_MORPHS = ("smile", "mouthSad", "disgust", "AE_AA", "AO_a", "Ax_E", "TD_I", "UH_OO", "UW_U",
                 "S", "SH_CH", "FV")
SHUT_AREA = 0.02


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("--parts", type=Path, required=True)
    parser.add_argument("--renders", type=Path, help="folder that `atelier-renders --landmarker` wrote")
    parser.add_argument("--pairs", type=Path, help="folder that `atelier` wrote")
    parser.add_argument("--photos", type=Path, help="the photos of those pairs")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)


def main(args: argparse.Namespace) -> int:
    """Print the numbers as one JSON object."""
    cv2.setNumThreads(1)
    try:
        parts = PartSet(args.parts)
        numbers: dict[str, object] = {}
        if args.renders is not None:
            numbers |= measure_renders(parts, args.renders, args.count, args.seed)
        if args.pairs is not None:
            if args.photos is None:
                raise AtelierError("--pairs needs --photos, the folder of their photos.")
            numbers |= measure_pairs(parts, args.pairs, args.photos, args.count)
        numbers |= measure_speed(parts, args.seed)
    except AtelierError as error:
        raise SystemExit(f"atelier-measure: {error}") from None
    print(json.dumps(numbers, indent=2))
    return 0


def _only_jaw(morphs: dict[str, float]) -> bool:
    names = [name.lstrip("LR") if name.startswith(("Ls", "Rs", "Lm", "Rm", "Ld", "Rd")) else name
             for name in morphs]
    return not any(name.startswith(_MOUTH_MORPHS) for name in names)


def measure_renders(parts: PartSet, folder: Path, count: int, seed: int) -> dict[str, object]:
    """Mouth area against the jaw morph, and shut and open eyes against the lid morphs."""
    people = [Character(parts, measuring_exemplar(person))
              for person in choose_exemplars(parts, 8, seed)]
    readings = {reading.file: reading
                for reading in read_landmarks(folder / "landmarks.jsonl.gz")}
    rows = [json.loads(row) for row in (folder / "renders.jsonl").read_text().splitlines()][:count]
    seen_rows = [row for row in rows if row["file"] in readings]
    jaw, lids = [], []
    for number, row in enumerate(tqdm(seen_rows, desc="renders")):
        reading = readings[row["file"]]
        pose = read_pose(reading)
        portrait = draw_portrait(people[number % len(people)], read_expression(reading, pose),
                                 pose, structure=0.5)
        seen, morphs = read_portrait(portrait), row["morphs"]
        jaw.append((morphs.get("MouthOpen", 0.0), seen.mouth_area, _only_jaw(morphs)))
        for side, letter in enumerate("RL"):
            closing = morphs.get(f"{letter}eyeClose", 0.0)
            # Between open and shut, or pressed together by a squint, neither answer is wrong.
            squint = morphs.get(f"{letter}squint", 0.0) + morphs.get(f"{letter}lowLid", 0.0)
            if closing >= 0.95 or (closing <= 0.3 and squint < 0.6):
                lids.append((closing >= 0.95, seen.eye_area[side] < SHUT_AREA))
    truth, area, alone = (np.array(column) for column in zip(*jaw, strict=True))
    shut, drawn_shut = (np.array(column) for column in zip(*lids, strict=True))
    alone = alone.astype(bool)
    return {
        "renders": len(rows), "renders_without_face": len(rows) - len(seen_rows),
        "jaw_rank_correlation": rank_correlation(truth[alone], area[alone]),
        "jaw_renders": int(alone.sum()),
        "jaw_rank_correlation_with_smiles_and_speech": rank_correlation(truth, area),
        "eyes": len(shut), "eyes_shut": int(shut.sum()),
        "eyes_right": float(np.mean(shut == drawn_shut)),
        "shut_eyes_drawn_shut": float(np.mean(drawn_shut[shut])),
    }


def measure_pairs(parts: PartSet, folder: Path, photos: Path, count: int) -> dict[str, object]:
    """Places of eyes and mouth at structure 0, ½ and 1, and the matte's overlap with the union."""
    studies = read_studies(folder / "photos.jsonl.gz")
    rows = (folder / "exemplars.jsonl").read_text(encoding="utf-8").splitlines()
    exemplars = [exemplar_from_record(json.loads(row)) for row in rows]
    people = [Character(parts, measuring_exemplar(exemplar)) for exemplar in exemplars[:8]]
    errors = []
    for number, study in enumerate(tqdm(studies[:count], desc="places")):
        pose, person = read_pose(study.reading), people[number % len(people)]
        for structure in (0.0, 0.5, 1.0):
            errors.append(placement_error(person, pose, study.reading.points, structure))
    maker = PairMaker(parts, exemplars, studies, photos, folder / "mattes")
    overlaps = []
    for index in tqdm(range(count), desc="mattes"):
        plan = maker.plan(index)
        pair = maker.draw(plan)
        head = labelled_head(maker.character(plan), pair.pose, plan.structure, maker.size,
                             pair.expression)
        overlaps.append(overlap(pair.matte > 0.5, head | (pair.photo_matte > 0.5)))
    found = np.array(errors).reshape(-1, 3, 3)
    return {
        "placed_photos": len(found),
        "placement_error_median": {str(s): float(np.nanmedian(found[:, i]))
                                   for i, s in enumerate((0, 0.5, 1))},
        "placed_within_3_percent": {
            name: float(np.mean(found[..., i][~np.isnan(found[..., i])] < 0.03))
            for i, name in enumerate(("left eye", "right eye", "mouth"))},
        "matte_pairs": len(overlaps), "matte_iou_mean": float(np.mean(overlaps)),
        "matte_iou_worst": float(np.min(overlaps)),
    }


def measure_speed(parts: PartSet, seed: int) -> dict[str, object]:
    """Portraits a second on one core at 256 px, with a kept character and with a recoloured one."""
    from distill.atelier.expression import REST
    from distill.atelier.pose import rest_pose

    people = choose_exemplars(parts, 4, seed)
    kept = [Character(parts, person) for person in people]

    def rate(draw: Callable[[int], object], rounds: int) -> float:
        draw(0)
        start = time.process_time()
        for number in range(rounds):
            draw(number)
        return rounds / (time.process_time() - start)

    return {
        "portraits_per_core_second": rate(
            lambda n: draw_portrait(kept[n % 4], REST, rest_pose()), 60),
        "recoloured_portraits_per_core_second": rate(
            lambda n: draw_portrait(Character(parts, people[n % 4]), REST, rest_pose()), 20),
    }
