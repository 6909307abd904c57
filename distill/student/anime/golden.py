"""The golden pair's code: large blocks instead of an exemplar's drawing.

Layers are sampled at the nearest pixel, and another device's rounding takes a neighbour now and
then. In a drawing that changes a pixel by much; between blocks it changes nothing, and their few
edges can be laid where no sampled place comes near.
"""

from __future__ import annotations

import numpy as np

from distill.student.anime.canvas import ATLAS_ROWS, BOXES, CANVAS_PX, CHANNELS, CODE_WIDTH, ROWS

_CUTS = 3


def block_code(field: np.ndarray, seed: int = 7, tries: int = 60) -> tuple[np.ndarray, float]:
    """A code uint8 [ROWS, CODE_WIDTH] and how near a sampled place comes to an edge of its blocks, px of the canvas.

    field [4, 2, 256, 256]: displacements of each pixel, px of the crop.
    """
    best: tuple[np.ndarray, float] | None = None
    for attempt in range(tries):
        rng = np.random.default_rng([seed, attempt])
        code, margin = _blocks(field, rng)
        if best is None or margin > best[1]:
            best = code, margin
    assert best is not None
    return best


def _blocks(field: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    layers, margin = [], np.inf
    centres = np.arange(CANVAS_PX // 2) + 0.5
    for number, (top, bottom, left, right) in enumerate(BOXES.values()):
        whole = np.zeros((bottom - top, right - left, CHANNELS), np.uint8)
        places = 2 * (centres[:, None] + field[number, 1]), 2 * (centres[None] + field[number, 0])
        cuts = []
        for axis, (low, high) in enumerate(((top, bottom), (left, right))):
            edges = np.sort(rng.choice(np.arange(low + 20, high - 20), _CUTS, replace=False))
            margin = min(margin, *(float(np.abs(places[axis] - edge).min()) for edge in edges))
            cuts.append([low, *edges.tolist(), high])
        for row in range(_CUTS + 1):
            for column in range(_CUTS + 1):
                alpha = int(rng.choice([0, 255, rng.integers(40, 255)]))
                hair = int(rng.integers(0, 256))
                colour = rng.integers(0, alpha + 1, 3)
                value = [*colour, alpha, hair, int(rng.integers(0, 256 - hair))]
                rows = slice(cuts[0][row] - top, cuts[0][row + 1] - top)
                columns = slice(cuts[1][column] - left, cuts[1][column + 1] - left)
                whole[rows, columns] = value
        layers.append(whole.reshape(-1, CHANNELS))
    code = np.zeros((ROWS, CODE_WIDTH), np.uint8)
    pixels = np.concatenate(layers).ravel()
    code[1 : 1 + ATLAS_ROWS].reshape(-1)[: pixels.size] = pixels
    # Traits in the middle of their ranges, a woman's face; plain colours.
    code[0, 1:6] = 128
    code[-1, :9] = (200, 120, 60, 240, 200, 170, 80, 140, 220)
    return code, margin
