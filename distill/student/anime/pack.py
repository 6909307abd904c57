"""The anime pack: pack.json, one code file and one thumbnail per exemplar."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from distill.atelier.character import Character
from distill.atelier.draw import draw_portrait
from distill.atelier.exemplar import Exemplar
from distill.atelier.expression import REST
from distill.atelier.parts import AUTHOR, LICENCE, ORIGIN, PartSet
from distill.atelier.pose import rest_pose
from distill.checkpoint import write_atomic
from distill.student.anime.canvas import CODE_WIDTH, ROWS, coarse_code
from distill.student.anime.crop import crop_pose
from distill.student.manifest import packed, write_json

THUMBNAIL_PX = 160
NAMES = (
    "Aoi", "Bex", "Cas", "Dale", "Emi", "Frey", "Gale", "Haru", "Indy", "Juno", "Kai", "Lou", "Mika", "Nori", "Ollie", "Pip",
    "Quinn", "Rei", "Sora", "Tomo", "Umi", "Val", "Wren", "Xen", "Yuki", "Zuri", "Akira", "Bo", "Cleo", "Dax", "Eli", "Fumi",
)  # fmt: skip


def write_anime_pack(folder: Path, models: dict[str, str], parts: PartSet, exemplars: list[Exemplar], codes: np.ndarray, first: str) -> None:
    """Writes the pack. models: {size: model id}. first: id of the exemplar shown by default."""
    entries = []
    for exemplar, name, code in zip(exemplars, NAMES, codes):
        ident = name.lower()
        code_file, thumbnail_file = f"codes/{ident}.bin.gz", f"thumbnails/{ident}.jpg"
        write_atomic(folder / code_file, packed(coarse_code(code)))
        drawn = draw_portrait(Character(parts, exemplar, 0.5), REST, crop_pose(rest_pose()), structure=1.0, size=256)
        small = cv2.resize(drawn.rgb, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
        _, coded = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
        write_atomic(folder / thumbnail_file, coded.tobytes())
        entries.append(
            {
                "id": ident, "name": name, "code": code_file, "codeEncoding": "uint8-gzip", "thumbnail": thumbnail_file,
                "licence": LICENCE, "author": AUTHOR, "origin": ORIGIN,
            }
        )
    write_json(
        folder / "pack.json",
        {
            "version": 1,
            "id": "anime",
            "name": "Anime",
            "models": models,
            "codeShape": [ROWS, CODE_WIDTH],
            "random": "exchange",
            "exemplars": entries,
            "defaults": {"exemplar": first, "structure": 0.5, "color": 1, "keepColor": 0},
            "matte": {"feather": 0.01},
            "color": {"match": 0},
        },
    )
