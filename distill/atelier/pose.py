"""From a face reading to where and how the drawn head stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distill.atelier.landmarks import FaceReading

# Image axes (x right, y down, z away) against the matrix's (x right, y up, z near).
_FLIP = np.diag([1.0, -1.0, -1.0])
YAW_LIMIT, PITCH_LIMIT, SOFT = 0.54, 0.32, 0.1
_CONTOURS = ((10, 109, 67, 103, 54, 21, 162, 127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148,
              152),
             (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400,
              377, 152))


@dataclass(frozen=True)
class HeadPose:
    """The head in px of a 512 px square and radians.

    `yaw` + turns to the picture's right, `pitch` + looks down, `roll` + tips clockwise. `scale` 1
    is the template's size. `shape` holds the photo's own proportions: points relative to the eye
    middle, upright, with the head's turn in them (`eyes` [2,2], `mouth`, `nose`,
    `chin`, `cheeks`, `jaws`, `chin_sides` [2,2], `crown`, `eye_width`).
    """

    eye_middle: np.ndarray
    eye_distance: float
    roll: float
    yaw: float
    pitch: float
    shape: dict[str, np.ndarray]

    @property
    def scale(self) -> float:
        """Size against the template's: 1 for eyes 119 px apart in the 512 px square."""
        return float(np.clip(self.eye_distance / 119, 0.7, 1.4))


def limit(angle: float, bound: float) -> float:
    """`angle` unchanged up to `bound`, then bending smoothly to ``bound + SOFT`` at most."""
    beyond = max(abs(angle) - bound, 0)
    return float(np.sign(angle) * (min(abs(angle), bound) + SOFT * np.tanh(beyond / SOFT)))


def _rotation(reading: FaceReading) -> np.ndarray:
    linear = reading.matrix[:3, :3]
    return linear / np.cbrt(np.linalg.det(linear))


def _eye_middle(points: np.ndarray) -> np.ndarray:
    return points[[33, 133, 263, 362]].mean(0)


def frontal_points(reading: FaceReading) -> np.ndarray:
    """All points with the head's turn taken out, relative to the eye middle, eyes level."""
    turn = _FLIP @ _rotation(reading) @ _FLIP
    points = (reading.points - _eye_middle(reading.points)) @ turn
    left, right = points[[33, 133]].mean(0), points[[263, 362]].mean(0)
    return points @ _about_z(np.arctan2(right[1] - left[1], right[0] - left[0]))


def _about_z(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def read_pose(reading: FaceReading) -> HeadPose:
    """Where the head is and how it is turned; turns past ±31° and ±18° are softly limited."""
    points = reading.points
    middle = _eye_middle(points)
    across = points[[263, 362]].mean(0) - points[[33, 133]].mean(0)
    roll = float(np.arctan2(across[1], across[0]))
    # Yaw and pitch of the upright head: the roll comes off first.
    rotation = _about_z(roll) @ _rotation(reading)
    yaw = float(np.arctan2(rotation[0, 2], rotation[2, 2]))
    pitch = float(np.arctan2(-rotation[1, 2], np.hypot(rotation[0, 2], rotation[2, 2])))
    frontal = frontal_points(reading)
    eye_distance = float(np.hypot(
        *(frontal[[263, 362]].mean(0) - frontal[[33, 133]].mean(0))[:2]))
    limited = limit(yaw, YAW_LIMIT), limit(pitch, PITCH_LIMIT)
    upright = (points - middle) @ _about_z(roll)
    if limited != (yaw, pitch):
        upright = upright @ _turn(yaw, pitch) @ _turn(*limited).T
    widths = [np.hypot(*(frontal[a] - frontal[b])[:2]) for a, b in ((33, 133), (263, 362))]
    return HeadPose(middle[:2], eye_distance, roll, *limited,
                    _proportions(upright[:, :2], float(np.mean(widths))))


def _turn(yaw: float, pitch: float) -> np.ndarray:
    """Rotation (for column vectors, image axes) of a level head that looks yaw, pitch away."""
    c, s = np.cos(-yaw), np.sin(-yaw)
    about_y = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    c, s = np.cos(pitch), np.sin(pitch)
    return about_y @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _proportions(points: np.ndarray, eye_width: float) -> dict[str, np.ndarray]:
    chin = points[152]
    shape = {
        "eyes": np.stack([points[[33, 133]].mean(0), points[[263, 362]].mean(0)]),
        "mouth": points[[78, 308]].mean(0), "nose": points[4], "chin": chin,
        "crown": points[10] * 1.75, "eye_width": np.array([eye_width]),
    }
    for name, height in (("cheeks", 0.28), ("jaws", 0.57), ("chin_sides", 0.77)):
        shape[name] = np.stack(
            [_contour_at(points[list(line)], height * chin[1]) for line in _CONTOURS])
    return shape


def _contour_at(line: np.ndarray, y: float) -> np.ndarray:
    """The point of a contour that runs downwards at height `y`."""
    rows = np.maximum.accumulate(line[:, 1])
    return np.array([np.interp(y, rows, line[:, 0]), y])


# A head of average proportions, px of the 512 px square: x, y and z (to the back) from the eye
# middle. Means over the aligned photos.
_AVERAGE = {
    "eyes": [(-59.5, 0, 0), (59.5, 0, 0)], "mouth": [(0, 125, -24)], "nose": [(0, 67, -62)],
    "chin": [(0, 229, -12)], "crown": [(0, -180, 30)], "cheeks": [(-137, 64, 75), (137, 64, 75)],
    "jaws": [(-126, 130, 62), (126, 130, 62)], "chin_sides": [(-100, 176, 34), (100, 176, 34)],
}


def turned(pose: HeadPose, yaw: float, pitch: float) -> HeadPose:
    """A head of average proportions at `pose`'s place, turned by `yaw` and `pitch` instead."""
    yaw, pitch = limit(yaw, YAW_LIMIT), limit(pitch, PITCH_LIMIT)
    scale = pose.eye_distance / 119
    turn = _turn(yaw, pitch).T[:, :2] * scale
    shape = {name: np.array(points, float) @ turn for name, points in _AVERAGE.items()}
    for name in ("mouth", "nose", "chin", "crown"):
        shape[name] = shape[name][0]
    shape["eye_width"] = np.array([53 * scale])
    return HeadPose(pose.eye_middle, pose.eye_distance, pose.roll, yaw, pitch, shape)


def rest_pose() -> HeadPose:
    """A level head of average proportions in the middle of the square."""
    empty = HeadPose(np.array([256.0, 249.0]), 119.0, 0.0, 0.0, 0.0, {})
    return turned(empty, 0.0, 0.0)
