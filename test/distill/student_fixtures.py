"""A layer cache of a few drawn portraits, and trainings small enough for a test."""

import json
from dataclasses import asdict

import numpy as np
from painter_fixtures import portrait

from distill.data.faces import Photo
from distill.student import cache as layer_cache


class DrawnSegmenter:
    """Stands in for the segmentation network: knows the classes of the drawn portraits."""

    def __init__(self, classes):
        self._classes = classes

    def classes(self, _photo):
        return self._classes


def drawn_cache(folder, trained=4, held_out=2):
    """Writes and opens a cache of drawn portraits, the last ones held out."""
    folder.mkdir(parents=True, exist_ok=True)
    photos, bases, looks, scales = [], [], [], []
    for number in range(trained + held_out):
        rgb, classes = portrait(skin=(220 - 25 * number, 170 - 20 * number, 150 - 20 * number), seed=number)
        valid = np.ones(rgb.shape[:2], np.float32)
        base, look, scale = layer_cache.analyse(rgb, valid, DrawnSegmenter(classes))
        bases.append(base)
        looks.append(look)
        scales.append(np.concatenate([scale.to_tone, scale.to_luma, [scale.skin_tone]]))
        held = number >= trained
        photos.append(Photo(f"320/drawn_{number:05}.png", "drawn", "A", "drawn by the test", "CC0", held))
    for name, arrays in (("base", bases), ("looks", looks), ("scales", scales)):
        np.save(folder / f"{name}.npy", np.stack(arrays))
    described = {"fingerprint": "drawn", "photos": [asdict(photo) for photo in photos]}
    (folder / "entries.json").write_text(json.dumps(described))
    return layer_cache.LayerCache(folder)
