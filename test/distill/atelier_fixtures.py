"""A small part set (CC0, reduced to 500×600), one AI-made face and its reading."""

from pathlib import Path

import numpy as np

from distill.atelier.character import Character
from distill.atelier.exemplar import Exemplar
from distill.atelier.landmarks import FaceReading, read_landmarks
from distill.atelier.parts import PartSet
from distill.atelier.photo_colors import PhotoColours
from distill.atelier.photos import PhotoFile, PhotoStudy, list_photos, load_photo

FOLDER = Path(__file__).with_name("fixtures") / "atelier"
PARTS, PHOTOS, MATTES, GOLDEN = (FOLDER / name for name in ("parts", "photos", "mattes", "golden"))


def part_set() -> PartSet:
    return PartSet(PARTS)


def exemplar(**changes: object) -> Exemplar:
    values: dict[str, object] = dict(
        id="fixture", sex="female", back_hair="05_bob", front_hair="03_short_4",
        outfit="04_pe_uniform", hair=(245, 150, 190), skin=(255, 226, 200), eye=(90, 150, 240))
    return Exemplar(**(values | changes))


def character(**changes: object) -> Character:
    return Character(part_set(), exemplar(**changes))


def reading() -> FaceReading:
    return next(iter(read_landmarks(FOLDER / "face.landmarks.jsonl.gz")))


def photo() -> np.ndarray:
    return load_photo(PHOTOS / "face.jpg")


def photo_file() -> PhotoFile:
    return list_photos(PHOTOS)[0]


def study(glasses: bool = False) -> PhotoStudy:
    return PhotoStudy(photo_file(), reading(), PhotoColours((96, 69, 46), (255, 228, 207)), glasses)


def classes() -> tuple[np.ndarray, np.ndarray]:
    """The segmenter's confidences for hair and face skin."""
    with np.load(FOLDER / "classes.npz") as stored:
        return stored["hair"] / 255, stored["skin"] / 255
