"""Where the anime student's crop lies: the eye middle, the roll and the frontal eye distance fix it.

Unlike the FFHQ square it does not move when the mouth opens, and its size does not change when the
head turns, so drawn hair stays where it is. The SDK has a twin; `test/fixtures/pose.json` holds
both together.
"""

from __future__ import annotations

import numpy as np

from distill.atelier.landmarks import FRAME_PX, FaceReading
from distill.atelier.pose import HeadPose, read_pose

EYE_DISTANCE_SIDES = 0.22
"""Frontal distance of the eye centres, in sides of the crop."""
EYE_MIDDLE = (0.5, 0.48)
"""Where the middle between the eyes lies in the crop, sides from its left and top."""


def crop_from_frame(pose: HeadPose) -> np.ndarray:
    """Frame px → crop units, 2×3: maps the face's square to [0, 1]². `pose` in px of the frame."""
    scale = EYE_DISTANCE_SIDES / pose.eye_distance
    c, s = scale * np.cos(pose.roll), scale * np.sin(pose.roll)
    linear = np.array([[c, s], [-s, c]])
    return np.c_[linear, np.array(EYE_MIDDLE) - linear @ pose.eye_middle]


def crop_matrix(reading: FaceReading) -> np.ndarray:
    """2×3 in pixel indices of the 512 px square, for `atelier.geometry`: moves photo and reading to the crop."""
    units = crop_from_frame(read_pose(reading))
    # Readings lie on pixel indices of the square, whose pixel 0 covers -0.5…0.5.
    return np.c_[units[:, :2] * FRAME_PX, units[:, 2] * FRAME_PX - 0.5]


def crop_pose(pose: HeadPose) -> HeadPose:
    """The same head as it stands in the crop, in px of a 512 px square."""
    ratio = EYE_DISTANCE_SIDES * FRAME_PX / pose.eye_distance
    shape = {name: points * ratio for name, points in pose.shape.items()}
    middle = np.array(EYE_MIDDLE) * FRAME_PX - 0.5
    return HeadPose(middle, EYE_DISTANCE_SIDES * FRAME_PX, 0.0, pose.yaw, pose.pitch, shape)
