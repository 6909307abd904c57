"""The crop transform in Python: the twin of sdk/crop, held together by a shared fixture."""

import json
from pathlib import Path

import numpy as np
import pytest

from distill.align import crop_pixels_from_frame, ffhq_crop_from_frame, warp_crop

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "align.json"
FACES = json.loads(FIXTURE.read_text(encoding="utf-8"))["faces"]


def points_px(face: dict) -> np.ndarray:
    """All points that the fixture leaves out are NaN, so a crop that used one would show it."""
    points = np.full((478, 3), np.nan)
    for index, (x, y) in face["points"].items():
        points[int(index), :2] = x * face["widthPx"], y * face["heightPx"]
    return points


@pytest.mark.parametrize("face", FACES, ids=lambda face: face["name"])
def test_matrix_is_the_one_the_fixture_states(face):
    expected = np.array(face["cropFromFrame"]).reshape(2, 3)
    np.testing.assert_allclose(ffhq_crop_from_frame(points_px(face)), expected, rtol=1e-9, atol=1e-9)


def test_points_without_a_square_are_refused():
    with pytest.raises(ValueError, match="no crop square"):
        ffhq_crop_from_frame(np.zeros((478, 2)))


def test_warp_puts_a_point_where_the_matrix_says():
    image = np.zeros((480, 640, 3), np.uint8)
    image[300:304, 200:204] = 255
    matrix = np.array([[0.9, 0.2, -40.0], [-0.2, 0.9, -60.0]]) / 256
    crop = warp_crop(image, matrix, 256).astype(np.float64)[..., 0]
    rows, columns = np.mgrid[:256, :256] + 0.5
    centre = np.array([(columns * crop).sum(), (rows * crop).sum()]) / crop.sum() / 256
    # The bright block covers 200…204 and 300…304, so its middle is (202, 302).
    np.testing.assert_allclose(centre, matrix @ [202, 302, 1], atol=1e-3)


def test_warp_of_a_large_photo_averages_instead_of_skipping_pixels():
    checks = (np.indices((2048, 2048)).sum(axis=0) % 2 * 255).astype(np.uint8)
    crop = warp_crop(np.repeat(checks[..., None], 3, axis=2), np.eye(2, 3) / 2048, 128)
    assert crop.shape == (128, 128, 3)
    assert np.abs(crop.astype(int) - 127).max() <= 2


def test_whole_frame_as_crop_is_the_identity():
    np.testing.assert_allclose(crop_pixels_from_frame(np.eye(2, 3) / 64, 64), np.eye(2, 3), atol=1e-12)
    image = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    np.testing.assert_array_equal(warp_crop(image, np.eye(2, 3) / 64, 64), image)
