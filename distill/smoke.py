"""``smoke``: the whole recipe in miniature, from photos to a student that the SDK loads.

Every step is a verb called as a person would call it, so what runs here is what runs in earnest; only
the lengths are those of minutes. What comes out looks accordingly.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from distill.checkpoint import write_atomic
from distill.data.index import INDEX
from distill.run import FINISHED

TIMES = "smoke.md"


class Step(NamedTuple):
    """One verb with its options."""

    verb: str
    options: list[str]


def settings(**values: Any) -> list[str]:
    """Settings as options; a list is written as YAML reads it."""
    return [part for key, value in values.items() for part in ("--set", f"{key}={value}")]


def recipe(photos: Path, style: Path, out: Path, *, size_px: int, scale: float, face_model: Path | None) -> Iterator[Step]:
    """The steps in order. `scale` multiplies the lengths: 1 is made for ten minutes on two cores."""
    def kimg(steps: int, batch: int) -> float:
        return max(1, round(steps * scale)) * batch / 1000

    quiet = {"runs": out / "runs", "device": "cpu", "log_kimg": 0.08, "grid_kimg": 0, "snapshot_kimg": 0}
    small = {"size_px": size_px, "channel_cap": 48, "channel_multiplier": 0.125}
    faces = {"data": photos, "max_out_of_frame": 0.15}
    if not (photos / INDEX).exists() and photos.is_dir():
        if face_model is None:
            raise SystemExit(f"--photos {photos} has no {INDEX}: give --face-model, so that `prepare` can align the photos.")
        faces["data"] = out / "prepared"
        yield Step("prepare", settings(data=photos, out=faces["data"], face_model=face_model))

    def run(verb: str, number: int) -> Path:
        return out / "runs" / f"{number:05d}-{verb}"

    base, faces_run, tuned = run("train-base", 0), run("train-autoencoder", 1), run("finetune-base", 2)
    yield Step("train-base", settings(**faces, **small, **quiet, batch=8, total_kimg=kimg(150, 8), pl_weight=0))
    yield Step("train-autoencoder", settings(
        **faces, **small, **quiet, batch=8, total_kimg=kimg(300, 8), init=base / "checkpoint.pt", encoder_width=32, encoder_head_rank=48,
        lpips_interval=3, l1=2, lr_g=0.006, lr_e=0.001, ema_kimg=0.3, warmup_kimg=0.1,
    ))
    face_model_file = faces_run / "checkpoint.pt"
    yield Step("finetune-base", settings(data=style, **quiet, batch=8, total_kimg=kimg(60, 8), init=face_model_file, pl_weight=0, ema_kimg=0.1))
    codes = out / "codes"
    yield Step("destylize", ["--method", "both", *settings(
        base=face_model_file, tuned=tuned / "checkpoint.pt", style=style, out=codes, limit=8, batch=8, identity=0,
        steps=max(2, round(100 * scale)), device="cpu",
    )])
    dual = {"base": face_model_file, "batch": 4, "pl_weight": 0, "ema_kimg": 0.1, **quiet}
    one, two, three = (run("train-dual", number) for number in (3, 4, 5))
    yield Step("train-dual", ["--stage", "1", *settings(**dual)])
    yield Step("train-dual", ["--stage", "2", *settings(**dual, **faces, init=one / "checkpoint.pt", content="photos", total_kimg=kimg(150, 4))])
    yield Step("train-dual", ["--stage", "3", *settings(
        **dual, **faces, init=two / "checkpoint.pt", content="photos", style=out / "portraits", codes=codes / "redestyle", identity=0,
        total_kimg=kimg(300, 4),
    )])
    yield Step("refine", settings(
        teacher=three, extrinsic=three / "exstyle_code.safetensors", intrinsic=three / "instyle_code.safetensors", portraits=out / "portraits",
        out=three / "refined_exstyle_code.safetensors", steps=max(2, round(30 * scale)), device="cpu",
    ))
    yield Step("train-sampler", settings(
        codes=three / "refined_exstyle_code.safetensors", out=three / "sampler.safetensors", repeat_to=128, epochs=max(1, round(60 * scale)),
    ))
    yield Step("sample", ["--teacher", str(three), "--count", "8", "--out", str(out / "samples")])
    yield Step("teach-student", settings(
        teacher=three, **faces, id="smoke", models=out / "models", filters=out / "filters", limit=64, steps=max(2, round(120 * scale)),
    ))


def run_recipe(steps: Iterator[Step], call: Callable[[list[str]], Any], out: Path) -> list[tuple[str, float]]:
    """Call the steps one after another; returns their seconds. Raises SystemExit naming the step that failed."""
    times = []
    for step in steps:
        name = " ".join([step.verb, *(step.options[:2] if step.options[0] != "--set" else [])])
        print(f"\n== {name}", flush=True)
        started = time.monotonic()
        if call([step.verb, *step.options]):
            raise SystemExit(f"smoke: {name} failed; what was made lies in {out}.")
        # A training that is told to stop saves and returns in good order; the recipe must not go on from half of it.
        if any(not (run / FINISHED).exists() for run in (out / "runs").glob("*")):
            raise SystemExit(f"smoke: {name} was stopped before its end; what was made lies in {out}.")
        times.append((name, time.monotonic() - started))
    return times


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("--photos", type=Path, required=True, help="prepared photos or a pack; or a folder of any photos, with --face-model")
    parser.add_argument("--style", type=Path, required=True, help="portraits of the style: a folder of aligned squares, at least eight")
    parser.add_argument("--out", type=Path, required=True, help="folder to write; must be new or empty")
    parser.add_argument("--face-model", type=Path, help="FaceLandmarker bundle, for photos that are not aligned")
    parser.add_argument("--size", type=int, default=32, choices=(32, 64), help="px of the face generator (default: %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on every length (default: 1, ten minutes on two cores)")


def main(args: argparse.Namespace) -> int:
    """Run the verb."""
    from distill.__main__ import main as distill

    if args.out.exists() and any(args.out.iterdir()):
        raise SystemExit(f"--out {args.out} is not empty: a smoke run starts from nothing.")
    portraits = first_portraits(args.style, args.out / "portraits")
    steps = recipe(args.photos, portraits, args.out, size_px=args.size, scale=args.scale, face_model=args.face_model)
    times = run_recipe(steps, distill, args.out)
    total = sum(seconds for _, seconds in times)
    lines = ["| step | seconds |", "|---|---|", *(f"| {name} | {seconds:.1f} |" for name, seconds in times), f"| all | {total:.1f} |"]
    write_atomic(args.out / TIMES, ("\n".join(lines) + "\n").encode())
    print("\n".join(["", *lines, "", f"The student lies in {args.out / 'models/smoke'}, its pack in {args.out / 'filters/smoke'}."]))
    return 0


def first_portraits(style: Path, folder: Path, count: int = 8) -> Path:
    """Copy the first `count` portraits into a plain folder, where every step finds them by the same names."""
    import cv2

    from distill.teacher.portraits import load_portraits

    found = load_portraits([str(style)], 256)
    folder.mkdir(parents=True)
    for name, picture in zip(found.names[:count], found.pictures[:count], strict=True):
        cv2.imwrite(str(folder / f"{Path(name).stem}.png"), picture.permute(1, 2, 0).numpy()[..., ::-1])
    return folder
