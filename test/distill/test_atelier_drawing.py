"""The drawing follows expression, pose and structure, smoothly, and stays as it is."""

import os

import cv2
import numpy as np
import pytest
from atelier_fixtures import GOLDEN, character, exemplar, part_set, reading

from distill.atelier.character import Character
from distill.atelier.draw import draw_portrait
from distill.atelier.exemplar import choose_exemplars
from distill.atelier.expression import REST, read_expression
from distill.atelier.geometry import mirror_reading, move_reading, similarity
from distill.atelier.measure import (
    eye_mask,
    labelled_head,
    measuring_exemplar,
    mouth_mask,
    overlap,
    placement_error,
    read_portrait,
)
from distill.atelier.pose import limit, read_pose, rest_pose
from distill.atelier.sheets import SWEEPS


@pytest.fixture(scope="module")
def measured():
    return Character(part_set(), measuring_exemplar(exemplar()))


def sweep(person, name, steps, pose=None):
    pose = rest_pose() if pose is None else pose
    drawn = []
    for t in np.linspace(0, 1, steps):
        posed, expression, structure = SWEEPS[name](pose, REST, float(t))
        drawn.append(draw_portrait(person, expression, posed, structure=structure))
    return drawn


@pytest.mark.parametrize("name", ["mouth", "laugh"])
def test_mouth_area_grows_with_the_opening(measured, name):
    areas = [read_portrait(portrait).mouth_area for portrait in sweep(measured, name, 7)]
    assert areas[0] == 0
    assert np.all(np.diff(areas[1:]) > 0)


@pytest.mark.parametrize("name", ["blink", "happy blink"])
def test_eyes_close_steadily_and_fully(measured, name):
    areas = np.array([read_portrait(portrait).eye_area for portrait in sweep(measured, name, 7)])
    assert np.all(np.diff(areas, axis=0) < 0)
    assert np.all(areas[-1] < 0.06 * areas[0])


def test_a_wink_closes_one_eye(measured):
    first, *_, last = (read_portrait(portrait).eye_area for portrait in sweep(measured, "wink", 3))
    assert last[0] < 0.1 * first[0]
    assert last[1] == pytest.approx(first[1], rel=0.02)


def test_irises_follow_the_gaze(measured):
    def iris_x(portrait, side):
        rgb = portrait.rgb.astype(int)
        green = (rgb[..., 1] > rgb[..., 0] + 25) & eye_mask(portrait, side, 26)
        return np.argwhere(green)[:, 1].mean()

    places = np.array([[iris_x(p, side) for side in (0, 1)] for p in sweep(measured, "gaze", 5)])
    assert np.all(np.diff(places, axis=0) > 0.7)


@pytest.mark.parametrize("name", sorted(SWEEPS))
def test_no_control_jumps(name):
    drawn = [portrait.rgb.astype(float) for portrait in sweep(character(), name, 33)]
    steps = [np.abs(b - a).mean() for a, b in zip(drawn, drawn[1:], strict=False)]
    assert max(steps) < 2.6 * np.median(steps) + 0.05


@pytest.mark.parametrize("structure", [0.0, 0.5, 1.0])
def test_eyes_and_mouth_lie_where_structure_puts_them(measured, structure):
    pose = read_pose(reading())
    errors = placement_error(measured, pose, reading().points, structure)
    assert np.all(errors < 0.03)


def test_matte_is_the_visible_head(measured):
    portrait = draw_portrait(measured, REST, rest_pose(), structure=0.5)
    head = labelled_head(measured, rest_pose(), 0.5, 256)
    assert overlap(portrait.head > 0.5, head) > 0.97
    assert overlap(portrait.bust > 0.5, head) < 0.95


def test_the_head_turns_with_parallax(measured):
    left, *_, right = sweep(measured, "yaw ±30°", 3)

    def gap(portrait):
        """From the middle of the eyes to the middle of the head, px to the right."""
        head = np.argwhere(portrait.head[:170] > 0.5)[:, 1].mean()
        return portrait.centres[:2, 0].mean() - head

    assert gap(left) < -4 and gap(right) > 4


def test_glasses_are_drawn_when_asked():
    person = character()
    without = draw_portrait(person, REST, rest_pose()).rgb.astype(int)
    worn = draw_portrait(person, REST, rest_pose(), glasses="01_black_glasses").rgb.astype(int)
    changed = np.abs(worn - without).sum(-1) > 60
    rows = np.argwhere(changed)[:, 0]
    assert changed.sum() > 150
    assert 110 < rows.mean() < 150


def test_a_shut_eye_is_not_crossed_by_hair(measured):
    shut = sweep(measured, "blink", 2)[1]
    x, y = np.round(shut.centres[0]).astype(int)
    lid = shut.rgb[y - 9:y - 2, x - 8:x + 8].reshape(-1, 3).astype(int)
    assert np.mean(np.abs(lid - measured.exemplar.skin).sum(1) < 60) > 0.9


def test_a_mirrored_or_moved_face_reads_the_same():
    seen, mirrored = reading(), mirror_reading(reading())
    pose, flipped = read_pose(seen), read_pose(mirrored)
    assert flipped.yaw == pytest.approx(-pose.yaw) and flipped.roll == pytest.approx(-pose.roll)
    lids = [eye.lid for eye in read_expression(seen, pose).eyes]
    assert [eye.lid for eye in read_expression(mirrored, flipped).eyes] == pytest.approx(lids[::-1])
    moved = read_pose(move_reading(seen, similarity(0.8, 0.3, (20, -10))))
    assert moved.yaw == pytest.approx(pose.yaw, abs=1e-6)
    assert moved.roll == pytest.approx(pose.roll + 0.3)
    assert moved.eye_distance == pytest.approx(0.8 * pose.eye_distance)


def test_angles_are_limited_softly():
    angles = np.linspace(-2, 2, 401)
    limited = np.array([limit(angle, 0.5) for angle in angles])
    inside = np.abs(angles) <= 0.5
    assert np.allclose(limited[inside], angles[inside])
    assert np.all(np.diff(limited) >= 0) and limited.max() <= 0.6 + 1e-9


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_golden_pictures(seed):
    person = choose_exemplars(part_set(), 1, seed)[0]
    pose = read_pose(reading())
    portrait = draw_portrait(Character(part_set(), person), read_expression(reading(), pose), pose,
                             structure=0.2 + 0.3 * seed, size=192, glasses=person.glasses)
    path = GOLDEN / f"{seed}.png"
    if os.environ.get("WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), cv2.cvtColor(portrait.rgb, cv2.COLOR_RGB2BGR))
    wanted = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB).astype(float)
    difference = np.abs(portrait.rgb - wanted)
    assert difference.mean() < 0.5 and np.percentile(difference, 99.5) < 12


def test_mouth_mask_leaves_chin_and_nose_alone(measured):
    portrait = draw_portrait(measured, REST, rest_pose())
    apart = np.hypot(*(portrait.centres[1] - portrait.centres[0]))
    rows = np.argwhere(mouth_mask(portrait, 0.45 * apart))[:, 0]
    assert np.ptp(rows) < 0.25 * apart
