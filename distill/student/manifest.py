"""The model manifest and golden files: what the SDK reads about a model."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from distill.checkpoint import write_atomic
from distill.student.style_head import STRUCTURE_ROWS

VERSION = 1
TOLERANCE = {"float32": 1e-3, "float16": {"mean": 2e-3, "max": 3e-2}}
OUTLIERS = 1e-4
"""Share of a half-precision picture that may be off by more than the largest difference.

A hard edge of the matte is a logit that falls from +100 to -100 within a pixel or two; where it crosses zero,
half precision moves it by more than anywhere else, most of all in a network that has trained for minutes only.
"""


def file_facts(path: Path, root: Path) -> dict[str, Any]:
    """{file (relative to root), sha256, bytes} of a file."""
    data = path.read_bytes()
    return {"file": path.relative_to(root).as_posix(), "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def upsert(manifest_path: Path, entry: dict[str, Any]) -> None:
    """Puts a model's entry into the manifest, in place of the one with the same id.

    Raises ValueError when the manifest has a version this code does not write.
    """
    manifest: dict[str, Any] = {"version": VERSION, "models": []}
    if manifest_path.exists():
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
        if manifest.get("version") != VERSION:
            raise ValueError(f"{manifest_path} has version {manifest.get('version')}, this program writes {VERSION}.")
    others = [model for model in manifest["models"] if model["id"] != entry["id"]]
    manifest["models"] = sorted([*others, entry], key=lambda model: model["id"])
    write_json(manifest_path, manifest)


def write_json(path: Path, value: Any) -> None:
    """Readable JSON, written whole or not at all."""
    write_atomic(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def packed(numbers: np.ndarray) -> bytes:
    """The gzip'd bytes of an array, the same for the same numbers."""
    return gzip.compress(np.ascontiguousarray(numbers).tobytes(), 9, mtime=0)


def write_golden(
    folder: Path,
    face_bytes: np.ndarray,
    modulation: np.ndarray,
    styled: np.ndarray,
    style: dict[str, np.ndarray],
) -> Path:
    """Writes the golden pair and returns the path of golden.json.

    face_bytes: uint8 [1,3,S,S], dequantised exactly by x / 127.5 - 1. modulation float32 [1,D].
    styled [1,4,S,S]: the float32 answer, stored as float16. style: the style head's inputs by name.
    """
    parts = {
        "face": (face_bytes, {"encoding": "uint8"}),
        "modulation": (modulation.astype("<f4"), {"encoding": "float32"}),
        "styled": (styled.astype("<f2"), {"encoding": "float16-gzip"}),
        "code": (style["extrinsic_code"].astype("<f4"), {"encoding": "float32"}),
    }
    golden: dict[str, Any] = {"tolerance": {**TOLERANCE, "outliers": OUTLIERS}}
    for name, (array, facts) in parts.items():
        zipped = facts["encoding"].endswith("-gzip")
        file = f"golden-{name}.bin" + ".gz" * zipped
        write_atomic(folder / file, packed(array) if zipped else array.tobytes())
        golden[name] = {"file": file, "shape": list(array.shape), **facts}
    weights = style["weights"].ravel()
    golden |= {"structure": float(weights[0]), "color": float(weights[-1]), "keepColor": float(style["keep_color"].item())}
    write_json(folder / "golden.json", golden)
    return folder / "golden.json"


def read_golden(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a golden.json as float32, the face dequantised."""
    golden = json.loads(path.read_text(encoding="utf-8"))
    arrays = {}
    for name in ("face", "modulation", "styled", "code"):
        facts = golden[name]
        data, encoding = (path.parent / facts["file"]).read_bytes(), facts["encoding"]
        if encoding.endswith("-gzip"):
            data = gzip.decompress(data)
        raw = np.frombuffer(data, np.dtype(encoding.removesuffix("-gzip")).newbyteorder("<"))
        arrays[name] = raw.reshape(facts["shape"]).astype(np.float32)
    arrays["face"] = arrays["face"] / np.float32(127.5) - 1
    rows = arrays["code"].shape[1]
    arrays["weights"] = np.array([[golden["structure"]] * STRUCTURE_ROWS + [golden["color"]] * (rows - STRUCTURE_ROWS)], np.float32)
    arrays["keepColor"] = np.array([[golden["keepColor"]]], np.float32)
    return arrays
