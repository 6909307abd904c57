"""Photos and portraits as aligned squares, from any file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import torch
from torch import Tensor

from distill.align import ffhq_crop_from_frame, warp_crop
from distill.data.landmarks import FaceMarker
from distill.data.pictures import list_pictures, read_picture, resize


def load_squares(paths: Sequence[Path], size_px: int, face_model: Path | None = None) -> Tensor:
    """Pictures [N,3,S,S] in [-1,1]: with `face_model` the FFHQ square of the largest face, else the file, which must be square.

    Raises SystemExit with the file's name if there is no face or the picture is not square.
    """
    with FaceMarker(face_model) if face_model else nullcontext() as marker:
        rows = [_square(path, size_px, marker) for path in paths]
    return torch.stack(rows) if rows else torch.empty(0, 3, size_px, size_px)


def _square(path: Path, size_px: int, marker: FaceMarker | None) -> Tensor:
    if not path.is_file():
        raise SystemExit(f"{path}: there is no such picture.")
    rgb = read_picture(path).rgb
    if marker is not None:
        faces = marker.find(rgb)
        if not faces:
            raise SystemExit(f"{path}: no face was found; give an aligned square without --face-model instead.")
        rgb = warp_crop(rgb, ffhq_crop_from_frame(faces[0].points_px), size_px)
    elif rgb.shape[0] != rgb.shape[1]:
        raise SystemExit(f"{path} is not square ({rgb.shape[1]}×{rgb.shape[0]}); give --face-model to cut the face's square out.")
    return torch.from_numpy(resize(rgb, size_px)).permute(2, 0, 1).float() / 127.5 - 1


def named_pictures(folder: Path, names: Sequence[str]) -> list[Path]:
    """The files of `folder` that go with `names` (equal names or equal stems); raises SystemExit for one that is missing."""
    files = {path.name: path for path in list_pictures(folder)}
    stems = {path.stem: path for path in files.values()}
    found = [files.get(name) or stems.get(Path(name).stem) for name in names]
    missing = [name for name, path in zip(names, found, strict=True) if path is None]
    if missing:
        raise SystemExit(f"{folder} has no picture for {', '.join(missing[:4])}{' …' if len(missing) > 4 else ''}.")
    return [path for path in found if path is not None]
