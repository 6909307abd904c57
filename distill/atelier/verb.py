"""``python -m distill atelier``: exemplars and exact pairs of a style."""

from __future__ import annotations

import argparse
import dataclasses
import json
import multiprocessing
import os
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from distill.atelier.character import Character
from distill.atelier.draw import draw_portrait
from distill.atelier.exemplar import Exemplar, choose_exemplars, exemplar_from_record
from distill.atelier.expression import REST
from distill.atelier.landmarks import read_landmarks
from distill.atelier.pairs import PairMaker
from distill.atelier.parts import AtelierError, PartSet
from distill.atelier.photos import list_photos, load_photo, read_studies, study_photos, write_studies
from distill.atelier.pose import rest_pose
from distill.atelier.sheets import save_sheet, sweep_rows

STYLES = ("anime",)
SHEET_PAIRS = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("--style", choices=STYLES, required=True)
    parser.add_argument("--count", type=int, required=True,
                        help="pairs to draw; without --photos: exemplars")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--parts", type=Path, required=True,
                        help="folder of the style's layered parts and their licence")
    parser.add_argument("--photos", type=Path, help="folder of aligned photos with an index.csv")
    parser.add_argument("--photo-licence", help="licence of all photos, where there is no index")
    parser.add_argument("--tier", default="A", help="allowed tiers of photos, such as AB")
    parser.add_argument("--landmarks", type=Path, nargs="*", default=[],
                        help="readings made before (.jsonl.gz)")
    parser.add_argument("--landmarker", type=Path, help="MediaPipe face_landmarker.task")
    parser.add_argument("--segmenter", type=Path,
                        help="selfie_multiclass .tflite; fetched when left out")
    parser.add_argument("--exemplars", type=int, default=400, help="people to draw pairs with")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=256, help="px of a side")
    parser.add_argument("--scene", choices=("photo", "exemplar"), default="photo",
                        help="what stands behind a pair's portrait")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) - 1))


def main(args: argparse.Namespace) -> int:
    """Draw exemplars, then pairs; write them with their records and sheets."""
    try:
        run(args)
    except AtelierError as error:
        raise SystemExit(f"atelier: {error}") from None
    return 0


def run(args: argparse.Namespace) -> None:
    """As `main`, but raises `AtelierError`."""
    if args.count < 1:
        raise AtelierError(f"--count {args.count}: must be at least 1.")
    parts = PartSet(args.parts)
    parts.check()
    count = args.count if args.photos is None else args.exemplars
    exemplars = choose_exemplars(parts, count, args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    with _pool(args.jobs) as pool:
        _draw_exemplars(args, exemplars, pool)
        if args.photos is not None:
            _study(args)
            _draw_pairs(args, pool)


def _pool(jobs: int):
    return multiprocessing.get_context("spawn").Pool(jobs, initializer=_quiet_worker)


def _quiet_worker() -> None:
    cv2.setNumThreads(1)


def _write_rows(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _write_picture(path: Path, picture: np.ndarray) -> None:
    rgb = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture
    if not cv2.imwrite(str(path), rgb):
        raise AtelierError(f"{path} could not be written.")


def _draw_exemplars(args: argparse.Namespace, exemplars: list[Exemplar], pool) -> None:
    folder = args.out / "exemplars"
    folder.mkdir(exist_ok=True)
    jobs = [(args.parts, exemplar, args.size, folder) for exemplar in exemplars]
    for _ in tqdm(pool.imap(_draw_exemplar, jobs, chunksize=4), total=len(jobs), desc="exemplars"):
        pass
    _write_rows(args.out / "exemplars.jsonl", [
        exemplar.record() | {"picture": f"exemplars/{exemplar.id}.png"} for exemplar in exemplars])
    shown = [load_photo(folder / f"{exemplar.id}.png") for exemplar in exemplars[:64]]
    small = [cv2.resize(picture, (192, 192), interpolation=cv2.INTER_AREA) for picture in shown]
    save_sheet(args.out / "sheets" / "exemplars.jpg",
               [small[start:start + 8] for start in range(0, len(small), 8)])
    character = Character(PartSet(args.parts), exemplars[0])
    save_sheet(args.out / "sheets" / "sweeps.jpg", sweep_rows(character, rest_pose()))


def _draw_exemplar(job: tuple[Path, Exemplar, int, Path]) -> None:
    parts, exemplar, size, folder = job
    character = Character(PartSet(parts), exemplar, 0.5 if size <= 320 else 1.0)
    portrait = draw_portrait(character, REST, rest_pose(), structure=1.0, size=size,
                             glasses=exemplar.glasses)
    _write_picture(folder / f"{exemplar.id}.png", portrait.rgb)


def _study(args: argparse.Namespace) -> None:
    path = args.out / "photos.jsonl.gz"
    if path.exists():
        return
    if args.landmarker is None and not args.landmarks:
        raise AtelierError("--photos needs --landmarker (the model) or --landmarks (its readings).")
    segmenter = args.segmenter
    if segmenter is None:
        from distill.data.mattes import fetch_segmenter

        segmenter = fetch_segmenter(args.out)
    photos = list_photos(args.photos, tier=args.tier, licence=args.photo_licence)
    readings = {Path(reading.file).name: reading
                for file in args.landmarks for reading in read_landmarks(file)}
    studies = study_photos(args.photos, photos, readings, args.landmarker, segmenter,
                           args.out / "mattes")
    partial = path.with_suffix(".part")
    count = write_studies(partial, tqdm(studies, total=len(photos), desc="photos"))
    if not count:
        partial.unlink()
        raise AtelierError(f"--photos {args.photos}: no usable photo of tier {args.tier} shows a "
                           "face.")
    partial.rename(path)


_maker: dict[str, PairMaker] = {}


def _pair_maker(args: argparse.Namespace) -> PairMaker:
    """One maker a process, as its parts and studies are costly to read."""
    if "maker" not in _maker:
        rows = (args.out / "exemplars.jsonl").read_text(encoding="utf-8").splitlines()
        exemplars = [exemplar_from_record(json.loads(row)) for row in rows]
        _maker["maker"] = PairMaker(
            PartSet(args.parts), exemplars, read_studies(args.out / "photos.jsonl.gz"),
            args.photos, args.out / "mattes", size=args.size, seed=args.seed,
            own_scene=args.scene == "photo")
    return _maker["maker"]


def _draw_pair(job: tuple[argparse.Namespace, int]) -> dict[str, object]:
    args, index = job
    maker = _pair_maker(args)
    pair = maker.draw(maker.plan(index))
    folder, name = args.out / "pairs", f"{index:06d}"
    _write_picture(folder / f"{name}-photo.png", pair.photo)
    _write_picture(folder / f"{name}-portrait.png", pair.portrait)
    _write_picture(folder / f"{name}-matte.png", np.round(pair.matte * 255).astype(np.uint8))
    study = maker.study(pair.plan.photo)
    return dataclasses.asdict(pair.plan) | {
        "source": study.file.source, "photo_licence": study.file.licence,
        "photo_origin": study.file.origin, "tier": study.file.tier,
        "centres": np.round(pair.drawn.centres, 2).tolist(),
    }


def _draw_pairs(args: argparse.Namespace, pool) -> None:
    folder = args.out / "pairs"
    folder.mkdir(exist_ok=True)
    drawn = pool.imap(_draw_pair, ((args, index) for index in range(args.count)), chunksize=8)
    _write_rows(args.out / "pairs.jsonl",
                list(tqdm(drawn, total=args.count, desc="pairs", unit="pair")))
    rows = []
    for start in range(0, min(args.count, SHEET_PAIRS), 4):
        row = []
        for index in range(start, min(start + 4, args.count)):
            for kind in ("photo", "portrait"):
                row.append(load_photo(folder / f"{index:06d}-{kind}.png"))
        rows.append(row)
    save_sheet(args.out / "sheets" / "pairs.jpg", rows)
