"""``python -m distill atelier-renders``: avatars rendered plain, with known expressions."""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
from tqdm import tqdm

from distill.atelier.landmarks import FaceReading, write_landmarks
from distill.atelier.parts import AtelierError
from distill.atelier.photos import INDEX, load_photo
from distill.atelier.reader import FaceReader
from distill.atelier.renders import held_out_avatar, plan_renders, render
from distill.atelier.sheets import save_sheet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("--avatars", type=Path, required=True,
                        help="folder of GLB avatars and their licence")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--landmarker", type=Path,
                        help="MediaPipe face_landmarker.task; writes landmarks.jsonl.gz too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=512, help="px of a side")


def main(args: argparse.Namespace) -> int:
    """Render, write ``renders.jsonl`` (morphs, pose, light, points, licence) and a sheet."""
    try:
        plan = plan_renders(args.avatars, args.count, args.seed)
        start = time.monotonic()
        made = render(args.avatars, plan, args.out, args.size)
        rows = sorted(tqdm(made, total=args.count, desc="renders"), key=lambda row: row["id"])
    except AtelierError as error:
        raise SystemExit(f"atelier-renders: {error}") from None
    print(f"{len(rows)} renders, {len(rows) / (time.monotonic() - start):.2f} a second")
    (args.out / "renders.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_index(args.out / INDEX, rows, args.size)
    if args.landmarker is not None:
        write_landmarks(args.out / "landmarks.jsonl.gz", _read_all(args, rows))
    shown = [cv2.resize(load_photo(args.out / row["file"]), (192, 192),
                        interpolation=cv2.INTER_AREA) for row in rows[:48]]
    save_sheet(args.out / "sheets" / "renders.jpg",
               [shown[start:start + 8] for start in range(0, len(shown), 8)])
    return 0


def write_index(path: Path, rows: list[dict[str, object]], size_px: int) -> None:
    """The renders as an index of photos, so that they can be trained on like them."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "size_px", "source", "tier", "origin", "licence", "out_of_frame", "held_out"])
        for row in rows:
            table.writerow([row["file"], size_px, "valid-avatars", "A", row["origin"], row["licence"], 0,
                            int(held_out_avatar(str(row["avatar"])))])


def _read_all(args: argparse.Namespace, rows: list[dict[str, object]]) -> Iterator[FaceReading]:
    with FaceReader(args.landmarker) as reader:
        for row in tqdm(rows, desc="landmarks"):
            name = str(row["file"])
            reading = reader.read(load_photo(args.out / name), name)
            if reading is not None:
                yield reading
