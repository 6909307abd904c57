"""Things painted into photos: glasses, hats, headscarves, a hand, a microphone."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from distill.atelier.landmarks import FRAME_PX, FaceReading

KINDS = ("glasses", "hat", "headscarf", "hand", "microphone")


@dataclass(frozen=True)
class Propped:
    """A photo with something in it. `headwear` 0–1 [s, s] belongs to the head and so to the
    matte; `glasses` says whether the portrait wears them now."""

    photo: np.ndarray
    headwear: np.ndarray
    glasses: bool = False


def add_prop(
    photo: np.ndarray, reading: FaceReading, kind: str, rng: np.random.Generator
) -> Propped:
    """Paint one of `KINDS` into a square uint8 RGB photo; the face below stays as it was."""
    frame = _Frame(photo, reading)
    mask, colour = {
        "glasses": _glasses, "hat": _hat, "headscarf": _headscarf, "hand": _hand,
        "microphone": _microphone,
    }[kind](frame, rng)
    mask = cv2.GaussianBlur(mask, (0, 0), max(photo.shape[0] / 700, 0.4))
    out = photo * (1 - mask[..., None]) + colour * mask[..., None]
    worn = mask if kind in ("hat", "headscarf") else np.zeros_like(mask)
    return Propped(np.clip(out + 0.5, 0, 255).astype(np.uint8), worn, kind == "glasses")


def cut_frame(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The photo as if the camera's frame ended inside it: mirrored, as the crop does, or black."""
    size = photo.shape[0]
    cuts = np.zeros(4, int)
    side = int(rng.integers(4))
    # Above and below a face has more room than at its sides.
    cuts[side] = int(size * rng.uniform(0.08, 0.3 if side < 2 else 0.38))
    top, bottom, left, right = (int(cut) for cut in cuts)
    inner = photo[top:size - bottom, left:size - right]
    border = cv2.BORDER_CONSTANT if rng.random() < 0.3 else cv2.BORDER_REFLECT_101
    return cv2.copyMakeBorder(inner, top, bottom, left, right, border)


class _Frame:
    """The face's own axes: `at(x, y)` in eye distances from the eye middle, y down the face."""

    def __init__(self, photo: np.ndarray, reading: FaceReading) -> None:
        self.size = photo.shape[0]
        self.points = reading.points[:, :2] * (self.size / FRAME_PX)
        left, right = self.points[[33, 133]].mean(0), self.points[[263, 362]].mean(0)
        self.middle = (left + right) / 2
        self.across = right - left
        self.down = np.array([-self.across[1], self.across[0]])
        self.light = float(np.clip(photo[reading_window(self.points, self.size)].mean(), 30, 220))
        self.skin = photo[reading_window(self.points, self.size)].reshape(-1, 3).mean(0)

    def at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return self.middle + np.outer(x, self.across) + np.outer(y, self.down)

    def mask(self, *shapes: np.ndarray) -> np.ndarray:
        mask = np.zeros((self.size, self.size), np.uint8)
        for shape in shapes:
            cv2.fillPoly(mask, [np.round(shape * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        return mask.astype(np.float32) / 255

    def cloth(self, rng: np.random.Generator, folds: float) -> np.ndarray:
        """A plain cloth with soft folds in the light of the photo."""
        colour = rng.uniform(20, 235, 3) * (0.4 + 0.6 * self.light / 160)
        y, x = np.mgrid[0:self.size, 0:self.size].astype(np.float32) / self.size
        angle = rng.uniform(0, np.pi)
        wave = np.sin(2 * np.pi * folds * (x * np.cos(angle) + y * np.sin(angle))
                      + 2 * np.sin(5 * x + 3 * y))
        grain = rng.normal(0, 4, (self.size, self.size)).astype(np.float32)
        return colour * (0.86 + 0.12 * wave[..., None]) + grain[..., None]


def reading_window(points: np.ndarray, size: int) -> tuple[slice, slice]:
    """A patch of the cheek, where the light of the face is read."""
    x, y = np.clip(points[50], 8, size - 9).astype(int)
    return slice(y - 8, y + 8), slice(x - 8, x + 8)


def _circle(rx: float, ry: float, power: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    t = np.linspace(0, 2 * np.pi, 49)[:-1]
    c, s = np.cos(t), np.sin(t)
    return (rx * np.sign(c) * np.abs(c) ** (2 / power),
            ry * np.sign(s) * np.abs(s) ** (2 / power))


def _glasses(frame: _Frame, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    width, height = rng.uniform(0.34, 0.42), rng.uniform(0.24, 0.36)
    rim, power = rng.uniform(0.01, 0.035), rng.uniform(2, 4.5)
    low = rng.uniform(0.04, 0.12)
    rims, lenses = [], np.zeros((frame.size, frame.size), np.float32)
    for x in (-0.5, 0.5):
        ox, oy = _circle(width + rim, height + rim, power)
        ix, iy = _circle(width - rim, height - rim, power)
        inner = frame.mask(frame.at(ix + x, iy + low))
        rims.append(frame.mask(frame.at(ox + x, oy + low)) - inner)
        lenses = np.maximum(lenses, inner)
    bars = [np.array([[-0.5 + width, -0.06], [0.5 - width, -0.06]])]
    edges = frame.points[[127, 356]] - frame.middle
    length = float(frame.across @ frame.across)
    for side, edge in zip((-1, 1), edges, strict=True):
        bars.append(np.array([[side * (0.5 + width), -0.05],
                              [float(edge @ frame.across) / length, -0.03]]))
    for bar in bars:
        offset = np.array([[0, rim], [0, rim], [0, -rim], [0, -rim]])
        quad = np.concatenate([bar, bar[::-1]]) + offset
        rims.append(frame.mask(frame.at(quad[:, 0], quad[:, 1] + low)))
    solid = np.clip(np.maximum.reduce(rims), 0, 1)
    dark = rng.random() < 0.7
    colour = rng.uniform(5, 50, 3) if dark else rng.uniform(40, 220, 3)
    # A faint reflection: lenses are never quite invisible.
    tint = lenses * rng.uniform(0.02, 0.14)
    mask = np.clip(solid * 0.95 + tint * (1 - solid), 0, 1)
    glare = np.full(3, min(frame.light * 1.5, 255))
    share = (solid / np.maximum(solid + tint, 1e-3))[..., None]
    return mask, colour * share + glare * (1 - share)


def _hat(frame: _Frame, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    line = rng.uniform(-0.75, -0.45)
    wide = 0.6 * float(np.ptp(frame.points[[127, 356], 0])) / float(np.hypot(*frame.across))
    wide = max(wide, 1.15) * rng.uniform(1.1, 1.3)
    t = np.linspace(np.pi, 2 * np.pi, 33)
    bow = 0.12 * (1 - np.linspace(-1, 1, 12) ** 2)
    high = rng.uniform(1.35, 1.8)
    dome = frame.at(np.r_[wide * np.cos(t), np.linspace(wide, -wide, 12)],
                    np.r_[line + high * np.sin(t), line - bow])
    shapes = [dome]
    if rng.random() < 0.5:
        x = np.linspace(-1, 1, 17)
        brim = rng.uniform(0.16, 0.32)
        reach = wide * rng.uniform(0.9, 1.25)
        shapes.append(frame.at(np.r_[reach * x, reach * x[::-1]],
                               np.r_[line - 0.14 * (1 - x**2) - 0.04,
                                     line + brim * (1 - x[::-1] ** 2) - 0.06]))
    cloth = frame.cloth(rng, rng.uniform(1, 12))
    if len(shapes) > 1:
        brim_mask = frame.mask(shapes[1])[..., None]
        cloth = cloth * (1 - 0.4 * brim_mask)
    return frame.mask(*shapes), cloth


def _headscarf(frame: _Frame, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    oval = frame.points[[10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379,
                         378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127,
                         162, 21, 54, 103, 67, 109]]
    centre = oval.mean(0)
    opening = centre + (oval - centre) * rng.uniform(0.96, 1.06)
    x, y = _circle(rng.uniform(1.45, 1.75), rng.uniform(1.85, 2.15), 2.2)
    outer = frame.at(x, y + 0.45)
    bottom = frame.at(np.array([-2.2, 2.2, 1.3, -1.3]), np.array([4.2, 4.2, 1.2, 1.2]))
    mask = np.maximum(frame.mask(outer), frame.mask(bottom)) * (1 - frame.mask(opening))
    cloth = frame.cloth(rng, rng.uniform(3, 7))
    # The cloth lies in its own shadow where it meets the face.
    shadow = cv2.GaussianBlur(frame.mask(opening), (0, 0), frame.size * 0.02)[..., None]
    return mask, cloth * (1 - 0.45 * shadow)


def _hand(frame: _Frame, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    side = rng.choice([-1, 1])
    foot = np.array([side * rng.uniform(0.5, 1.2), rng.uniform(1.5, 2.0)])
    angle = rng.uniform(-0.5, 0.5) - side * 0.25
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shapes = []
    palm = np.stack(_circle(0.42, 0.5, 2.6), 1)
    for centre, radius, length, lean in (
            (-0.3, 0.085, 0.75, -0.12), (-0.1, 0.095, 0.9, -0.03), (0.11, 0.095, 0.85, 0.05),
            (0.3, 0.08, 0.65, 0.14)):
        x, y = _circle(radius, length / 2, 3.2)
        shapes.append(np.stack([x + centre + lean * (-y) / length, y - 0.35 - length / 2], 1))
    shapes += [palm, np.stack(_circle(0.34, 0.9, 4), 1) + np.array([0, 1.1])]
    layer = np.zeros((frame.size, frame.size), np.float32)
    shade = np.ones((frame.size, frame.size), np.float32)
    for shape in shapes:
        placed = shape @ turn.T + foot
        mask = frame.mask(frame.at(placed[:, 0], placed[:, 1]))
        inner = cv2.GaussianBlur(mask, (0, 0), frame.size * 0.012)
        shade = np.where(mask > 0.5, 0.62 + 0.45 * inner, shade)
        layer = np.maximum(layer, mask)
    return layer, frame.skin * np.clip(shade, 0, 1.1)[..., None] * rng.uniform(0.9, 1.1)


def _microphone(frame: _Frame, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    head = np.array([rng.uniform(-0.9, 0.9), rng.uniform(1.3, 2.0)])
    angle = rng.uniform(-0.6, 0.6)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    ball = np.stack(_circle(rng.uniform(0.22, 0.4), rng.uniform(0.28, 0.5), 2.4), 1)
    arm = np.array([[-0.12, 0.1], [0.12, 0.1], [0.1, 4], [-0.1, 4]])
    placed = [shape @ turn.T + head for shape in (arm, ball)]
    masks = [frame.mask(frame.at(shape[:, 0], shape[:, 1])) for shape in placed]
    mask = np.maximum(*masks)
    inner = cv2.GaussianBlur(mask, (0, 0), frame.size * 0.03)[..., None]
    grey = rng.uniform(15, 70)
    grain = rng.normal(0, 5, (frame.size, frame.size, 1)) * masks[1][..., None]
    return mask, np.repeat(grey * (0.4 + 0.9 * inner) + grain, 3, 2)
