"""Does a drawing show the exemplar that was asked for? The nearest of many is looked up."""

from __future__ import annotations

from typing import Any

import numpy as np
from tqdm import tqdm

from distill.atelier.exemplar import choose_exemplars
from distill.atelier.parts import PartSet
from distill.student.anime.cache import PairCache
from distill.student.anime.canvas import canvas_of, compose_sources, exemplar_code, sources
from distill.student.anime.checkpoints import TrainedAnime
from distill.student.anime.samples import draw_sample

SEED = 20
DRAWS = 20


def retrieval(trained: TrainedAnime, cache: PairCache, rows: list[dict[str, Any]], parts: PartSet, among: int = 200) -> dict[str, float]:
    """Share of drawings nearest to the layers of their own exemplar among `among` that no training saw.

    Each of `DRAWS` exemplars, picked with those of the others by fixed seed, is drawn for a held-out face.
    """
    codes = [exemplar_code(parts, exemplar) for exemplar in tqdm(choose_exemplars(parts, among, SEED), "exemplars")]
    canvases = [np.round(canvas_of(code)[:, :4] * 255).astype(np.uint8) for code in codes]
    rng, right = np.random.default_rng(SEED), 0
    for wanted in rng.choice(among, DRAWS, replace=False):
        row = rows[int(rng.integers(len(rows)))]
        sample = draw_sample(cache, row, None)
        drawn = trained.styled(sample["face"], sample["pose"], trained.style(codes[wanted], row["structure"]))
        taken = [sources(cache.flow.field(sample["pose"], male, row["structure"])[0]) for male in (0.0, 1.0)]
        distances = []
        for code, canvas in zip(codes, canvases):
            layers = compose_sources(canvas, taken[int(code[0, 0] > 127)]).astype(np.float32) / 255
            distances.append(float((np.abs(layers[..., :3] - drawn[..., :3] * layers[..., 3:4]) * drawn[..., 3:]).mean()))
        right += int(np.argmin(distances)) == wanted
    return {"retrieved": right / DRAWS, "retrievedByChance": 1 / among}
