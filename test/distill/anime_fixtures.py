"""A tiny cache of drawn anime pairs from the atelier's fixture face and parts."""

import dataclasses
import shutil
from functools import lru_cache
from pathlib import Path

import atelier_fixtures as atelier
import numpy as np

from distill.atelier.expression import Expression, EyeState, shaped_mouth
from distill.atelier.pose import HeadPose, rest_pose, turned
from distill.student.anime.cache import PairDrawer, draw_cache, start_cache
from distill.student.anime.canvas import exemplar_code
from distill.student.anime.flow import FlowModel, fit_flow
from distill.student.anime.pose_vector import pose_vector


def heads(count: int, seed: int = 0) -> list[tuple[HeadPose, Expression]]:
    """Average heads, turned and speaking by chance."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        pose = turned(rest_pose(), rng.uniform(-0.5, 0.5), rng.uniform(-0.3, 0.3))
        mouth = shaped_mouth(float(rng.uniform(0, 50)), float(rng.uniform(0, 1)))
        found.append((pose, Expression((EyeState(), EyeState()), mouth)))
    return found


@lru_cache(maxsize=1)
def flow() -> FlowModel:
    known = heads(110)
    return fit_flow(known, np.stack([pose_vector(*head) for head in known]), np.random.default_rng(1))


@lru_cache(maxsize=1)
def code() -> np.ndarray:
    return exemplar_code(atelier.part_set(), atelier.exemplar())


def make_cache(folder: Path, places: int = 6) -> Path:
    """One exemplar drawn for the fixture's face, once under its own name and once under a held-out person's."""
    photos, mattes = folder / "photos", folder / "mattes"
    studies = []
    for stem in ("face", "face_1"):
        for target, source in ((photos / f"{stem}.jpg", atelier.PHOTOS / "face.jpg"), (mattes / f"{stem}.png", atelier.MATTES / "face.png")):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        study = atelier.study()
        studies.append(dataclasses.replace(study, file=dataclasses.replace(study.file, name=f"{stem}.jpg")))
    arrays = start_cache(folder, places, 2 * places, [atelier.exemplar()], code()[None], flow())
    drawer = PairDrawer(atelier.part_set(), [atelier.exemplar()], code()[None], flow())
    draw_cache(folder, arrays, drawer, studies, photos, mattes, per_photo=2, seed=1)
    return folder
