"""Does the drawing do what the face does? Eye and mouth areas of the student's pictures against known warps and morphs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np

from distill.atelier.character import Character
from distill.atelier.draw import Portrait, draw_portrait
from distill.atelier.exemplar import exemplar_from_record
from distill.atelier.expression import Expression, read_expression
from distill.atelier.geometry import move_picture
from distill.atelier.landmarks import FRAME_PX, read_landmarks
from distill.atelier.measure import Reading, measuring_exemplar, rank_correlation, read_portrait
from distill.atelier.measure_verb import SHUT_AREA, known_lids
from distill.atelier.parts import PartSet
from distill.atelier.photo_warps import PhotoWarp
from distill.atelier.photos import PhotoStudy, load_photo
from distill.atelier.pose import HeadPose, read_pose
from distill.atelier.renders import held_out_avatar
from distill.student.anime.cache import MARGIN_PX, SIZE_PX, PairCache, Variant, read_variant
from distill.student.anime.canvas import exemplar_code
from distill.student.anime.checkpoints import TrainedAnime
from distill.student.anime.crop import crop_matrix, crop_pose
from distill.student.anime.pose_vector import pose_vector

STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
STRUCTURE = 0.5
# Other morphs that open or close the mouth by themselves.
_MOUTH_MORPHS = ("smile", "mouthSad", "disgust", "AE_AA", "AO_a", "Ax_E", "TD_I", "UH_OO", "UW_U", "S", "SH_CH", "FV")


class Measured:
    """One exemplar in colours that let its parts be told apart, drawn by student and atelier alike."""

    def __init__(self, trained: TrainedAnime, cache: PairCache, parts: PartSet) -> None:
        exemplar = dataclasses.replace(measuring_exemplar(exemplar_from_record(cache.exemplars[0])), headphones=False)
        self._trained, self._character = trained, Character(parts, exemplar, 0.5)
        self._style = trained.style(exemplar_code(parts, exemplar), STRUCTURE)

    def read(self, face: np.ndarray, pose: HeadPose, expression: Expression) -> tuple[Reading, Reading]:
        """What the student's picture of a cropped face uint8 [256, 256, 3] shows, and what the atelier's does."""
        rig = draw_portrait(self._character, expression, crop_pose(pose), structure=STRUCTURE, size=SIZE_PX)
        drawn = self._trained.styled(face.astype(np.float32) / 255, pose_vector(pose, expression), self._style)
        picture = np.round(np.clip(drawn[..., :3], 0, 1) * 255).astype(np.uint8)
        return read_portrait(Portrait(picture, rig.head, rig.bust, rig.centres)), read_portrait(rig)


def warps_followed(
    trained: TrainedAnime, cache: PairCache, parts: PartSet, studies: list[PhotoStudy], photos: Path, mattes: Path
) -> dict[str, float]:
    """Mean rank correlation of drawn eye and mouth areas with painted blinks and jaws of growing size, beside the atelier's own."""
    measured = Measured(trained, cache, parts)
    found: dict[str, list[float]] = {}
    for study in studies:
        for kind in ("blink", "jaw"):
            lines: tuple[list[float], list[float]] = ([], [])
            for amount in STEPS:
                warp = PhotoWarp(lids=(amount, amount)) if kind == "blink" else PhotoWarp(jaw=amount, teeth=0.3)
                photo, pose, state = read_variant(Variant(study, warp, False), photos, mattes)
                inner = slice(MARGIN_PX, -MARGIN_PX)
                for line, seen in zip(lines, measured.read(photo[inner, inner, :3], pose, state)):
                    line.append(-sum(seen.eye_area) if kind == "blink" else seen.mouth_area)
            for name, line in zip((f"{kind}Rank", f"{kind}RigRank"), lines):
                rank = rank_correlation(np.array(STEPS), np.array(line)) if np.ptp(line) > 0 else 0.0
                found.setdefault(name, []).append(rank)
    return {name: float(np.mean(ranks)) for name, ranks in found.items()}


def morphs_followed(trained: TrainedAnime, cache: PairCache, parts: PartSet, renders: Path, count: int) -> dict[str, float]:
    """The same on rendered heads that are held out, where jaw and lids are known: pixels to landmarks to drawing."""
    measured = Measured(trained, cache, parts)
    readings = {reading.file: reading for reading in read_landmarks(renders / "landmarks.jsonl.gz")}
    rows = [json.loads(row) for row in (renders / "renders.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if held_out_avatar(row["avatar"])][:count]
    jaw, mouths, rig_mouths, right, rig_right = [], [], [], [], []
    for row in rows:
        if row["file"] not in readings:
            continue
        reading, morphs = readings[row["file"]], row["morphs"]
        photo = cv2.resize(load_photo(renders / row["file"]), (int(FRAME_PX), int(FRAME_PX)), interpolation=cv2.INTER_AREA)
        cropped = move_picture(photo, crop_matrix(reading), cv2.BORDER_REFLECT_101)
        pose = read_pose(reading)
        face = cv2.resize(cropped, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)
        seen, rig = measured.read(face, pose, read_expression(reading, pose))
        if not any(name.lstrip("LR").startswith(_MOUTH_MORPHS) for name in morphs):
            jaw.append(morphs.get("MouthOpen", 0.0))
            mouths.append(seen.mouth_area)
            rig_mouths.append(rig.mouth_area)
        for side, shut in known_lids(morphs):
            right.append((seen.eye_area[side] < SHUT_AREA) == shut)
            rig_right.append((rig.eye_area[side] < SHUT_AREA) == shut)
    truth = np.array(jaw)
    return {
        "renderJawRank": rank_correlation(truth, np.array(mouths)), "renderJawRigRank": rank_correlation(truth, np.array(rig_mouths)),
        "renderEyesRight": float(np.mean(right)), "renderEyesRigRight": float(np.mean(rig_right)),
    }  # fmt: skip
