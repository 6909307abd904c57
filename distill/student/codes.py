"""Extrinsic codes of the comic exemplars: fixed by seed, so they belong to the pack and to no one model."""

from __future__ import annotations

import zlib

import numpy as np

from distill.student.style_head import CODE_SIZE, ROWS


def exemplar_code(look_id: str) -> np.ndarray:
    """The code of a look, float32 [2,512] from N(0,1); the same on every machine and for every model."""
    draws = np.random.Generator(np.random.PCG64(zlib.crc32(f"comic/{look_id}".encode())))
    return draws.standard_normal((ROWS, CODE_SIZE)).astype(np.float32)


def all_codes(look_ids: tuple[str, ...]) -> np.ndarray:
    """The codes of several looks, float32 [n,2,512]."""
    return np.stack([exemplar_code(look_id) for look_id in look_ids])
