"""From a face reading to the drawing's expression: lids, gaze, brows, mouth.

Lengths are canvas px at the template's size (eyes 189 px apart) unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from distill.atelier.landmarks import FaceReading
from distill.atelier.pose import HeadPose, frontal_points

INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
# Corner to corner, then pairs of points on the upper and lower lid; picture's left eye first.
_EYES = (((33, 133), (160, 158, 159), (144, 153, 145)),
         ((263, 362), (387, 385, 386), (373, 380, 374)))
IRIS_CENTRES = (468, 473)
# Closed lips read as a gap up to this, px: measured on renders.
_CLOSED_GAP = 1.6
_ASPECT = (0.145, 0.16, 0.19, 0.235, 0.285, 0.32, 0.42)
_ASPECT_LID = (1.0, 0.96, 0.66, 0.4, 0.22, 0.10, -0.02)


@dataclass(frozen=True)
class EyeState:
    """One eye. `lid` 0 wide open, 0.12 at rest, 1 shut; `happy` 0–1 bends the shut eye upwards;
    `squint` 0–1 lifts the lower lid; `gaze` px right and down; brow values px."""

    lid: float = 0.12
    happy: float = 0.0
    squint: float = 0.0
    gaze: tuple[float, float] = (0.0, 0.0)
    brow_rise: float = 0.0
    brow_tilt: float = 0.0
    brow_arch: float = 0.0


@dataclass(frozen=True)
class MouthState:
    """Inner lip lines [11, 2] from corner to corner, relative to the middle of the corners.

    `opening` is the largest gap, `teeth` 0–1 how much of the upper row shows, `chin_drop` how far
    an open jaw lowers the chin.
    """

    upper: np.ndarray
    lower: np.ndarray
    teeth: float = 0.0

    @property
    def opening(self) -> float:
        """The largest gap between the lips, px."""
        return float((self.lower[:, 1] - self.upper[:, 1]).max())


@dataclass(frozen=True)
class Expression:
    """Everything a face does; `eyes` in picture order."""

    eyes: tuple[EyeState, EyeState]
    mouth: MouthState


def shaped_mouth(opening: float = 0.0, smile: float = 0.2, teeth: float = 0.0) -> MouthState:
    """A symmetric mouth: `opening` px, `smile` 0–1 widens it and lifts its corners."""
    x = np.linspace(-1, 1, 11)
    half = 34 + 20 * smile - 0.12 * min(opening, 60)
    upper = -11 * smile * x**2 - 0.12 * opening * (1 - x**2) * (1 - smile)
    gap = opening * np.sqrt(np.clip(1 - x**2, 0, 1)) ** (0.8 + 0.5 * smile)
    line = np.stack([half * x, upper], 1)
    return MouthState(line, line + np.stack([np.zeros(11), gap], 1), teeth)


REST = Expression((EyeState(), EyeState()), shaped_mouth())


def read_expression(reading: FaceReading, pose: HeadPose) -> Expression:
    """What the face in the photo does."""
    points = frontal_points(reading)
    smile = float(np.clip(reading.shape("mouthSmile"), 0, 1))
    lids = _lids(reading, points)
    gaze = _gaze(reading, points, pose)
    brow_down, brow_outer = reading.sides("browDown"), reading.sides("browOuterUp")
    brow_inner = reading.shape("browInnerUp")
    eyes = tuple(
        EyeState(
            lid=lids[side], happy=float(np.interp(smile, [0.25, 0.7], [0, 1])),
            squint=float(np.clip(0.6 * smile + 0.3 * np.interp(smile, [0.5, 0.7], [0, 1]), 0, 1)),
            gaze=gaze,
            brow_rise=13 * brow_down[side] - 22 * brow_outer[side] - 14 * brow_inner,
            brow_tilt=13 * brow_down[side] - 16 * brow_inner + 8 * brow_outer[side],
            brow_arch=4 * brow_outer[side] - 4 * brow_down[side])
        for side in (0, 1))
    return Expression(eyes, _mouth(reading, points, pose, smile))  # type: ignore[arg-type]


def mirror_expression(expression: Expression) -> Expression:
    """The expression of the same face in a mirror."""
    left, right = (replace(eye, gaze=(-eye.gaze[0], eye.gaze[1])) for eye in expression.eyes)
    mouth = expression.mouth
    return Expression((right, left), MouthState(
        _mirrored(mouth.upper), _mirrored(mouth.lower), mouth.teeth))


def with_lids(expression: Expression, closing: tuple[float, float]) -> Expression:
    """The same with lids closed by a further 0–1 each (1: shut), brows following a little."""
    eyes = tuple(
        replace(eye, lid=eye.lid + (1 - eye.lid) * t, brow_rise=eye.brow_rise + 4 * t)
        for eye, t in zip(expression.eyes, closing, strict=True))
    return replace(expression, eyes=eyes)  # type: ignore[arg-type]


def _lids(reading: FaceReading, points: np.ndarray) -> list[float]:
    """Closure of both lids. Calibrated on renders with known lids and on photos at rest.

    The eye's aspect separates shut from open; the landmarker's own blink, weak by itself, tells
    narrow eyes from closing ones, and both understate a wink, which the other eye gives away.
    """
    aspects = []
    for corners, upper, lower in _EYES:
        width = np.hypot(*(points[corners[0]] - points[corners[1]])[:2])
        gaps = [np.linalg.norm(points[u] - points[lo])
                for u, lo in zip(upper, lower, strict=True)]
        aspects.append(float(np.mean(gaps) / width))
    blinks = reading.sides("eyeBlink")
    lids = []
    for side, other in ((0, 1), (1, 0)):
        # Only both signs together make a wink: turned and smiling faces show either.
        narrower = np.clip((aspects[other] - aspects[side] - 0.03) / 0.05, 0, 1)
        blinking = np.clip((blinks[side] - blinks[other] - 0.05) / 0.08, 0, 1)
        aspect = aspects[side] - 0.1 * (blinks[side] - 0.15) - 0.12 * narrower * blinking
        lids.append(float(np.interp(aspect, _ASPECT, _ASPECT_LID)))
    middle, half = sum(lids) / 2, (lids[0] - lids[1]) / 2
    # Small differences are noise, large ones are a wink.
    half *= np.interp(abs(half), [0.06, 0.2], [0.55, 1.0])
    return [_sure_lid(lid, sign) for lid, sign in zip(
        (middle + half, middle - half), _shut_signs(reading), strict=True)]


def _shut_signs(reading: FaceReading) -> tuple[float, float]:
    """Log odds that the eyes are shut by their pixels; 0 where only landmarks are known."""
    return reading.sides("eyeShut") if "eyeShutLeft" in reading.blendshapes else (0.0, 0.0)


def _sure_lid(lid: float, shut: float) -> float:
    """A lid that the pixels shut where they are sure, or keep from shutting."""
    lid = lid + (1 - lid) * float(np.interp(shut, [0.5, 1.5], [0, 1]))
    return lid - max(lid - 0.75, 0) * float(np.interp(shut, [-4, -2], [1, 0]))


def _gaze(
    reading: FaceReading, points: np.ndarray, pose: HeadPose
) -> tuple[float, float]:
    inward, outward = reading.sides("eyeLookIn"), reading.sides("eyeLookOut")
    # The left eye of the picture looks right when it looks inward.
    right = ((inward[0] - outward[0]) + (outward[1] - inward[1])) / 2
    # The drawn eyes face the viewer, so a turned head with eyes on the camera needs no shift.
    x = 20 * right - 2.5 + 13 * np.clip(pose.yaw, -0.5, 0.5)
    # Lids hide what the blendshapes say of up and down, so half of it comes from the irises; at
    # rest they stand 0.075 eye widths above the corners.
    down = reading.shape("eyeLookDown") - reading.shape("eyeLookUp")
    y = 60 * (_iris_drop(points) + 0.075) + 6 * down + 7.5 * np.clip(pose.pitch, -0.4, 0.4)
    return float(np.clip(x, -15, 15)), float(np.clip(y, -9, 9))


def _iris_drop(points: np.ndarray) -> float:
    """How far both irises lie below the line of the eye's corners, eye widths."""
    drops = []
    for (left, right), iris in zip(((33, 133), (362, 263)), IRIS_CENTRES, strict=True):
        across = (points[right] - points[left])[:2]
        offset = (points[iris] - (points[left] + points[right]) / 2)[:2]
        drops.append((across[0] * offset[1] - across[1] * offset[0]) / (across @ across))
    return float(np.mean(drops))


def _mouth(
    reading: FaceReading, points: np.ndarray, pose: HeadPose, smile: float
) -> MouthState:
    frown, pucker = reading.shape("mouthFrown"), reading.shape("mouthPucker")
    corners = (points[78] + points[308])[:2] / 2
    unit = 189 / pose.eye_distance
    upper = (points[list(INNER_UPPER), :2] - corners) * unit
    lower = (points[list(INNER_LOWER), :2] - corners) * unit
    # Half of the asymmetry goes: a drawn mouth tolerates less of it than a real one.
    upper, lower = upper + 0.25 * (_mirrored(upper) - upper), lower + 0.25 * (
        _mirrored(lower) - lower)
    # Landmarks of heads that turn away or look down show less of an opening: measured on renders.
    tall = 0.8 * (1 + 0.3 * min(abs(pose.yaw), 0.6) + 0.6 * float(np.clip(pose.pitch, -0.3, 0.35)))
    gap = np.maximum(lower[:, 1] - upper[:, 1] - _CLOSED_GAP, 0)
    lower = np.stack([lower[:, 0], upper[:, 1] + gap], 1)
    lift = 11 * smile - 14 * frown + 3.5 * (1 - smile)
    half = abs(upper[0, 0]) + 1e-6

    def drawn(lips: np.ndarray) -> np.ndarray:
        out = lips * [0.56, tall]
        out[:, 1] -= lift * np.clip(np.abs(lips[:, 0]) / half, 0, 1) ** 2
        return out

    upper, lower = drawn(upper), drawn(lower)
    gap = lower[:, 1] - upper[:, 1]
    widest = float(gap.max())
    if widest > 0:
        # Parted lips are drawn wider than they are, or the lines would hide it; and a drawn chin
        # leaves a wide-open mouth less room than a real one.
        parted = widest + 4 * (1 - np.exp(-widest / 2.5))
        lower[:, 1] = upper[:, 1] + gap * (parted / widest / np.sqrt(1 + (parted / 75) ** 2))
    _flatten_bow(upper, lower)
    raised = reading.shape("mouthUpperUp")
    teeth = float(np.clip(1.2 * smile + raised - pucker, 0, 1))
    return MouthState(upper, lower, teeth)


def _mirrored(lips: np.ndarray) -> np.ndarray:
    return lips[::-1] * [-1, 1]


def _flatten_bow(upper: np.ndarray, lower: np.ndarray) -> None:
    """Take most of the cupid's bow out of the upper line, in place; a drawn lip has none."""
    x = upper[:, 0] / max(abs(upper[0, 0]), 1)
    basis = np.stack([np.ones_like(x), x, x**2], 1)
    parabola = basis @ np.linalg.lstsq(basis, upper[:, 1], rcond=None)[0]
    change = 0.65 * (parabola - upper[:, 1])
    change -= np.interp(x, [x[0], x[-1]], [change[0], change[-1]])
    upper[:, 1] += change
    gap = lower[:, 1] - upper[:, 1] + change
    lower[:, 1] = np.maximum(lower[:, 1] + change * np.clip(1 - gap / 8, 0, 1), upper[:, 1])
