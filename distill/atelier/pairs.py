"""Exact pairs: a photo as a webcam sends it, and the exemplar drawn in its place."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from distill.atelier.background import fill_background
from distill.atelier.character import Character
from distill.atelier.draw import Portrait, draw_portrait
from distill.atelier.exemplar import Exemplar
from distill.atelier.expression import Expression, mirror_expression
from distill.atelier.geometry import mirror_reading, move_picture, move_reading, similarity
from distill.atelier.landmarks import FaceReading
from distill.atelier.parts import AtelierError, PartSet
from distill.atelier.photo_colors import with_photo_colours
from distill.atelier.photo_warps import PhotoWarp, warp_photo, warped_expression
from distill.atelier.photos import PhotoStudy, load_photo
from distill.atelier.pose import HeadPose
from distill.atelier.props import KINDS, add_prop, cut_frame
from distill.atelier.webcam import spoil

DEFAULT_GLASSES = "01_black_glasses"


@dataclass(frozen=True)
class PairPlan:
    """Everything that decides pair `index`, besides the photo's and the parts' pixels."""

    index: int
    photo: str
    exemplar: str
    structure: float
    colour: float
    mirrored: bool
    warp: PhotoWarp
    scale: float
    angle_rad: float
    shift_px: tuple[float, float]
    prop: str | None
    cut: bool
    reality: float
    seed: int


@dataclass(frozen=True)
class Pair:
    """`photo` and `portrait` uint8 RGB [s, s, 3], `matte` float32 [s, s]: the photo's head with
    hair and headwear, or the portrait's, whichever is more opaque. `glasses`: the photo's face, and
    so the portrait's, wears them."""

    plan: PairPlan
    photo: np.ndarray
    portrait: np.ndarray
    matte: np.ndarray
    drawn: Portrait
    pose: HeadPose
    expression: Expression
    photo_matte: np.ndarray
    glasses: bool


@dataclass(frozen=True)
class PairMix:
    """How often each variation comes, chances 0–1. `jitter` scales crop shift, turn and size."""

    blink: float = 0.3
    jaw: float = 0.4
    mirror: float = 0.5
    prop: float = 0.2
    reality: float = 0.6
    cut: float = 0.06
    jitter: float = 1.0


def plan_pair(
    index: int, seed: int, photos: list[str], exemplars: list[str], mix: PairMix = PairMix()
) -> PairPlan:
    """The plan of pair `index`; each (seed, index) gives one plan, whatever was drawn before."""
    epoch, place = divmod(index, len(photos))
    photo = photos[int(np.random.default_rng([seed, 1, epoch]).permutation(len(photos))[place])]
    rng = np.random.default_rng([seed, 2, index])
    lids = (0.0, 0.0)
    if rng.random() < mix.blink:
        amount = 1.0 if rng.random() < 0.5 else float(rng.uniform(0.3, 1))
        lids = (amount, amount)
        if rng.random() < 0.35:
            lids = (amount, 0.0) if rng.random() < 0.5 else (0.0, amount)
    jaw, teeth = 0.0, 0.0
    if rng.random() < mix.jaw:
        jaw, teeth = float(rng.uniform(0.05, 1)), float(rng.uniform(0, 1))
    colour = float(rng.choice([1.0, 0.0, rng.uniform(0, 1)], p=[0.5, 0.25, 0.25]))
    shift = rng.uniform(-14, 14, 2) * mix.jitter
    plan = PairPlan(
        index=index, photo=photo, exemplar=exemplars[int(rng.integers(len(exemplars)))],
        structure=float(rng.uniform(0, 1)), colour=colour,
        mirrored=bool(rng.random() < mix.mirror), warp=PhotoWarp(lids, jaw, teeth),
        scale=float(np.exp(mix.jitter * rng.normal(0, 0.06))),
        angle_rad=float(mix.jitter * rng.normal(0, 0.12)),
        shift_px=(float(shift[0]), float(shift[1])),
        prop=str(rng.choice(KINDS)) if rng.random() < mix.prop else None,
        cut=bool(rng.random() < mix.cut),
        reality=float(rng.uniform(0.3, 1)) if rng.random() < mix.reality else 0.0,
        seed=int(rng.integers(2**31)))
    return plan


class PairMaker:
    """Draws pairs of `size` px by index; borrow it for one thread. Keeps `keep` characters.

    `own_scene` puts portraits before the photo's background with the person taken out, so that
    nothing shows where a real head is larger than the drawn one; else before the exemplar's.
    """

    def __init__(
        self, parts: PartSet, exemplars: list[Exemplar], studies: list[PhotoStudy],
        photo_folder: Path, matte_folder: Path, *, size: int = 256, seed: int = 0,
        mix: PairMix = PairMix(), own_scene: bool = True, keep: int = 48,
    ) -> None:
        if not exemplars or not studies:
            raise AtelierError("Pairs need at least one exemplar and one photo with a face.")
        self._parts, self.size, self.seed, self.mix = parts, size, seed, mix
        self._exemplars = {exemplar.id: exemplar for exemplar in exemplars}
        self._studies = {study.file.stem: study for study in studies}
        self._photos, self._mattes = photo_folder, matte_folder
        self._characters: OrderedDict[str, Character] = OrderedDict()
        self._keep, self.own_scene = keep, own_scene

    def plan(self, index: int) -> PairPlan:
        """The plan of pair `index`."""
        return plan_pair(index, self.seed, sorted(self._studies), sorted(self._exemplars), self.mix)

    def study(self, stem: str) -> PhotoStudy:
        """What was read of the photo called `stem`."""
        return self._studies[stem]

    def reading(self, plan: PairPlan) -> FaceReading:
        """The photo's face as it lies in the pair, before anything is painted into it."""
        reading = self._studies[plan.photo].reading
        if plan.mirrored:
            reading = mirror_reading(reading)
        return move_reading(reading, similarity(plan.scale, plan.angle_rad, plan.shift_px))

    def draw(self, plan: PairPlan) -> Pair:
        """Photo, portrait and matte of a plan."""
        study, rng = self._studies[plan.photo], np.random.default_rng(plan.seed)
        photo, matte = self._load(study)
        warped = warp_photo(photo, study.reading, plan.warp)
        _, expression = warped_expression(study.reading, plan.warp)
        move = similarity(plan.scale, plan.angle_rad, plan.shift_px)
        if plan.mirrored:
            warped, matte = warped[:, ::-1].copy(), matte[:, ::-1].copy()
            expression = mirror_expression(expression)
        warped = move_picture(warped, move, cv2.BORDER_REFLECT_101)
        matte = move_picture(matte, move, cv2.BORDER_REPLICATE)
        reading = self.reading(plan)
        # The jaw moves the chin, so the pose's proportions come from the warped face.
        pose = warped_expression(reading, dataclasses.replace(plan.warp, lids=(0.0, 0.0)))[0]
        glasses = study.glasses
        if plan.prop is not None:
            propped = add_prop(warped, reading, plan.prop, rng)
            warped, glasses = propped.photo, glasses or propped.glasses
            matte = np.maximum(matte, propped.headwear)
        if plan.cut:
            warped = cut_frame(warped, rng)
        if plan.reality > 0:
            warped = spoil(warped, rng, plan.reality)
        drawn = draw_portrait(
            self.character(plan), expression, pose, structure=plan.structure,
            size=self.size, glasses=glasses_item(self._parts, self._exemplars[plan.exemplar]) if glasses else None,
            scene=fill_background(warped, matte) if self.own_scene else None)
        union = np.maximum(matte, drawn.head).astype(np.float32)
        return Pair(plan, warped, drawn.rgb, union, drawn, pose, expression, matte,
                    glasses)

    def _load(self, study: PhotoStudy) -> tuple[np.ndarray, np.ndarray]:
        photo = load_photo(self._photos / study.file.name)
        path = self._mattes / f"{study.file.stem}.png"
        matte = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if matte is None:
            raise AtelierError(f"Head matte {path} is missing. Run the command again without it.")
        way = cv2.INTER_AREA if photo.shape[0] > self.size else cv2.INTER_CUBIC
        size = (self.size, self.size)
        return (cv2.resize(photo, size, interpolation=way),
                cv2.resize(matte, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255)

    def character(self, plan: PairPlan) -> Character:
        """The plan's person, in the photo's colours as far as the plan keeps them."""
        study = self._studies[plan.photo]
        res = 0.5 if self.size <= 320 else 1.0
        exemplar = self._exemplars[plan.exemplar]
        if plan.colour < 1:
            recoloured = with_photo_colours(exemplar, study.colours, plan.colour)
            return Character(self._parts, recoloured, res)
        if exemplar.id not in self._characters:
            self._characters[exemplar.id] = Character(self._parts, exemplar, res)
            if len(self._characters) > self._keep:
                self._characters.popitem(last=False)
        self._characters.move_to_end(exemplar.id)
        return self._characters[exemplar.id]


def glasses_item(parts: PartSet, exemplar: Exemplar) -> str | None:
    """The glasses this person wears when the photo's does; None if the set has none."""
    items = parts.items(exemplar.sex, "09_glasses")
    wanted = exemplar.glasses or DEFAULT_GLASSES
    return wanted if wanted in items else next(iter(items), None)
