"""Expressions that photos lack, made from those that they hold.

The pose vector tells the student everything a face does, so a drawing may do more than its photo:
the student then learns each movement from many more places than the photos show.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from distill.atelier.expression import Expression, EyeState, MouthState, shaped_mouth


def varied(expression: Expression, rng: np.random.Generator) -> Expression:
    """The expression with lids, gaze, brows and mouth each changed by chance."""
    eyes = list(expression.eyes)
    if rng.random() < 0.35:
        lids = np.full(2, rng.choice([rng.uniform(-0.02, 0.5), rng.uniform(0.3, 1), 1.0]))
        if rng.random() < 0.25:
            lids[int(rng.integers(2))] = rng.uniform(0, 0.3)
        eyes = [dataclasses.replace(eye, lid=float(lid)) for eye, lid in zip(eyes, lids)]
    if rng.random() < 0.5:
        gaze = (float(np.clip(rng.normal(0, 8), -15, 15)), float(np.clip(rng.normal(0, 4), -9, 9)))
        eyes = [dataclasses.replace(eye, gaze=gaze) for eye in eyes]
    if rng.random() < 0.35:
        eyes = _brows(eyes, rng)
    if rng.random() < 0.3:
        happy, squint = float(rng.choice([0.0, 1.0, rng.uniform()])), float(rng.choice([0.0, rng.uniform(0, 0.9)]))
        eyes = [dataclasses.replace(eye, happy=happy, squint=squint) for eye in eyes]
    mouth = expression.mouth
    if rng.random() < 0.4:
        mouth = _mouth(mouth, rng)
    return Expression((eyes[0], eyes[1]), mouth)


def _brows(eyes: list[EyeState], rng: np.random.Generator) -> list[EyeState]:
    rise, tilt, arch = rng.normal(-3, 8), rng.normal(0, 6), rng.normal(0, 2)
    lean = rng.normal(0, 4) if rng.random() < 0.3 else 0.0
    return [
        dataclasses.replace(eye, brow_rise=float(np.clip(rise + side * lean, -30, 14)), brow_tilt=float(tilt), brow_arch=float(arch))
        for eye, side in zip(eyes, (-1, 1))
    ]


def _mouth(mouth: MouthState, rng: np.random.Generator) -> MouthState:
    """Another opening, width or lift of the same lips, or a mouth from scratch."""
    if rng.random() < 0.4:
        opening = 0.0 if rng.random() < 0.3 else float(rng.uniform(1, 60) ** rng.uniform(0.7, 1))
        return shaped_mouth(opening, float(rng.uniform(0, 1)), float(rng.uniform(0, 1)))
    upper, lower = mouth.upper.copy(), mouth.lower.copy()
    upper[:, 0] *= (width := rng.uniform(0.75, 1.2))
    lower[:, 0] *= width
    gap = (lower[:, 1] - upper[:, 1]) * rng.uniform(0, 1.6)
    half = np.abs(upper[0, 0]) + 1e-6
    lift = rng.normal(0, 5) * np.clip(np.abs(upper[:, 0]) / half, 0, 1) ** 2
    upper[:, 1] -= lift
    lower[:, 1] = upper[:, 1] + gap
    teeth = mouth.teeth if rng.random() < 0.5 else float(rng.uniform(0, 1))
    return MouthState(upper, lower, teeth)
