"""Where each layer's pixels come from: the head's turn (parallax by depth) and the photo's
proportions (a thin-plate spline), evaluated on a coarse grid."""

from __future__ import annotations

import cv2
import numpy as np

from distill.atelier.exemplar import Exemplar
from distill.atelier.pose import HeadPose
from distill.atelier.template import AXIS_X, EYE_DISTANCE, Template

TEMPLATE_SCALE = 0.70
# The template's eyes sit lower in the square than a photo's, to leave room for its hair.
EYE_DROP_PX = 17.0
GRID_STEP_PX = 8
FACE_DEPTH = 105.0


def thin_plate(
    source: np.ndarray, target: np.ndarray, queries: np.ndarray, stiffness: float = 1e-3
) -> np.ndarray:
    """Map `queries` [m, 2] by the thin-plate spline that takes `source` to `target` [n, 2]."""
    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        squares = ((a[:, None] - b[None]) ** 2).sum(-1) / 1e4
        return squares * np.log(squares + 1e-9)

    n = len(source)
    flat = np.c_[np.ones(n), source / 100]
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = kernel(source, source) + np.eye(n) * stiffness
    system[:n, n:], system[n:, :n] = flat, flat.T
    weights = np.linalg.solve(system, np.r_[target, np.zeros((3, 2))])
    return kernel(queries, source) @ weights[:n] + np.c_[
        np.ones(len(queries)), queries / 100] @ weights[n:]


class HeadTurn:
    """Moves canvas points of each layer as a turned head would; the eye middle stays put."""

    def __init__(self, template: Template, yaw: float, pitch: float) -> None:
        self.template = template
        self.middle = template.eye_middle
        self.sin_yaw, self.cos_yaw = np.sin(yaw), np.cos(yaw)
        self.sin_pitch, self.cos_pitch = np.sin(pitch), np.cos(pitch)

    def shift(self, layer: str, points: np.ndarray) -> np.ndarray:
        """Displacement [n, 2] of canvas `points` of a layer (`face` also serves the features)."""
        delta = points - [AXIS_X, self.middle[1]]
        if layer == "face":
            return self._face(delta)
        if layer == "body":
            # Above the chin the body's drawing is ears and jaw, below it the neck stands still.
            below = 1 / (1 + np.exp(-(points[:, 1:] - (self.template.chin[1] + 14)) / 9))
            return self._face(delta) * (1 - below) + self._rigid(delta, 0.0) * below
        if layer == "front":
            return self._rigid(delta, self._front_depth(delta), pitch=0.5)
        return self._rigid(delta, {"back": 25.0, "cloth": 0.0}[layer],
                           pitch={"back": 0.45, "cloth": 0.0}[layer])

    def unturn(self, layer: str, points: np.ndarray, rounds: int = 5) -> np.ndarray:
        """The canvas points that `shift` brings to `points`."""
        source = points
        for _ in range(rounds):
            source = points - self.shift(layer, source)
        return source

    def far_ear(self, points: np.ndarray) -> np.ndarray:
        """Opacity 0–1 of the body layer at canvas `points` [..., 2]: the ear on the side the head
        turns to goes behind the cheek."""
        hidden = np.clip((abs(self.sin_yaw) - 0.12) / 0.2, 0, 1)
        side = np.sign(self.sin_yaw) * (points[..., 0] - AXIS_X)
        above = np.clip((self.template.chin[1] - 60 - points[..., 1]) / 10, 0, 1)
        return (1 - hidden * np.clip((side - 140) / 8, 0, 1) * above).astype(np.float32)

    def _face(self, delta: np.ndarray) -> np.ndarray:
        inside = np.clip(delta[:, 0] / 215, -1, 1)
        depth = FACE_DEPTH * (1 - inside**2)
        nose = 22 * np.exp(-((delta[:, 0] / 40) ** 2) - ((delta[:, 1] - 60) / 36) ** 2)
        # The lower face recedes towards the chin less than the brow towards the crown.
        x = (self.cos_yaw - 1) * np.clip(delta[:, 0], -190, 190) + self.sin_yaw * (
            depth + nose - FACE_DEPTH)
        y = (self.cos_pitch - 1) * delta[:, 1] + 0.55 * self.sin_pitch * (
            depth + nose - FACE_DEPTH)
        return np.stack([x, y], 1)

    def _front_depth(self, delta: np.ndarray) -> np.ndarray:
        side = np.clip(np.abs(delta[:, 0]) / 250, 0, 1)
        crown = np.clip(-delta[:, 1] / 380, 0, 1)
        return (FACE_DEPTH - 8) * (1 - 0.62 * side**2) * (1 - 0.75 * crown**2)

    def _rigid(
        self, delta: np.ndarray, depth: np.ndarray | float, pitch: float = 0.0
    ) -> np.ndarray:
        out = np.zeros_like(delta)
        out[:, 0] = self.sin_yaw * (np.asarray(depth) - FACE_DEPTH)
        out[:, 1] = pitch * self.sin_pitch * (np.asarray(depth) - FACE_DEPTH)
        return out


class Proportions:
    """The spline between the square's upright frame and the turned canvas.

    At `structure` 0 features lie where the photo's do, at 1 where the exemplar's template has
    them, linear between; heads turned past 24° keep a little of the template. `chin_drop` canvas px lowers the chin for an open mouth.
    """

    def __init__(
        self, template: Template, exemplar: Exemplar, pose: HeadPose, turn: HeadTurn,
        structure: float, chin_drop: float,
    ) -> None:
        # A frontal drawing cannot have a far-turned photo's proportions: its far eye would leave
        # the head.
        floor = 0.35 * float(np.clip((abs(pose.yaw) - 0.42) / 0.12, 0, 1))
        self.pose, self.structure = pose, max(structure, floor)
        self.scale = TEMPLATE_SCALE * pose.scale
        self._source: list[np.ndarray] = []
        self._target: list[np.ndarray] = []
        self._template, self._turn = template, turn
        self._middle = template.eye_middle
        self._eye_ends: list[float] = []
        self.centres = self._place_features(exemplar)
        self._place_contour(exemplar, chin_drop)
        self._place_surroundings()

    def canvas_points(self, upright: np.ndarray) -> np.ndarray:
        """Points of the upright frame (px, eye middle at 0) → turned canvas."""
        return thin_plate(np.array(self._target), np.array(self._source), upright)

    def mouth_points(self, points: np.ndarray) -> np.ndarray:
        """Points relative to the template's mouth centre → upright frame.

        The mouth has its own scale: the spline would stretch an open mouth towards the chin.
        """
        whole = np.vstack([self._template.mouth, self._template.mouth + points])
        turned = self._turned(whole)
        return self.centres[2] + (turned[1:] - turned[0]) * self._mouth_scale

    def _turned(self, points: np.ndarray, layer: str = "face") -> np.ndarray:
        return points + self._turn.shift(layer, points)

    def _drawn(self, turned: np.ndarray) -> np.ndarray:
        """Turned canvas → upright frame by the template alone."""
        return (turned - self._middle) * self.scale + [0, EYE_DROP_PX]

    def _mix(self, photo: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        return photo + (drawn - photo) * self.structure

    def _add(self, source: np.ndarray, target: np.ndarray) -> None:
        self._source.extend(np.atleast_2d(source))
        self._target.extend(np.atleast_2d(target))

    def _place_features(self, exemplar: Exemplar) -> np.ndarray:
        """Eyes get a centre and three points around it, so that their size is set too."""
        template, photo = self._template, self.pose.shape
        real = self.pose.eye_distance / EYE_DISTANCE
        eyes = self._turned(template.eyes)
        eye_targets = self._mix(photo["eyes"], self._drawn(eyes))
        size = self._mix(1.5 * photo["eye_width"][0] / 105, self.scale) * exemplar.eye_scale
        for side, (source, target) in enumerate(zip(eyes, eye_targets, strict=True)):
            outward = -1 if side == 0 else 1
            near = self._foreshortening(template.eyes[side])
            self._add(source, target)
            self._eye_ends.append(target[0] + 64 * outward * near * size)
            for dx, dy, tilt in ((55 * outward, 0, -exemplar.eye_tilt), (-50 * outward, 0, 0),
                                 (0, 45, 0)):
                corner = self._turned(template.eyes[side] + [[dx, dy]])[0]
                self._add(corner, target + size * np.array([dx * near, dy + tilt]))
        mouth = self._turned(template.mouth[None])[0]
        mouth_target = self._mix(photo["mouth"], self._drawn(mouth))
        self._mouth_scale = np.array([self._mix(0.82 * real / 0.56, self.scale),
                                      self._mix(0.95 * real / 0.80, self.scale)])
        nose = self._turned(template.nose[None])[0]
        nose_target = self._mix(photo["nose"], self._drawn(nose))
        # A real nose passes the far eye and even the far cheek; a drawn frontal one must not.
        room = 0.12 * (eye_targets[1, 0] - eye_targets[0, 0])
        nose_target[0] = np.clip(nose_target[0], eye_targets[0, 0] + room, eye_targets[1, 0] - room)
        self._add(nose, nose_target)
        return np.stack([*eye_targets, mouth_target])

    def _foreshortening(self, point: np.ndarray) -> float:
        ends = self._turned(point + np.array([[-20.0, 0], [20, 0]]))
        return float(ends[1, 0] - ends[0, 0]) / 40

    def _place_contour(self, exemplar: Exemplar, chin_drop: float) -> None:
        template, photo = self._template, self.pose.shape
        drop = np.array([0, chin_drop * self.scale * self.structure])
        long, broad = exemplar.chin_length, exemplar.jaw_width

        def shaped(points: np.ndarray) -> np.ndarray:
            """The exemplar's own face shape, on the template's scale."""
            delta = points - self._middle
            down = np.clip(delta[:, 1:] / (template.chin[1] - self._middle[1]), 0, 1)
            return self._middle + delta * np.hstack(
                [1 + (broad - 1) * down, 1 + (long - 1) * down**2])

        chin_y = template.chin[1] - self._middle[1]
        rows = template.jaw_line
        middle = len(rows) // 2
        sides = {}
        for name, height in (("cheeks", 0.28), ("jaws", 0.57), ("chin_sides", 0.77)):
            y = self._middle[1] + height * chin_y
            left = np.interp(y, rows[:middle + 1, 1], rows[:middle + 1, 0])
            right = np.interp(y, rows[middle:, 1][::-1], rows[middle:, 0][::-1])
            sides[name] = np.array([[left, y], [right, y]])
        for name, follow in (("cheeks", 0.15), ("jaws", 0.4), ("chin_sides", 0.75)):
            drawn = self._drawn(self._turned(shaped(sides[name])))
            # A drawn face as broad as the real one would be all cheek.
            real = drawn + {"cheeks": 0.55, "jaws": 0.65, "chin_sides": 0.75}[name] * (photo[name] - drawn)
            target = self._mix(real, drawn) + follow * drop
            if name == "cheeks":
                # On a far turned head the real cheek lies inside the drawn eye.
                target[:, 0] = [min(target[0, 0], self._eye_ends[0]),
                                max(target[1, 0], self._eye_ends[1])]
            self._add(self._turned(sides[name]), target)
        chin = template.chin[None]
        target = self._mix(photo["chin"], self._drawn(self._turned(shaped(chin)))[0]) + drop
        self._add(self._turned(chin), target)
        self._chin_shift = target[1] - self._drawn(self._turned(chin))[0, 1]

    def _place_surroundings(self) -> None:
        template, photo = self._template, self.pose.shape
        eye_y, chin_y = self._middle[1], template.chin[1]
        crown = np.array([[AXIS_X, template.hair_top_y]])
        drawn = self._drawn(crown)[0]
        target = self._mix(drawn + 0.45 * (photo["crown"] - drawn), drawn)
        self._add(crown, target)
        cheeks = photo["cheeks"][:, 0]
        for sign in (-1, 1):
            side = np.array([[AXIS_X + sign * 284, eye_y - 40.0]])
            drawn_side = self._drawn(side)[0]
            real = np.array([cheeks.mean() + sign * 0.74 * np.ptp(cheeks), drawn_side[1]])
            self._add(side, self._mix(real, drawn_side))
        low = np.array([[260, chin_y + 150], [730, chin_y + 150], [495, chin_y + 120],
                        [100, 1150], [900, 1150]], float)
        self._add(low, self._drawn(low) + np.array([0, 0.75 * self._chin_shift]))
        high = np.array([[100, template.hair_top_y - 60], [900, template.hair_top_y - 60]], float)
        self._add(high, self._drawn(high) + np.array([0, target[1] - drawn[1]]))


def upright_grid(pose: HeadPose, step_px: int = GRID_STEP_PX) -> tuple[np.ndarray, int]:
    """Points of the square (512 px) every `step_px` with two cells of margin, in the upright
    frame; and how many a side."""
    count = int(512 // step_px) + 4
    axis = (np.arange(count) - 1.5) * step_px - 0.5
    x, y = np.meshgrid(axis, axis)
    c, s = np.cos(pose.roll), np.sin(pose.roll)
    square = np.stack([x.ravel(), y.ravel()], 1) - pose.eye_middle
    return square @ np.array([[c, -s], [s, c]]), count


def square_points(pose: HeadPose, upright: np.ndarray, size: int) -> np.ndarray:
    """Points of the upright frame → px of a portrait of `size`."""
    c, s = np.cos(pose.roll), np.sin(pose.roll)
    square = upright @ np.array([[c, s], [-s, c]]) + pose.eye_middle
    return (square + 0.5) * (size / 512) - 0.5


def full_map(coarse: np.ndarray, count: int, size: int, step_px: int = GRID_STEP_PX) -> np.ndarray:
    """A coarse grid of canvas points [count², 2] → [size, size, 2] float32."""
    ratio = size / 512
    grown = cv2.resize(coarse.reshape(count, count, 2).astype(np.float32), None,
                       fx=step_px * ratio, fy=step_px * ratio, interpolation=cv2.INTER_LINEAR)
    margin = round(2 * step_px * ratio)
    return grown[margin:margin + size, margin:margin + size]
