"""Faces are read twice, so the reading does not depend on the side, and dark ones are lit first."""

import dataclasses

import numpy as np
import pytest
from atelier_fixtures import photo, reading
from face_model import face_model

from distill.atelier.expression import read_expression
from distill.atelier.geometry import mirror_reading, move_reading, similarity
from distill.atelier.parts import AtelierError
from distill.atelier.pose import read_pose
from distill.atelier.reader import (
    FaceReader,
    lit_face,
    mean_reading,
    read_both_sides,
    with_shut_eyes,
)


@pytest.fixture
def reader():
    try:
        made = FaceReader(face_model())
    except AtelierError as error:
        # The bundle that the build makes without a network has no blendshapes, and says so.
        assert "full face_landmarker.task" in str(error)
        pytest.skip(str(error))
    with made:
        yield made


def test_a_mirrored_photo_gives_the_mirrored_reading_and_a_dark_one_the_same(reader):
    seen = reader.read(photo(), "face.jpg")
    back = mirror_reading(reader.read(photo()[:, ::-1], "face.jpg"))
    dark = reader.read((photo() * 0.15).astype(np.uint8), "face.jpg")
    assert reader.read(np.full_like(photo(), 90), "wall.jpg") is None
    assert np.abs(seen.points - back.points).max() < 0.5
    assert seen.blendshapes == pytest.approx(back.blendshapes, abs=0.01)
    assert np.abs(seen.points - dark.points)[:, :2].mean() < 3
    assert seen.blendshapes["eyeBlinkLeft"] == pytest.approx(
        dark.blendshapes["eyeBlinkLeft"], abs=0.15)


def test_a_wink_seen_from_one_side_only_counts_half():
    seen, shown = reading(), []
    winking = dataclasses.replace(seen, blendshapes=seen.blendshapes | {"eyeBlinkLeft": 0.8})

    def one_sided(picture, file):
        shown.append(picture.copy())
        return winking if len(shown) == 1 else mirror_reading(seen)

    read = read_both_sides(one_sided, photo(), "face.jpg")
    assert np.array_equal(shown[1], photo()[:, ::-1]) and len(shown) == 2
    assert read.blendshapes["eyeBlinkLeft"] == pytest.approx(
        (0.8 + seen.blendshapes["eyeBlinkLeft"]) / 2)
    assert np.allclose(read.points, seen.points)
    assert read_both_sides(lambda picture, file: None, photo(), "face.jpg") is None


def test_only_dark_faces_are_lit():
    day = photo()
    assert lit_face(day, reading()) is day
    dark = (day * 0.2).astype(np.uint8)
    lit = lit_face(dark, reading())
    x, y = (reading().points[4, :2] / 512 * len(day)).astype(int)
    assert dark[y, x].mean() < 60 < 90 < lit[y, x].mean()


def test_readings_of_two_people_are_not_mixed():
    seen = reading()
    near = move_reading(seen, similarity(1.0, 0.0, (4, 2)))
    mixed = mean_reading(seen, near)
    assert np.allclose(mixed.points[:, :2] - seen.points[:, :2], [2, 1], atol=0.01)
    assert mean_reading(seen, move_reading(seen, similarity(1.0, 0.0, (90, 0)))) is seen
    other = dataclasses.replace(seen, blendshapes=dict.fromkeys(seen.blendshapes, 0.0))
    assert mean_reading(seen, other).shape("jawOpen") == pytest.approx(seen.shape("jawOpen") / 2)


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(AtelierError, match="there is no such model"):
        FaceReader(tmp_path / "face_landmarker.task")


def test_open_eyes_are_read_from_pixels_alike_on_both_sides():
    seen = with_shut_eyes(reading(), photo())
    flipped = with_shut_eyes(mirror_reading(reading()), np.ascontiguousarray(photo()[:, ::-1]))
    assert max(seen.sides("eyeShut")) < 0
    assert flipped.sides("eyeShut") == pytest.approx(seen.sides("eyeShut")[::-1], abs=1.0)


@pytest.mark.parametrize("side", [0, 1])
def test_sure_pixels_shut_a_lid_or_keep_it_open(side):
    name = ("eyeShutRight", "eyeShutLeft")[side]
    calm = {"eyeShutRight": 0.0, "eyeShutLeft": 0.0}

    def lids(**shut):
        known = dataclasses.replace(reading(), blendshapes=reading().blendshapes | calm | shut)
        return [eye.lid for eye in read_expression(known, read_pose(known)).eyes]

    before, after = lids(), lids(**{name: 3.0})
    assert after[side] == pytest.approx(1) and after[1 - side] == before[1 - side]
    steps = [lids(**{name: score})[side] for score in np.linspace(-6, 4, 41)]
    assert np.all(np.diff(steps) >= 0) and np.max(np.diff(steps)) < 0.3
