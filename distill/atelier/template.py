"""Geometry of the busts: anchors, jaw line and depth, in canvas px (1000×1200).

Source of the numbers: measured on the parts. Both sexes share one drawing of the eyes and mouth,
shifted; `Template.rise` is that shift, so that eye rows of the female canvas fit both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

EYE_DISTANCE = 188.0
AXIS_X = 495.0


@dataclass(frozen=True)
class Template:
    """Where things are on one sex's canvas."""

    eyes: np.ndarray
    mouth: np.ndarray
    chin: np.ndarray
    jaws: np.ndarray
    cheeks: np.ndarray
    nose: np.ndarray
    hair_top_y: float
    eye_rise: int
    mouth_rise: int
    jaw_line: np.ndarray = field(repr=False)

    @property
    def eye_middle(self) -> np.ndarray:
        """Middle between the eye centres."""
        return self.eyes.mean(0)

    @property
    def skull_cut_y(self) -> float:
        """Above this row the skull would show between front and back hair on a turned head."""
        return 330.0 + self.eye_rise


def _points(*pairs: tuple[float, float]) -> np.ndarray:
    array = np.array(pairs, float)
    array.setflags(write=False)
    return array


TEMPLATES = {
    "female": Template(
        eyes=_points((401, 550), (589, 550)), mouth=_points((495, 675))[0],
        chin=_points((495, 745))[0], jaws=_points((366, 660), (626, 660)),
        cheeks=_points((346, 600), (647, 600)), nose=_points((495, 610))[0],
        hair_top_y=180, eye_rise=0, mouth_rise=0,
        jaw_line=_points(
            (330, 430), (331, 560), (346, 600), (352, 620), (358, 640), (367, 660), (387, 680),
            (414, 700), (440, 720), (495, 746), (552, 720), (579, 700), (606, 680), (625, 660),
            (634, 640), (640, 620), (647, 600), (662, 560), (663, 430)),
    ),
    "male": Template(
        eyes=_points((401, 428), (589, 428)), mouth=_points((495, 575))[0],
        chin=_points((495, 654))[0], jaws=_points((366, 560), (625, 560)),
        cheeks=_points((343, 500), (647, 500)), nose=_points((495, 490))[0],
        hair_top_y=60, eye_rise=-123, mouth_rise=-100,
        jaw_line=_points(
            (330, 310), (331, 455), (343, 500), (350, 520), (357, 540), (366, 560), (378, 580),
            (402, 600), (431, 620), (464, 641), (495, 655), (526, 641), (559, 620), (588, 600),
            (612, 580), (624, 560), (633, 540), (640, 520), (647, 500), (660, 455), (663, 310)),
    ),
}
