"""The student's `pose` input: what the tracker knows of a face, as plain numbers about 1 in size.

The formulas are the atelier's (`pose.read_pose`, `expression.read_expression`), which draw the
targets; here their results are put into one row. The SDK has a twin; `test/fixtures/pose.json`
holds both together.
"""

from __future__ import annotations

import numpy as np

from distill.atelier.expression import Expression, read_expression
from distill.atelier.landmarks import FaceReading
from distill.atelier.pose import HeadPose, read_pose

OPENING_PX, LIP_PX, LIP_X_PX, BROW_PX, ARCH_PX = 50.0, 20.0, 40.0, 20.0, 10.0
GAZE_PX = (15.0, 9.0)
LIP_POINTS = 11


def _names() -> tuple[str, ...]:
    sided = [(name, side) for name in ("cheeks", "jaws", "chinSides") for side in "LR"]
    shape = ["eyesLX", "eyesRX", "mouthX", "mouthY", "noseX", "noseY", "chinX", "chinY", *(f"{name}{side}X" for name, side in sided)]
    eyes = [f"{name}{side}" for name in ("lid", "browRise", "browTilt", "browArch") for side in "LR"]
    lips = [f"{line}{axis}{point}" for line, axis in (("upper", "X"), ("upper", "Y"), ("lower", "Y")) for point in range(LIP_POINTS)]
    return ("sinYaw", "sinPitch", "opening", *shape, "crownX", "crownY", "eyeWidth", *eyes, "gazeX", "gazeY", "happy", "squint", "teeth", *lips)


POSE_NAMES = _names()
"""Names of the entries in order; L and R are sides of the picture."""
POSE_SIZE = len(POSE_NAMES)
SHAPE = slice(3, 20)
"""The entries that say how this face is built, in eye distances from the eye middle, upright."""


def pose_vector(pose: HeadPose, expression: Expression) -> np.ndarray:
    """float32 [POSE_SIZE] of a head and its expression; place, size and roll do not matter."""
    shape, mouth = pose.shape, expression.mouth
    proportions = np.concatenate(
        [
            shape["eyes"][:, 0], shape["mouth"], shape["nose"], shape["chin"],
            shape["cheeks"][:, 0], shape["jaws"][:, 0], shape["chin_sides"][:, 0], shape["crown"], shape["eye_width"],
        ]
    ) / pose.eye_distance  # fmt: skip
    eyes = expression.eyes
    return np.concatenate(
        [
            [np.sin(pose.yaw), np.sin(pose.pitch), mouth.opening / OPENING_PX],
            proportions,
            [eye.lid for eye in eyes],
            [eye.brow_rise / BROW_PX for eye in eyes],
            [eye.brow_tilt / BROW_PX for eye in eyes],
            [eye.brow_arch / ARCH_PX for eye in eyes],
            [eyes[0].gaze[0] / GAZE_PX[0], eyes[0].gaze[1] / GAZE_PX[1], eyes[0].happy, eyes[0].squint, mouth.teeth],
            mouth.upper[:, 0] / LIP_X_PX,
            mouth.upper[:, 1] / LIP_PX,
            mouth.lower[:, 1] / LIP_PX,
        ]
    ).astype(np.float32)  # fmt: skip


def read_pose_vector(reading: FaceReading) -> np.ndarray:
    """The pose vector of a landmarker's reading."""
    pose = read_pose(reading)
    return pose_vector(pose, read_expression(reading, pose))
