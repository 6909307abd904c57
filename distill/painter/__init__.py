"""Comic painter: turns an aligned photo into exact, cheap training targets for the comic style."""

from distill.painter.looks import LOOK_IDS, LOOKS, Look, Palette, Structure, look_by_id
from distill.painter.paint import CROP_SIZE_PX, Layers, Mix, compose, layers, only, paint

__all__ = [
    "CROP_SIZE_PX",
    "LOOKS",
    "LOOK_IDS",
    "Layers",
    "Look",
    "Mix",
    "Palette",
    "Structure",
    "compose",
    "layers",
    "look_by_id",
    "only",
    "paint",
]
