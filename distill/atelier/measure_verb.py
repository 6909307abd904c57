"""``python -m distill atelier-measure``: the atelier's numbers, from pixels against what is known.

Renders give jaw and lids (their morphs), studied photos give places, pairs give mattes.
"""

from __future__ import annotations

import argparse
import json
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
    measuring_exemplar,
    overlap,
    placement_errors,
    rank_correlation,
    read_portrait,
)
from distill.atelier.measure_head import head_in_pixels
from distill.atelier.pairs import PairMaker, glasses_item
from distill.atelier.parts import AtelierError, PartSet
from distill.atelier.photos import read_studies
from distill.atelier.pose import read_pose

# Other morphs that open or close the mouth by themselves.
_MOUTH_MORPHS = ("smile", "mouthSad", "disgust", "AE_AA", "AO_a", "Ax_E", "TD_I", "UH_OO", "UW_U",
                 "S", "SH_CH", "FV")
SHUT_AREA = 0.02
# Exemplars that take turns on the renders.
PEOPLE = 40


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
    except AtelierError as error:
        raise SystemExit(f"atelier-measure: {error}") from None
    print(json.dumps(numbers, indent=2))
    return 0


def _only_jaw(morphs: dict[str, float]) -> bool:
    names = [name.lstrip("LR") if name.startswith(("Ls", "Rs", "Lm", "Rm", "Ld", "Rd")) else name
             for name in morphs]
    return not any(name.startswith(_MOUTH_MORPHS) for name in names)


def known_lids(morphs: dict[str, float]) -> list[tuple[int, bool]]:
    """Sides (0: picture's left) whose eye is surely shut (true) or open in a render.

    Between both, or pressed together by a squint, neither answer is wrong.
    """
    lids = []
    for side, letter in enumerate("RL"):
        closing = morphs.get(f"{letter}eyeClose", 0.0)
        squint = morphs.get(f"{letter}squint", 0.0) + morphs.get(f"{letter}lowLid", 0.0)
        if closing >= 0.95 or (closing <= 0.3 and squint < 0.6):
            lids.append((side, closing >= 0.95))
    return lids


def measure_renders(parts: PartSet, folder: Path, count: int, seed: int) -> dict[str, object]:
    """Mouth area against the jaw morph, and shut and open eyes against the lid morphs."""
    people = [Character(parts, measuring_exemplar(person))
              for person in choose_exemplars(parts, PEOPLE, seed)]
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
        lids += [(shut, seen.eye_area[side] < SHUT_AREA) for side, shut in known_lids(morphs)]
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
    """Places of eyes and mouth at structure 0, ½ and 1, and mattes, of the first `count` pairs.

    The drawn head is found in pictures alone; the photo's, which is the segmenter's, is the same
    on both sides of the comparison. Ctrl-C ends early with the pairs so far.
    """
    rows = (folder / "exemplars.jsonl").read_text(encoding="utf-8").splitlines()
    exemplars = {row.id: row for row in (exemplar_from_record(json.loads(row)) for row in rows)}
    maker = PairMaker(parts, list(exemplars.values()), read_studies(folder / "photos.jsonl.gz"),
                      photos, folder / "mattes", keep=4)
    errors, heads, unions, used = [], [], [], set()
    try:
        for index in tqdm(range(count), desc="pairs"):
            plan = maker.plan(index)
            exemplar, reading = exemplars[plan.exemplar], maker.reading(plan)
            person = Character(parts, measuring_exemplar(exemplar))
            placed = placement_errors(person, read_pose(reading), reading.points, (0.0, 0.5, 1.0))
            pair = maker.draw(plan)
            worn = glasses_item(parts, exemplar) if pair.glasses else None
            head = head_in_pixels(parts, exemplar, pair.pose, pair.expression, plan.structure,
                                  maker.size, worn)
            errors.append(placed)
            heads.append(overlap(pair.drawn.head > 0.5, head))
            unions.append(overlap(pair.matte > 0.5, head | (pair.photo_matte > 0.5)))
            used.add(exemplar.id)
    except KeyboardInterrupt:
        # What was measured so far is worth having.
        if not errors:
            raise
    found = np.array(errors)
    return {
        "pairs": len(errors), "exemplars_used": len(used),
        "placement_error_median": {str(s): float(np.nanmedian(found[:, i]))
                                   for i, s in enumerate((0, 0.5, 1))},
        "placed_within_3_percent": {
            f"{name} at {s}": float(np.nanmean(found[:, i, j] < 0.03))
            for j, name in enumerate(("left eye", "right eye", "mouth"))
            for i, s in enumerate((0, 0.5, 1))},
        "places_not_seen": int(np.isnan(found).any(-1).sum()),
        "matte_iou_mean": float(np.mean(unions)), "matte_iou_worst": float(np.min(unions)),
        "matte_over_0.97": float(np.mean(np.array(unions) >= 0.97)),
        "head_iou_mean": float(np.mean(heads)), "head_iou_worst": float(np.min(heads)),
    }
