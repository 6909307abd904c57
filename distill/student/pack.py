"""The comic pack: pack.json, one code file and one thumbnail per look."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from distill.checkpoint import write_atomic
from distill.painter import LOOKS
from distill.student.codes import exemplar_code
from distill.student.manifest import write_json
from distill.student.style_head import CODE_SIZE, ROWS

THUMBNAIL_PX = 160
AUTHOR = "StyleFilter contributors"


def write_pack(folder: Path, models: dict[str, str], thumbnails: dict[str, np.ndarray]) -> None:
    """Writes the pack.

    models: {size: model id}. thumbnails: {look id: uint8 RGB}; a look without one keeps the file it has.
    """
    exemplars = []
    for look in LOOKS:
        code_file, thumbnail_file = f"codes/{look.id}.bin", f"thumbnails/{look.id}.jpg"
        write_atomic(folder / code_file, exemplar_code(look.id).astype("<f4").tobytes())
        if look.id in thumbnails:
            small = cv2.resize(thumbnails[look.id], (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
            _, coded = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 86])
            write_atomic(folder / thumbnail_file, coded.tobytes())
        exemplars.append(
            {
                "id": look.id,
                "name": look.name,
                "code": code_file,
                "thumbnail": thumbnail_file,
                "licence": "Apache-2.0",
                "author": AUTHOR,
            }
        )
    write_json(
        folder / "pack.json",
        {
            "version": 1,
            "id": "comic",
            "name": "Comic",
            "models": models,
            "codeShape": [ROWS, CODE_SIZE],
            "exemplars": exemplars,
            "defaults": {"exemplar": LOOKS[0].id, "structure": 1, "color": 1, "keepColor": 0},
            "matte": {"feather": 0.01},
            "color": {"match": 0},
        },
    )
