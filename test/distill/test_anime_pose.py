"""The anime student's pose vector and crop: held to a fixture that the SDK's twin is tested against too."""

import json
from pathlib import Path

import atelier_fixtures as atelier
import numpy as np
import pytest

from distill.atelier.geometry import mirror_reading, move_picture, move_reading, similarity
from distill.atelier.landmarks import FaceReading
from distill.atelier.pose import read_pose
from distill.student.anime.crop import EYE_DISTANCE_SIDES, crop_from_frame, crop_matrix, crop_pose
from distill.student.anime.pose_vector import POSE_NAMES, POSE_SIZE, read_pose_vector

FIXTURE = json.loads((Path(__file__).resolve().parents[1] / "fixtures" / "pose.json").read_text(encoding="utf-8"))


def reading_of(face: dict) -> FaceReading:
    """All points that the fixture leaves out are NaN, so a formula that used one would show it."""
    points = np.full((478, 3), np.nan)
    for index, point in face["points"].items():
        points[int(index)] = point
    size = [face["widthPx"], face["heightPx"], face["widthPx"]]
    return FaceReading("", points * size, face["blendshapes"], np.array(face["matrix"]).reshape(4, 4).T)


@pytest.mark.parametrize("face", FIXTURE["faces"], ids=lambda face: face["name"])
def test_pose_and_crop_are_those_the_fixture_states(face):
    reading = reading_of(face)
    assert tuple(FIXTURE["names"]) == POSE_NAMES
    np.testing.assert_allclose(read_pose_vector(reading), face["pose"], atol=2e-6)
    np.testing.assert_allclose(crop_from_frame(read_pose(reading)).ravel(), face["cropFromFrame"], rtol=1e-8, atol=1e-8)


def test_place_size_and_roll_do_not_change_the_pose():
    reading = atelier.reading()
    moved = move_reading(reading, similarity(1.4, 0.5, (30.0, -20.0)))
    np.testing.assert_allclose(read_pose_vector(moved), read_pose_vector(reading), atol=1e-4)


def test_a_mirrored_face_swaps_the_sides():
    pose, mirrored = read_pose_vector(atelier.reading()), read_pose_vector(mirror_reading(atelier.reading()))
    at = {name: index for index, name in enumerate(POSE_NAMES)}
    assert mirrored[at["sinYaw"]] == pytest.approx(-pose[at["sinYaw"]], abs=1e-5)
    assert mirrored[at["lidL"]] == pytest.approx(pose[at["lidR"]], abs=1e-5)
    assert mirrored[at["eyesLX"]] == pytest.approx(-pose[at["eyesRX"]], abs=1e-5)
    assert POSE_SIZE == 66


def test_the_crop_brings_every_head_to_one_place_and_size():
    reading = atelier.reading()
    for move in (similarity(), similarity(0.7, -0.4, (25.0, 40.0))):
        moved = move_reading(reading, move)
        placed = read_pose(move_reading(moved, crop_matrix(moved)))
        wanted = crop_pose(read_pose(moved))
        np.testing.assert_allclose(placed.eye_middle, wanted.eye_middle, atol=1e-6)
        assert placed.eye_distance == pytest.approx(EYE_DISTANCE_SIDES * 512)
        assert placed.roll == pytest.approx(0, abs=1e-9)
        np.testing.assert_allclose(placed.shape["chin"], wanted.shape["chin"], atol=1e-6)


def test_the_cropped_picture_shows_the_eyes_where_the_crop_says():
    reading = atelier.reading()
    canvas = np.zeros((512, 512), np.uint8)
    middle = np.round(read_pose(reading).eye_middle).astype(int)
    canvas[middle[1] - 2 : middle[1] + 3, middle[0] - 2 : middle[0] + 3] = 255
    cropped = move_picture(canvas, crop_matrix(reading), 0)
    rows, columns = np.nonzero(cropped > 60)
    assert np.hypot(columns.mean() - 255.5, rows.mean() - (0.48 * 512 - 0.5)) < 1.5
