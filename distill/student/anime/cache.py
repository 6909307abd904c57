"""The cache of drawn pairs: aligned photos once, and per photo some exemplars drawn in their place.

Both are memory-mapped and grow in chunks, so a training may begin while the rest is being drawn.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from distill.atelier.background import fill_background
from distill.atelier.character import Character
from distill.atelier.draw import draw_portrait
from distill.atelier.exemplar import Exemplar
from distill.atelier.expression import Expression, mirror_expression
from distill.atelier.geometry import mirror_reading
from distill.atelier.landmarks import FRAME_PX
from distill.atelier.parts import PartSet
from distill.atelier.photo_warps import PhotoWarp, warp_photo, warped_expression
from distill.atelier.photos import PhotoStudy, load_photo
from distill.atelier.pose import HeadPose, read_pose
from distill.checkpoint import write_atomic
from distill.data.faces import held_out
from distill.student.anime.canvas import CANVAS_PX, CODE_WIDTH, ROWS, canvas_of, compose_bytes, exemplar_code
from distill.student.anime.crop import crop_from_frame, crop_pose
from distill.student.anime.expressions import varied
from distill.student.anime.flow import LAYERS, NODES, FlowModel
from distill.student.anime.pose_vector import POSE_SIZE, pose_vector

SIZE_PX = CANVAS_PX // 2
MARGIN_PX = 16
"""Rim of the cached photo around the crop: room for a jittering crop."""
PHOTO_PX = SIZE_PX + 2 * MARGIN_PX
FACE_LAYER = LAYERS.index("face")


@dataclass(frozen=True)
class Arrays:
    """photo uint8 [p, PHOTO_PX, PHOTO_PX, 4] (RGB, matte); target uint8 [n, 256, 256, 4] (RGB, drawn head);
    moved uint8 [n, 256, 256, 4] (premultiplied RGB, opacity); field float16 [n, 2, NODES, NODES] of the face;
    pose float32 [n, POSE_SIZE + 2] (with the mouth's centre); centres float32 [n, 3, 2] of eyes and mouth."""

    photo: np.ndarray
    target: np.ndarray
    moved: np.ndarray
    field: np.ndarray
    pose: np.ndarray
    centres: np.ndarray


def open_arrays(folder: Path, photos: int, pairs: int, mode: str) -> Arrays:
    """Open or make (`mode` "w+") the arrays."""
    shapes = {
        "photo": ((photos, PHOTO_PX, PHOTO_PX, 4), np.uint8),
        "target": ((pairs, SIZE_PX, SIZE_PX, 4), np.uint8),
        "moved": ((pairs, SIZE_PX, SIZE_PX, 4), np.uint8),
        "field": ((pairs, 2, NODES, NODES), np.float16),
        "pose": ((pairs, POSE_SIZE + 2), np.float32),
        "centres": ((pairs, 3, 2), np.float32),
    }
    return Arrays(**{name: np.lib.format.open_memmap(folder / f"{name}.npy", mode, dtype, shape) for name, (shape, dtype) in shapes.items()})


@dataclass(frozen=True)
class Variant:
    """A photo as it is used: its warp and whether it is mirrored."""

    study: PhotoStudy
    warp: PhotoWarp
    mirrored: bool


def random_warp(rng: np.random.Generator) -> PhotoWarp:
    """As it is, or with a blink, a wink, an opened jaw; small openings and half lids as often as large ones."""
    kind = rng.random()
    lids, jaw, teeth = (0.0, 0.0), 0.0, 0.0
    if 0.4 <= kind < 0.7 or kind >= 0.95:
        amount = float(rng.choice([1.0, rng.uniform(0.2, 1)]))
        lids = (amount, amount)
        if rng.random() < 0.3:
            lids = (amount, 0.0) if rng.random() < 0.5 else (0.0, amount)
    if kind >= 0.7:
        jaw, teeth = float(rng.uniform(0.03, 1) ** 1.5), float(rng.uniform(0, 1))
    return PhotoWarp(lids, jaw, teeth)


def read_variant(variant: Variant, photo_folder: Path, matte_folder: Path) -> tuple[np.ndarray, HeadPose, Expression]:
    """The aligned photo with its matte uint8 [PHOTO_PX, PHOTO_PX, 4], and the truth about it."""
    study = variant.study
    photo = load_photo(photo_folder / study.file.name)
    matte = cv2.imread(str(matte_folder / f"{study.file.stem}.png"), cv2.IMREAD_GRAYSCALE)
    if matte is None:
        raise FileNotFoundError(f"Head matte {matte_folder / study.file.stem}.png is missing. Study the photos again.")
    if matte.shape[0] != photo.shape[0]:
        matte = cv2.resize(matte, photo.shape[:2], interpolation=cv2.INTER_AREA)
    warped = warp_photo(photo, study.reading, variant.warp)
    pose, expression = warped_expression(study.reading, variant.warp)
    reading = study.reading
    if variant.mirrored:
        warped, matte = warped[:, ::-1], matte[:, ::-1]
        reading, expression = mirror_reading(reading), mirror_expression(expression)
        # The warp moved the chin, so the pose is read from the mirrored warp.
        pose = warped_expression(mirror_reading(study.reading), mirror_warp(dataclasses.replace(variant.warp, lids=(0.0, 0.0))))[0]
    place = read_pose(reading)
    units = crop_from_frame(place) * SIZE_PX
    k = photo.shape[0] / FRAME_PX
    # Units speak of the reading's pixel indices in 512 px; OpenCV of pixel indices of both pictures.
    linear = units[:, :2] / k
    shift = units[:, 2] + units[:, :2] @ np.full(2, 0.5 / k - 0.5) + MARGIN_PX - 0.5
    matrix = np.float32(np.c_[linear, shift])
    size = (PHOTO_PX, PHOTO_PX)
    rgb = cv2.warpAffine(np.ascontiguousarray(warped), matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT_101)
    # Mirrored like the picture: what the matte says must be what the picture shows there.
    opacity = cv2.warpAffine(np.ascontiguousarray(matte), matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.dstack([rgb, opacity]), pose, expression


def mirror_warp(warp: PhotoWarp) -> PhotoWarp:
    """The warp of the mirrored photo."""
    return dataclasses.replace(warp, lids=(warp.lids[1], warp.lids[0]))


class PairDrawer:
    """Draws exemplars in place of aligned photos."""

    def __init__(self, parts: PartSet, exemplars: list[Exemplar], codes: np.ndarray, flow: FlowModel) -> None:
        self.exemplars, self.flow = exemplars, flow
        self.characters = [Character(parts, exemplar, 0.5) for exemplar in exemplars]
        self.canvases = [np.round(canvas_of(code)[:, :4] * 255).astype(np.uint8) for code in codes]

    def draw(self, photo: np.ndarray, pose: HeadPose, expression: Expression, exemplar: int, structure: float) -> dict[str, np.ndarray]:
        """One row of the arrays but the photo."""
        inner = slice(MARGIN_PX, -MARGIN_PX)
        rgb, matte = photo[inner, inner, :3], photo[inner, inner, 3].astype(np.float32) / 255
        scene = fill_background(rgb, matte)
        drawn = draw_portrait(self.characters[exemplar], expression, crop_pose(pose), structure=structure, size=SIZE_PX, glasses=None, scene=scene)
        vector = pose_vector(pose, expression)
        field, mouth = self.flow.field(vector, float(self.exemplars[exemplar].sex == "male"), structure)
        head = np.round(drawn.head * 255).astype(np.uint8)
        return {
            "target": np.dstack([drawn.rgb, head]),
            "moved": compose_bytes(self.canvases[exemplar], field),
            "field": field[FACE_LAYER].astype(np.float16),
            "pose": np.concatenate([vector, mouth]).astype(np.float32),
            "centres": drawn.centres.astype(np.float32),
        }


class PairCache:
    """What was drawn so far: `arrays`, per pair a dictionary (photo, exemplar, structure, heldOut …), per photo its colours."""

    def __init__(self, folder: Path) -> None:
        described = json.loads((folder / "cache.json").read_text(encoding="utf-8"))
        self.folder, self.described = folder, described
        self.arrays = open_arrays(folder, described["photoCount"], described["pairCount"], "r")
        self.pairs: list[dict[str, Any]] = []
        for chunk in sorted(folder.glob("pairs-*.json")):
            self.pairs += json.loads(chunk.read_text(encoding="utf-8"))
        self.codes = np.load(folder / "codes.npy")
        with np.load(folder / "flow.npz") as flow:
            self.flow = FlowModel(flow["weights"], flow["mean_shape"])

    def __reduce__(self) -> tuple[type[PairCache], tuple[Path]]:
        """Worker processes open the files themselves instead of being sent gigabytes."""
        return PairCache, (self.folder,)

    @property
    def exemplars(self) -> list[dict[str, Any]]:
        """Records of the exemplars, in the order of the codes."""
        return self.described["exemplars"]

    def rows(self, *, held: bool) -> list[dict[str, Any]]:
        """The pairs to train on, or those held out."""
        return [pair for pair in self.pairs if pair["heldOut"] == held]


def start_cache(folder: Path, photos: int, pairs: int, exemplars: list[Exemplar], codes: np.ndarray, flow: FlowModel) -> Arrays:
    """Make empty arrays and write what all pairs share."""
    folder.mkdir(parents=True, exist_ok=True)
    for chunk in folder.glob("pairs-*.json"):
        chunk.unlink()
    assert codes.shape[1:] == (ROWS, CODE_WIDTH)
    np.save(folder / "codes.npy", codes)
    np.savez(folder / "flow.npz", weights=flow.weights, mean_shape=flow.mean_shape)
    arrays = open_arrays(folder, photos, pairs, "w+")
    described = {"photoCount": photos, "pairCount": pairs, "exemplars": [exemplar.record() for exemplar in exemplars]}
    write_atomic(folder / "cache.json", json.dumps(described).encode())
    return arrays


def write_chunk(folder: Path, number: int, rows: list[dict[str, Any]]) -> None:
    """Say which pairs are ready."""
    write_atomic(folder / f"pairs-{number:05d}.json", json.dumps(rows).encode())


def encode_exemplars(parts: PartSet, exemplars: list[Exemplar]) -> np.ndarray:
    """Codes uint8 [n, ROWS, CODE_WIDTH]."""
    return np.stack([exemplar_code(parts, exemplar) for exemplar in exemplars])


def kept_out(study: PhotoStudy) -> bool:
    """Whether the person of a photo is kept for evaluation."""
    return study.file.held_out or held_out(study.file.source, study.file.name)


def draw_cache(
    folder: Path, arrays: Arrays, drawer: PairDrawer, studies: list[PhotoStudy], photo_folder: Path, matte_folder: Path,
    *, per_photo: int, seed: int, first: int = 0, step: int = 1,
) -> None:  # fmt: skip
    """Fill the arrays: photo place `p` holds variant `p` of the photos in turn, with `per_photo` pairs.

    `first` and `step` share the places among processes. Held-out people get plain variants and true expressions.
    """
    order = np.random.default_rng([seed, 1]).permutation(len(studies))
    rows: list[dict[str, Any]] = []
    for place in range(first, len(arrays.photo), step):
        rng = np.random.default_rng([seed, 2, place])
        study = studies[int(order[place % len(studies)])]
        held = kept_out(study)
        warp = random_warp(rng) if place >= len(studies) or rng.random() < 0.5 else PhotoWarp()
        variant = Variant(study, warp, bool(rng.random() < 0.5))
        photo, pose, expression = read_variant(variant, photo_folder, matte_folder)
        arrays.photo[place] = photo
        for number in range(per_photo):
            index = place * per_photo + number
            exemplar = int(rng.integers(len(drawer.exemplars)))
            structure = 0.5 if rng.random() < 0.35 else float(rng.uniform(0, 1))
            shown = expression if held or rng.random() < 0.4 else varied(expression, rng)
            for name, value in drawer.draw(photo, pose, shown, exemplar, structure).items():
                getattr(arrays, name)[index] = value
            rows.append(
                {"pair": index, "photo": place, "exemplar": exemplar, "structure": structure, "heldOut": held, "file": study.file.name,
                 "source": study.file.source, "hair": study.colours.hair, "skin": study.colours.skin,
                 "lids": warp.lids, "jaw": warp.jaw, "varied": shown is not expression}
            )  # fmt: skip
        if (place // step) % 32 == 31 or place + step >= len(arrays.photo):
            write_chunk(folder, place, rows)
            rows = []
