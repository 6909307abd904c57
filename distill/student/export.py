"""`export-student`: a trained run becomes a model folder, a manifest entry, a card and the style pack."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from distill.painter import LOOK_IDS
from distill.student.cache import LayerCache
from distill.student.card import write_card
from distill.student.checkpoints import Trained, load_trained
from distill.student.codes import exemplar_code
from distill.student.manifest import OUTLIERS, TOLERANCE, file_facts, upsert, write_golden
from distill.student.network import SIZE_PX, multiply_accumulates
from distill.student.onnx_export import OPSET, export_student, export_style_head, round_weights, run_onnx
from distill.student.pack import write_pack
from distill.student.samples import Sampler, plain_crop, pure_style
from distill.student.style_head import CODE_SIZE, ROWS, STRUCTURE_ROWS

FALLBACKS = {"standard": "comic-lite", "lite": None}
"""Which model a device gets that is too slow for this one."""


class ParityError(RuntimeError):
    """PyTorch and ONNX Runtime disagree by more than the tolerance."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `export-student`."""
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="run folder (or checkpoint) of train-student")
    parser.add_argument("--layers", type=Path, required=True, metavar="DIR", help="layer cache made by paint; gives the golden face and the counts on the card")
    parser.add_argument(
        "--golden-face", default="faker_00001", metavar="ID", help="held-out photo of the golden pair and the thumbnails (default: %(default)s)"
    )
    parser.add_argument("--models", type=Path, default=Path("models"), metavar="DIR", help="models folder (default: models)")
    parser.add_argument("--pack", type=Path, default=Path("filters/comic"), metavar="DIR", help="pack folder (default: filters/comic)")
    parser.add_argument("--command", default="", help="the training command, for the card")


def main(args: argparse.Namespace) -> int:
    """Exports, checks PyTorch against native ORT, then writes manifest, card and pack."""
    torch.set_num_threads(1)
    trained = load_trained(args.run)
    cache = LayerCache(args.layers)
    round_weights(trained.model)
    folder = args.models / trained.id
    export_networks(trained, folder)
    golden, agreement = make_golden(trained, cache, args.golden_face, folder)
    entry = manifest_entry(trained, args.models, folder, golden, args.command)
    evaluation = folder / "evaluation.json"
    if evaluation.exists():
        entry["metrics"] = json.loads(evaluation.read_text(encoding="utf-8"))["summary"]
    upsert(args.models / "manifest.json", entry)
    write_card(folder / "CARD.md", trained, entry, cache, agreement)
    ids = {size: f"comic-{size}" for size in ("standard", "lite") if size == trained.size or (args.models / f"comic-{size}").is_dir()}
    write_pack(args.pack, ids, thumbnails(trained, cache, args.golden_face))
    print(f"{trained.id}: {trained.images / 1000:.1f} kimg, {entry['gmacs']} GMAC; PyTorch against ORT: {agreement}")
    return 0


def export_networks(trained: Trained, folder: Path) -> None:
    """student.onnx, student-fp16.onnx and style-head.onnx."""
    export_student(trained.model.student, folder / "student.onnx")
    export_student(trained.model.student, folder / "student-fp16.onnx", half=True)
    export_style_head(trained.model.style_head, folder / "style-head.onnx")


def face_of(cache: LayerCache, photo_id: str) -> int:
    """Index of a held-out photo in the cache. Raises SystemExit naming it otherwise."""
    for index in cache.indices(held_out=True):
        if cache.entries[index].photo.id == photo_id:
            return index
    raise SystemExit(f"--golden-face {photo_id}: the layer cache has no held-out photo of this id.")


def make_golden(trained: Trained, cache: LayerCache, photo_id: str, folder: Path) -> tuple[Path, dict[str, float]]:
    """The golden pair of a held-out photo in the first look: see `golden_pair`."""
    photo, *_ = Sampler(cache, 1.0).painted(face_of(cache, photo_id), pure_style(0), plain_crop())
    face_bytes = (np.clip(photo, 0, 1) * 255 + 0.5).astype(np.uint8).transpose(2, 0, 1)[None]
    return golden_pair(trained, face_bytes, exemplar_code(LOOK_IDS[0]), folder)


def golden_pair(trained: Trained, face_bytes: np.ndarray, code: np.ndarray, folder: Path) -> tuple[Path, dict[str, float]]:
    """Writes the golden pair of a face (uint8 [1,3,256,256]) in the style `code` [2,512].

    Returns its path and the largest and mean differences by file. Raises ParityError when a difference
    is above the manifest's tolerance.
    """
    face = np.ascontiguousarray(face_bytes).astype(np.float32) / np.float32(127.5) - 1
    style = {
        "extrinsic_code": code[None],
        "weights": np.ones((1, ROWS), np.float32),
        "keep_color": np.zeros((1, 1), np.float32),
    }
    with torch.no_grad():
        modulation = trained.model.style_head(*(torch.from_numpy(part) for part in style.values()))
        styled = trained.model.student(torch.from_numpy(face), modulation).numpy()
    fed = {"face": face, "modulation": modulation.numpy()}
    differences = {
        "style-head": np.abs(run_onnx(folder / "style-head.onnx", style) - modulation.numpy()),
        "student": np.abs(run_onnx(folder / "student.onnx", fed) - styled),
        "student-fp16": np.abs(run_onnx(folder / "student-fp16.onnx", fed) - styled),
    }
    agreement = {}
    for name, difference in differences.items():
        agreement |= {f"{name} max": float(difference.max()), f"{name} mean": float(difference.mean())}
    check_whole(folder / "style-head.onnx", differences["style-head"], 1e-3)
    check_whole(folder / "student.onnx", differences["student"], TOLERANCE["float32"])
    check_half(folder / "student-fp16.onnx", differences["student-fp16"])
    return write_golden(folder, face_bytes, modulation.numpy(), styled, style), agreement


def check_whole(path: Path, difference: np.ndarray, limit: float) -> None:
    """Raises ParityError when a single-precision graph is anywhere farther off than `limit`."""
    if not difference.max() <= limit:
        raise ParityError(f"{path} differs from PyTorch by {difference.max():.2g}; at most {limit} is allowed.")


def check_half(path: Path, difference: np.ndarray) -> None:
    """Raises ParityError when the half-precision graph is farther off than the SDK's own self-test allows."""
    limits = TOLERANCE["float16"]
    above = float((~(difference <= limits["max"])).mean())
    if not difference.mean() <= limits["mean"] or above > OUTLIERS:
        raise ParityError(
            f"{path} differs from PyTorch by {difference.mean():.2g} on average and by more than {limits['max']} in {above:.2g} of its numbers; "
            f"at most {limits['mean']} and {OUTLIERS} are allowed. A network that has hardly been trained may be so: train on."
        )


def manifest_entry(trained: Trained, models: Path, folder: Path, golden: Path, command: str) -> dict[str, Any]:
    """The model's entry in the manifest; metrics are filled in by the caller."""
    width = trained.model.student.modulation_size
    shapes = {
        "inputs": {"face": [1, 3, SIZE_PX, SIZE_PX], "modulation": [1, width]},
        "outputs": {"styled": [1, 4, SIZE_PX, SIZE_PX]},
    }
    head_shapes = {
        "inputs": {"extrinsic_code": [1, ROWS, CODE_SIZE], "weights": [1, ROWS], "keep_color": [1, 1]},
        "outputs": {"modulation": [1, width]},
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
        "crop": {"convention": "ffhq", "scale": 1.0},
        "gmacs": round(multiply_accumulates(trained.model.student) / 1e9, 3),
        "licence": "Apache-2.0",
        "lineage": ["painter pairs, no teacher", "photos by source and licence: see CARD.md", "mattes: selfie_multiclass_256x256 (Apache-2.0)"],
        "training": {"command": command, "commit": trained.commit, "images": trained.images, "minutes": round(trained.minutes, 1)},
        "metrics": {},
        "fallback": FALLBACKS[trained.size],
    }


def thumbnails(trained: Trained, cache: LayerCache, photo_id: str) -> dict[str, np.ndarray]:
    """{look id: what this student makes of the photo, uint8 RGB}."""
    sampler, index = Sampler(cache, 1.0), face_of(cache, photo_id)
    pictures = {}
    for look, look_id in enumerate(LOOK_IDS):
        photo, *_ = sampler.painted(index, pure_style(look), plain_crop())
        face = np.ascontiguousarray(photo.transpose(2, 0, 1))[None] * 2 - 1
        styled = trained.styled(face, exemplar_code(look_id)[None], (1.0, 1.0), 0.0)[0]
        pictures[look_id] = (np.clip(styled[:3].transpose(1, 2, 0) * 0.5 + 0.5, 0, 1) * 255 + 0.5).astype(np.uint8)
    return pictures
