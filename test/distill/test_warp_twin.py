"""The SDK cuts faces as `warp_crop` does: both are held to one fixture.

Write it anew with `python test/distill/test_warp_twin.py` after a wanted change of both.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from distill.align import warp_crop

FIXTURE = Path(__file__).parent.parent / "fixtures" / "warp-crop.json"
WIDTH_PX, HEIGHT_PX, SIZE_PX = 80, 60, 12


def picture() -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
    return np.stack([(x * 5 + y) % 256, (x * y) % 256, (y * 7) % 256], axis=-1).astype(np.uint8)


def square(x: float, y: float, side_px: float, angle_rad: float) -> np.ndarray:
    c, s = math.cos(angle_rad) / side_px, math.sin(angle_rad) / side_px
    return np.array([[c, -s, 0.5 - c * x + s * y], [s, c, 0.5 - s * x - c * y]])


CASES = {
    "larger than life": square(40, 30, 9, 0.2),
    "turned, a little smaller": square(38, 31, 20, -0.5),
    "halved": square(40, 30, 30, 0.1),
    "halved twice": square(40, 30, 52, 0),
    "over the left edge": square(4, 30, 22, 0.3),
    "over a corner": square(76, 57, 20, -0.2),
}


@pytest.mark.parametrize("case", json.loads(FIXTURE.read_text())["cases"] if FIXTURE.exists() else [], ids=lambda case: case["name"])
def test_warp_matches_the_fixture(case: dict) -> None:
    matrix = np.array(case["cropFromFrame"]).reshape(2, 3)
    warped = warp_crop(picture(), matrix, case["sizePx"])
    assert np.abs(warped.reshape(-1).astype(int) - np.array(case["pixels"])).max() <= 1


def write_fixture() -> None:
    cases = [
        {
            "name": name,
            "sizePx": SIZE_PX,
            "cropFromFrame": [round(float(value), 8) for value in matrix.reshape(-1)],
            "pixels": warp_crop(picture(), matrix, SIZE_PX).reshape(-1).tolist(),
        }
        for name, matrix in CASES.items()
    ]
    fixture = {"widthPx": WIDTH_PX, "heightPx": HEIGHT_PX, "tolerance": 4, "cases": cases}
    FIXTURE.write_text(json.dumps(fixture) + "\n")


if __name__ == "__main__":
    write_fixture()
