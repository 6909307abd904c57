"""The drawing follows expression, pose and structure, smoothly, and stays as it is."""

import dataclasses
import os
import shutil

import cv2
import numpy as np
import pytest
from atelier_fixtures import GOLDEN, PARTS, character, exemplar, part_set, reading

from distill.atelier.character import Character
from distill.atelier.draw import draw_portrait
from distill.atelier.exemplar import choose_exemplars
from distill.atelier.expression import INNER_LOWER, INNER_UPPER, REST, read_expression
from distill.atelier.geometry import mirror_reading, move_reading, similarity
from distill.atelier.measure import (
    eye_mask,
    measuring_exemplar,
    mouth_mask,
    overlap,
    placement_errors,
    read_portrait,
)
from distill.atelier.measure_head import head_in_pixels
from distill.atelier.parts import PartSet
from distill.atelier.pose import limit, read_pose, rest_pose, turned
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


def test_brows_move_down_with_their_control(measured):
    first, last = (portrait.rgb.astype(int).sum(-1) for portrait in sweep(measured, "brows", 2))
    raised, lowered = (np.argwhere(darker > 120)[:, 0].mean()
                       for darker in (last - first, first - last))
    assert 3 < lowered - raised < 20


def test_a_smile_in_the_reading_lifts_the_drawn_corners():
    lifts = []
    for smile in (0.0, 0.5, 1.0):
        shapes = reading().blendshapes | {"mouthSmileLeft": smile, "mouthSmileRight": smile}
        smiling = dataclasses.replace(reading(), blendshapes=shapes)
        mouth = read_expression(smiling, read_pose(smiling)).mouth
        lifts.append(mouth.upper[5, 1] - mouth.upper[[0, 10], 1].mean())
    assert np.all(np.diff(lifts) > 2)


@pytest.mark.parametrize("gap_px", [4.0, 8.0, 14.0])
def test_parted_lips_are_seen_in_the_portrait(measured, gap_px):
    points, pose = reading().points.copy(), read_pose(reading())
    for upper, lower in zip(INNER_UPPER[1:-1], INNER_LOWER[1:-1], strict=True):
        points[lower] = points[upper] + [0, gap_px * pose.eye_distance / 189, 0]
    calm = dict.fromkeys(reading().blendshapes, 0.0)
    parted = dataclasses.replace(reading(), points=points, blendshapes=calm)
    portrait = draw_portrait(measured, read_expression(parted, pose), pose)
    assert read_portrait(portrait).mouth_area > 0.0003 * gap_px


def test_outlines_are_widened_for_small_portraits():
    dark = [(draw_portrait(Character(part_set(), exemplar(), line_weight=weight), REST,
                           rest_pose()).rgb.max(-1) < 90).sum() for weight in (0.0, 0.8)]
    assert dark[1] > 1.25 * dark[0]


@pytest.mark.parametrize("name", sorted(SWEEPS))
def test_no_control_jumps(name):
    drawn = [portrait.rgb.astype(float) for portrait in sweep(character(), name, 33)]
    steps = [np.abs(b - a).mean() for a, b in zip(drawn, drawn[1:], strict=False)]
    assert max(steps) < 2.6 * np.median(steps) + 0.05


def test_eyes_and_mouth_lie_where_structure_puts_them(measured):
    pose = read_pose(reading())
    errors = placement_errors(measured, pose, reading().points, (0.0, 0.5, 1.0))
    assert errors.shape == (3, 3) and np.all(errors < 0.03)


def test_matte_is_the_head_that_the_picture_shows():
    person, pose = exemplar(), read_pose(reading())
    portrait = draw_portrait(Character(part_set(), person), REST, pose, structure=0.5)
    head = head_in_pixels(part_set(), person, pose, REST, 0.5)
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


def with_drawn_part(folder, group, item, rgba):
    """The fixture's parts and one more, drawn by the test."""
    shutil.copytree(PARTS, folder / "parts")
    path = folder / "parts/sprites/female" / group / item
    path.mkdir(parents=True)
    cv2.imwrite(str(path / "base.png"), rgba)
    return PartSet(folder / "parts")


@pytest.mark.parametrize("skin", [(255, 226, 200), (112, 74, 56)])
def test_round_glasses_show_their_frame_and_the_skin_behind(tmp_path, skin):
    rgba = np.zeros((600, 500, 4), np.uint8)
    for x in (200, 294):
        cv2.circle(rgba, (x, 285), 32, (255, 255, 255, 130), -1)
        cv2.circle(rgba, (x, 285), 32, (60, 64, 88, 255), 1)
    parts = with_drawn_part(tmp_path, "09_glasses", "02_circle_glasses", rgba)
    person = Character(parts, exemplar(skin=skin))
    bare = draw_portrait(person, REST, rest_pose(), structure=1.0).rgb.astype(int)
    worn = draw_portrait(person, REST, rest_pose(), structure=1.0,
                         glasses="02_circle_glasses").rgb.astype(int)
    change = np.abs(worn - bare).sum(-1)
    assert (change > 120).sum() > 100
    lens = cv2.morphologyEx((change > 0).astype(np.uint8), cv2.MORPH_OPEN, np.ones((7, 7))) > 0
    assert lens.sum() > 400 and np.median(change[lens]) < 60


def test_headphones_turn_with_the_head_and_belong_to_it(tmp_path):
    rgba = np.zeros((600, 500, 4), np.uint8)
    for x in (145, 350):
        cv2.ellipse(rgba, (x, 290), (22, 40), 0, 0, 360, (30, 30, 30, 255), -1)
    parts = with_drawn_part(tmp_path, "05_headphones_base", "00_headphones_base", rgba)
    bare, worn = (Character(parts, exemplar(headphones=on)) for on in (False, True))
    places = []
    for yaw in (-0.4, 0.4):
        pose = turned(rest_pose(), yaw, 0.0)
        drawn = draw_portrait(worn, REST, pose)
        cups = np.abs(drawn.rgb.astype(int) - draw_portrait(bare, REST, pose).rgb).sum(-1) > 60
        assert cups.sum() > 200 and drawn.head[cups].mean() > 0.95
        places.append(np.argwhere(cups)[:, 1].mean())
    assert abs(places[1] - places[0]) > 6


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
