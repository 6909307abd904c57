"""Contact sheets: pictures in rows, and one face over a sweep of every control."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from distill.atelier.character import Character
from distill.atelier.draw import draw_portrait
from distill.atelier.expression import REST, Expression, shaped_mouth
from distill.atelier.pose import HeadPose, turned

Step = Callable[[HeadPose, Expression, float], tuple[HeadPose, Expression, float]]


def save_sheet(path: Path, rows: Sequence[Sequence[np.ndarray]], quality: int = 90) -> None:
    """Write rows of equal RGB pictures as one JPEG, WebP or PNG, by the name's ending."""
    widest = max(len(row) for row in rows)
    blank = np.full_like(rows[0][0], 255)
    sheet = np.vstack([np.hstack([*row, *[blank] * (widest - len(row))]) for row in rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    # WebP looks at 75 as JPEG does at 90.
    chosen = [cv2.IMWRITE_WEBP_QUALITY, quality - 15] if path.suffix == ".webp" else [cv2.IMWRITE_JPEG_QUALITY, quality]
    if not cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), chosen):
        raise OSError(f"{path} could not be written.")


def label(picture: np.ndarray, text: str) -> np.ndarray:
    """The picture with `text` in its lower left corner."""
    out = picture.copy()
    # OpenCV's letters are ASCII.
    text = text.replace("±", "+-").replace("°", " deg")
    for colour, width in (((255, 255, 255), 3), ((30, 30, 30), 1)):
        cv2.putText(out, text, (5, out.shape[0] - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.38, colour,
                    width, cv2.LINE_AA)
    return out


def _eyes(expression: Expression, *changes: dict[str, object]) -> Expression:
    eyes = tuple(dataclasses.replace(eye, **change)  # type: ignore[arg-type]
                 for eye, change in zip(expression.eyes, changes, strict=True))
    return dataclasses.replace(expression, eyes=eyes)


def _mouth(expression: Expression, *values: float) -> Expression:
    return dataclasses.replace(expression, mouth=shaped_mouth(*values))


def _lid(from_lid: float, t: float) -> float:
    return from_lid + (1 - from_lid) * t


def _brow(t: float) -> dict[str, object]:
    return {"brow_rise": -20 + 33 * t, "brow_tilt": -14 + 27 * t}


SWEEPS: dict[str, Step] = {
    "mouth": lambda p, e, t: (p, _mouth(e, 52 * t, 0.15), 0.5),
    "laugh": lambda p, e, t: (p, _mouth(e, 42 * t, 0.3 + 0.7 * t, t), 0.5),
    "grin": lambda p, e, t: (p, _mouth(e, 15 * t, 0.9, 1.0), 0.5),
    "smile": lambda p, e, t: (p, _eyes(_mouth(e, 0, t), *[{
        "squint": 0.6 * t, "happy": t}] * 2), 0.5),
    "blink": lambda p, e, t: (p, _eyes(e, *[{"lid": t, "happy": 0.0}] * 2), 0.5),
    "happy blink": lambda p, e, t: (p, _eyes(_mouth(e, 20, 0.9, 1.0), *[{
        "lid": _lid(0.1, t), "happy": 1.0, "squint": 0.8}] * 2), 0.5),
    "wink": lambda p, e, t: (p, _eyes(e, {"lid": _lid(0.12, t)}, {}), 0.5),
    "brows": lambda p, e, t: (p, _eyes(e, _brow(t), _brow(t)), 0.5),
    "one brow": lambda p, e, t: (p, _eyes(e, {"brow_rise": -16 * t, "brow_arch": 5 * t},
                                          {"brow_rise": 8 * t, "brow_tilt": 8 * t}), 0.5),
    "gaze": lambda p, e, t: (p, _eyes(e, *[{"gaze": (-14 + 28 * t, 0.0)}] * 2), 0.5),
    "gaze down": lambda p, e, t: (p, _eyes(e, *[{"gaze": (0.0, -9 + 18 * t)}] * 2), 0.5),
    "yaw ±30°": lambda p, e, t: (turned(p, np.radians(-30 + 60 * t), 0.0), e, 0.5),
    "pitch ±18°": lambda p, e, t: (turned(p, 0.0, np.radians(-18 + 36 * t)), e, 0.5),
    "roll ±20°": lambda p, e, t: (
        dataclasses.replace(p, roll=float(np.radians(-20 + 40 * t))), e, 0.5),
    "structure": lambda p, e, t: (p, e, t),
    "structure, open": lambda p, e, t: (p, _mouth(e, 45, 0.2, 0.3), t),
    "turned, structure": lambda p, e, t: (turned(p, 0.45, 0.0), _mouth(e, 30, 0.4, 0.5), t),
}


def sweep_rows(
    character: Character, pose: HeadPose, names: Sequence[str] = tuple(SWEEPS), steps: int = 7,
    size: int = 256, expression: Expression = REST,
) -> list[list[np.ndarray]]:
    """One row per control, its value growing to the right, on a face of `pose` and `expression`."""
    rows = []
    for name in names:
        row = []
        for t in np.linspace(0, 1, steps):
            posed, changed, structure = SWEEPS[name](pose, expression, float(t))
            picture = draw_portrait(character, changed, posed, structure=structure, size=size).rgb
            row.append(label(picture, name) if t == 0 else picture)
        rows.append(row)
    return rows
