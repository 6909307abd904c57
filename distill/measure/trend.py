"""What more training would bring, read off a curve."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# How fast a curve may bend.
EXPONENTS = np.geomspace(0.05, 3, 120)


class Power(NamedTuple):
    """The curve floor + scale · x^(−exponent); `error` is the root mean square distance of the points it was fitted to."""

    floor: float
    scale: float
    exponent: float
    error: float

    def at(self, x: float) -> float:
        """The value at `x` > 0."""
        return self.floor + self.scale * x**-self.exponent


def fit_power(x: np.ndarray, y: np.ndarray) -> Power:
    """The falling power law nearest to points [N] by least squares: each exponent's best floor ≥ 0 and scale, the best of them.

    Raises ValueError with fewer than four points, which any curve would fit.
    """
    if len(x) < 4:
        raise ValueError(f"a trend needs four points at least; there are {len(x)}.")
    best: Power | None = None
    for exponent in EXPONENTS:
        falling = x**-exponent
        (floor, scale), *_ = np.linalg.lstsq(np.stack([np.ones_like(falling), falling], 1), y, rcond=None)
        if floor < 0:
            floor, scale = 0.0, float(falling @ y / (falling @ falling))
        error = float(np.sqrt(np.mean((floor + scale * falling - y) ** 2)))
        if best is None or error < best.error:
            best = Power(float(floor), float(scale), float(exponent), error)
    assert best is not None
    return best
