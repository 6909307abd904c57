"""`export-anime`: a trained run becomes a model folder, a manifest entry, a card and the style pack."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from distill.atelier.exemplar import exemplar_from_record
from distill.atelier.parts import PartSet
from distill.checkpoint import write_atomic
from distill.student.anime.cache import PairCache
from distill.student.anime.canvas import CODE_WIDTH, ROWS, STRUCTURE_ROWS
from distill.student.anime.card import write_card
from distill.student.anime.checkpoints import TrainedAnime, load_anime
from distill.student.anime.crop import EYE_DISTANCE_SIDES, EYE_MIDDLE
from distill.student.anime.encoder_verb import FOLDER, name_in_manifest
from distill.student.anime.flow import SIZE_PX
from distill.student.anime.golden import block_code
from distill.student.anime.network import multiply_accumulates
from distill.student.anime.onnx_export import HEAD_OUTPUTS, export_anime_head, export_anime_student, run_graph, student_shapes
from distill.student.anime.pack import NAMES, write_anime_pack
from distill.student.anime.samples import draw_sample
from distill.student.manifest import TOLERANCE, file_facts, packed, upsert, write_json
from distill.student.onnx_export import OPSET, round_weights

FALLBACKS = {"standard": "anime-lite", "lite": None}
GOLDEN_STRUCTURE = 0.5


class ParityError(RuntimeError):
    """PyTorch and ONNX Runtime disagree by more than the tolerance."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `export-anime`."""
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="run folder (or checkpoint) of train-anime")
    parser.add_argument("--cache", type=Path, required=True, metavar="DIR", help="cache made by anime-cache; gives codes, movement and the golden face")
    parser.add_argument("--more", type=Path, action="append", default=[], metavar="DIR", help="a further cache that was trained on, for the card")
    parser.add_argument("--parts", type=Path, required=True, metavar="DIR", help="layered parts, for the thumbnails")
    parser.add_argument("--models", type=Path, default=Path("models"), metavar="DIR", help="models folder (default: models)")
    parser.add_argument("--pack", type=Path, default=Path("filters/anime"), metavar="DIR", help="pack folder (default: filters/anime)")
    parser.add_argument("--exemplars", type=int, default=24, metavar="N", help="exemplars in the pack (default: %(default)s)")
    parser.add_argument("--first", default="aoi", metavar="ID", help="exemplar shown by default (default: %(default)s)")
    parser.add_argument("--command", default="", help="the training command, for the card")


def main(args: argparse.Namespace) -> int:
    """Exports, checks PyTorch against native ORT, then writes manifest, card and pack."""
    torch.set_num_threads(1)
    cache = PairCache(args.cache)
    trained = load_anime(args.run, cache.flow)
    round_weights(trained.model)
    folder = args.models / trained.id
    export_networks(trained, folder)
    golden, agreement = make_golden(trained, cache, folder)
    entry = manifest_entry(trained, args.models, folder, golden, args.command)
    evaluation = folder / "evaluation.json"
    if evaluation.exists():
        entry["metrics"] = json.loads(evaluation.read_text(encoding="utf-8"))["summary"]
    upsert(args.models / "manifest.json", entry)
    write_card(folder / "CARD.md", trained, entry, [cache, *map(PairCache, args.more)], agreement)
    count = min(args.exemplars, len(NAMES), len(cache.exemplars))
    exemplars = [exemplar_from_record(record) for record in cache.exemplars[:count]]
    sizes = {size: f"anime-{size}" for size in ("standard", "lite") if size == trained.size or (args.models / f"anime-{size}").is_dir()}
    write_anime_pack(args.pack, sizes, PartSet(args.parts), exemplars, cache.codes[:count], args.first)
    encoder = args.models / FOLDER / "encoder.onnx"
    if encoder.exists():
        name_in_manifest(args.models, encoder, count)
    print(f"{trained.id}: {trained.images / 1000:.1f} kimg, {entry['gmacs']} GMAC; PyTorch against ORT: {agreement}")
    return 0


def export_networks(trained: TrainedAnime, folder: Path) -> None:
    """student.onnx, student-fp16.onnx and style-head.onnx."""
    export_anime_student(trained.model.student, folder / "student.onnx")
    export_anime_student(trained.model.student, folder / "student-fp16.onnx", half=True)
    export_anime_head(trained.head, folder / "style-head.onnx")


def make_golden(trained: TrainedAnime, cache: PairCache, folder: Path) -> tuple[Path, dict[str, float]]:
    """Writes the golden pair; returns its path and the largest and mean differences by file.

    Raises ParityError when a difference is above the manifest's tolerance.
    """
    row = cache.rows(held=True)[0]
    sample = draw_sample(cache, row, None)
    field, _ = cache.flow.field(sample["pose"], 0.0, GOLDEN_STRUCTURE)
    spread = trained.model.student.spread_nodes.numpy()
    code, _ = block_code(spread @ field @ spread.T)
    # In sixteen shades a face packs to a quarter, and tests as much.
    face = (np.round(sample["face"] * 15).transpose(2, 0, 1)[None] / 7.5 - 1).astype("<f2")
    style = {
        "extrinsic_code": code[None].astype(np.float32) / 255,
        "weights": np.full((1, ROWS), GOLDEN_STRUCTURE, np.float32),
        "keep_color": np.zeros((1, 1), np.float32),
    }
    style["weights"][:, -1] = 1
    with torch.no_grad():
        canvases = dict(zip(HEAD_OUTPUTS, (part.numpy() for part in trained.head(*(torch.from_numpy(part) for part in style.values())))))
        fed = {"face": face.astype(np.float32), **canvases, "pose": sample["pose"][None]}
        inputs = [torch.from_numpy(fed[name]) for name in student_shapes(trained.model.student)]
        styled = trained.model.student(*inputs).numpy()
    head = run_graph(folder / "style-head.onnx", style)
    agreement = {"style-head max": max(float(np.abs(head[name] - canvases[name]).max()) for name in HEAD_OUTPUTS)}
    limits = {"student": TOLERANCE["float32"], "student-fp16": TOLERANCE["float16"]["max"]}
    for name, limit in limits.items():
        difference = np.abs(run_graph(folder / f"{name}.onnx", fed)["styled"] - styled)
        agreement |= {f"{name} max": float(difference.max()), f"{name} mean": float(difference.mean())}
        if not difference.max() <= limit:
            raise ParityError(f"{folder / name}.onnx differs from PyTorch by {difference.max():.2g}; at most {limit} is allowed.")
    if agreement["style-head max"] > 1e-3:
        raise ParityError(f"{folder / 'style-head'}.onnx differs from PyTorch by {agreement['style-head max']:.2g}.")
    return _write_golden(folder, fed, styled, code), agreement


def _write_golden(folder: Path, fed: dict[str, np.ndarray], styled: np.ndarray, code: np.ndarray) -> Path:
    parts = {
        "face": ("golden-face.bin.gz", packed(fed["face"].astype("<f2")), fed["face"].shape, "float16-gzip"),
        "pose": ("golden-pose.bin", fed["pose"].astype("<f4").tobytes(), fed["pose"].shape, "float32"),
        "modulation": ("golden-modulation.bin", fed["modulation"].astype("<f4").tobytes(), fed["modulation"].shape, "float32"),
        "styled": ("golden-styled.bin.gz", packed(styled.astype("<f2")), styled.shape, "float16-gzip"),
        "code": ("golden-code.bin.gz", packed(code), (1, *code.shape), "uint8-gzip"),
    }
    golden: dict[str, Any] = {"tolerance": TOLERANCE}
    for name, (file, data, shape, encoding) in parts.items():
        write_atomic(folder / file, data)
        golden[name] = {"file": file, "shape": list(shape), "encoding": encoding}
    write_json(folder / "golden.json", golden | {"structure": GOLDEN_STRUCTURE, "color": 1, "keepColor": 0})
    return folder / "golden.json"


def manifest_entry(trained: TrainedAnime, models: Path, folder: Path, golden: Path, command: str) -> dict[str, Any]:
    """The model's entry in the manifest; metrics are filled in by the caller."""
    inputs, fallback = student_shapes(trained.model.student), FALLBACKS[trained.size]
    shapes = {"inputs": inputs, "outputs": {"styled": [1, 4, SIZE_PX, SIZE_PX]}}
    head_shapes = {
        "inputs": {"extrinsic_code": [1, ROWS, CODE_WIDTH], "weights": [1, ROWS], "keep_color": [1, 1]},
        "outputs": {name: inputs[name] for name in HEAD_OUTPUTS},
    }
    return {
        "id": trained.id,
        "size": trained.size,
        "sizePx": SIZE_PX,
        "student": {**file_facts(folder / "student.onnx", models), "dtype": "float32", "opset": OPSET, **shapes},
        "studentFp16": {**file_facts(folder / "student-fp16.onnx", models), "dtype": "float16", "opset": OPSET, **shapes},
        "styleHead": {**file_facts(folder / "style-head.onnx", models), "dtype": "float32", "opset": OPSET, **head_shapes},
        "structureRows": STRUCTURE_ROWS,
        "golden": file_facts(golden, models),
        "crop": {"convention": "eyes", "scale": 1.0, "eyeDistance": EYE_DISTANCE_SIDES, "eyeMiddle": list(EYE_MIDDLE)},
        "gmacs": round(multiply_accumulates(trained.model.student) / 1e9, 3),
        "licence": "Apache-2.0",
        "lineage": ["exact pairs, teacher share 0 %", "layers: CC0 art by Sutemo", "photos and renders by source and licence: see CARD.md"],
        "training": {"command": command, "commit": trained.commit, "images": trained.images, "minutes": round(trained.minutes, 1)},
        "metrics": {},
        "fallback": fallback if fallback and (models / fallback).is_dir() else None,
    }
