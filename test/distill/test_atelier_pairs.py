"""Pairs: deterministic, truthful about what was painted into the photo, complete with licences."""

import argparse
import dataclasses
import json
import shutil

import numpy as np
import pytest
from atelier_fixtures import (
    MATTES,
    PARTS,
    PHOTOS,
    classes,
    exemplar,
    part_set,
    photo,
    reading,
    study,
)

from distill.atelier import verb
from distill.atelier.background import fill_background
from distill.atelier.exemplar import exemplar_from_record
from distill.atelier.glasses import wears_glasses
from distill.atelier.measure import overlap
from distill.atelier.measure_head import head_in_pixels
from distill.atelier.pairs import PairMaker, PairMix, plan_pair
from distill.atelier.parts import AtelierError
from distill.atelier.photo_colors import read_colours, with_photo_colours
from distill.atelier.photo_warps import PhotoWarp, warp_photo, warped_expression
from distill.atelier.photos import load_photo, write_studies
from distill.atelier.pose import read_pose
from distill.atelier.props import KINDS, add_prop, cut_frame
from distill.atelier.webcam import spoil

WILD = PairMix()
CALM = PairMix(blink=0, jaw=0, mirror=0, prop=0, reality=0, cut=0, jitter=0)


def maker(seed=0, mix=WILD, **options):
    return PairMaker(part_set(), [exemplar(), exemplar(id="other", hair=(90, 60, 50))],
                     [study()], PHOTOS, MATTES, seed=seed, mix=mix, **options)


def test_a_pair_depends_on_seed_and_index_only():
    first, second = maker(seed=3), maker(seed=3)
    for index in (0, 1, 2):
        first.draw(first.plan(index))
    one, other = first.draw(first.plan(4)), second.draw(second.plan(4))
    assert one.plan == other.plan
    for name in ("photo", "portrait", "matte"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert maker(seed=4).plan(4) != one.plan


@pytest.mark.parametrize("change", [
    {"prop": "hand"}, {"prop": "microphone"}, {"prop": "headscarf"}, {"prop": "hat"},
    {"cut": True}, {"reality": 1.0}])
def test_what_spoils_the_photo_leaves_the_portrait_right(change):
    pairs = maker(mix=CALM, own_scene=False)
    plan = pairs.plan(0)
    calm, spoiled = pairs.draw(plan), pairs.draw(dataclasses.replace(plan, **change))
    assert np.abs(spoiled.photo.astype(int) - calm.photo).mean() > 1
    assert np.array_equal(spoiled.portrait, calm.portrait)


def test_every_photo_comes_once_an_epoch():
    photos = [f"p{number}" for number in range(7)]
    drawn = [plan_pair(index, 1, photos, ["e"]).photo for index in range(14)]
    assert sorted(drawn[:7]) == sorted(drawn[7:]) == photos
    assert drawn[:7] != drawn[7:]


def test_a_matte_covers_both_heads():
    pairs = maker(mix=CALM)
    plan = dataclasses.replace(pairs.plan(0), structure=0.3, colour=1.0, exemplar="fixture")
    pair = pairs.draw(plan)
    head = head_in_pixels(part_set(), exemplar(), read_pose(reading()), pair.expression, 0.3)
    assert overlap(pair.matte > 0.5, head | (pair.photo_matte > 0.5)) > 0.97
    assert not np.array_equal(pair.matte > 0.5, head)


def test_no_real_hair_is_left_around_a_smaller_head():
    pair = maker(mix=CALM).draw(maker(mix=CALM).plan(0))
    around = (pair.photo_matte > 0.5) & (pair.drawn.bust < 0.02)
    scene = fill_background(pair.photo, pair.photo_matte)
    assert np.abs(pair.portrait[around] - scene[around]).mean() < 3
    outside = pair.photo_matte < 0.01
    kept = np.abs(scene[outside] - pair.photo[outside]).mean(-1)
    assert np.median(kept) < 2


def test_colour_weight_runs_from_the_photo_to_the_exemplar():
    person, own = exemplar(), study().colours
    assert with_photo_colours(person, own, 1.0).hair == person.hair
    assert np.allclose(with_photo_colours(person, own, 0.0).hair, own.hair, atol=2)
    assert np.allclose(with_photo_colours(person, own, 0.0).skin, own.skin, atol=2)


def test_brown_hair_and_light_skin_are_read_in_dim_light_too():
    hair, skin = classes()
    day = read_colours(photo(), reading(), hair, skin)
    dim = read_colours((photo() * 0.8).astype(np.uint8), reading(), hair, skin)
    assert day.hair[0] > day.hair[2] and sum(day.hair) < 330
    assert sum(day.skin) > 620
    assert np.abs(np.subtract(day.skin, dim.skin)).max() < 30


def test_hidden_hair_takes_the_brows_colour():
    _, skin = classes()
    bald = read_colours(photo(), reading(), np.zeros_like(skin), skin)
    assert sum(bald.hair) < 400


@pytest.mark.parametrize("side", [0, 1])
def test_a_painted_wink_changes_that_eye_and_its_truth(side):
    lids = tuple(float(side == number) for number in (0, 1))
    plain, winked = photo(), warp_photo(photo(), reading(), PhotoWarp(lids))
    changed = np.abs(winked.astype(int) - plain).sum(-1)
    points = reading().points / 2
    eye, other = ((33, 133), (263, 362)) if side == 0 else ((263, 362), (33, 133))

    def around(ids):
        x, y = points[list(ids), :2].mean(0).astype(int)
        return changed[y - 8:y + 8, x - 12:x + 12].mean()

    assert around(eye) > 25 and around(other) < 2
    before = warped_expression(reading(), PhotoWarp())[1].eyes
    after = warped_expression(reading(), PhotoWarp(lids))[1].eyes
    assert after[side].lid == pytest.approx(1) and after[1 - side] == before[1 - side]


def test_a_painted_jaw_opens_the_mouth_by_its_amount():
    openings = []
    for jaw in (0.0, 0.25, 0.5, 0.75, 1.0):
        pose, expression = warped_expression(reading(), PhotoWarp(jaw=jaw))
        openings.append(expression.mouth.opening)
        chin = pose.shape["chin"][1]
    assert np.all(np.diff(openings) > 4)
    assert chin > read_pose(reading()).shape["chin"][1] + 10
    opened = warp_photo(photo(), reading(), PhotoWarp(jaw=1.0))
    x, y = (reading().points[14, :2] / 2).astype(int)
    assert opened[y + 8, x].mean() < 0.6 * photo()[y + 8, x].mean()


def test_painted_glasses_are_seen_and_worn():
    assert not wears_glasses(photo(), reading())
    seen = []
    for seed in range(12):
        propped = add_prop(photo(), reading(), "glasses", np.random.default_rng(seed))
        assert propped.glasses
        seen.append(wears_glasses(propped.photo, reading()))
    assert np.mean(seen) > 0.6


@pytest.mark.parametrize("kind", KINDS)
def test_props_leave_the_rest_of_the_photo_alone(kind):
    propped = add_prop(photo(), reading(), kind, np.random.default_rng(1))
    changed = np.abs(propped.photo.astype(int) - photo()).sum(-1) > 12
    assert 0.003 < changed.mean() < 0.7
    assert (propped.headwear.max() > 0.9) == (kind in ("hat", "headscarf"))


def test_webcam_flaws_repeat_by_seed_and_grow_with_strength():
    def spoiled(seed, strength):
        return spoil(photo(), np.random.default_rng(seed), strength).astype(float)

    assert np.array_equal(spoiled(7, 1.0), spoiled(7, 1.0))
    assert np.array_equal(spoiled(7, 0.0), photo())

    def damage(strength):
        return np.mean([np.abs(spoiled(seed, strength) - photo()).mean() for seed in range(24)])

    assert damage(1.0) > 1.5 * damage(0.4) > 0


def test_a_cut_frame_keeps_the_face_where_it_was():
    for seed in range(4):
        cut = cut_frame(photo(), np.random.default_rng(seed))
        same = np.all(cut == photo(), axis=-1).mean()
        assert cut.shape == photo().shape and 0.55 < same < 0.97


def arguments(out, **changes):
    parser = argparse.ArgumentParser()
    verb.add_arguments(parser)
    given = parser.parse_args(["--style", "anime", "--count", "3", "--exemplars", "3", "--size",
                               "128", "--out", str(out), "--parts", str(PARTS), "--jobs", "1"])
    return argparse.Namespace(**(vars(given) | changes))


def test_the_verb_writes_exemplars_pairs_records_and_sheets(tmp_path):
    shutil.copytree(MATTES, tmp_path / "mattes")
    write_studies(tmp_path / "photos.jsonl.gz", [study()])
    verb.run(arguments(tmp_path, photos=PHOTOS, jobs=2))
    people = [json.loads(row) for row in (tmp_path / "exemplars.jsonl").read_text().splitlines()]
    assert {person["licence"] for person in people} == {"CC0-1.0"} and len(people) == 3
    pairs = [json.loads(row) for row in (tmp_path / "pairs.jsonl").read_text().splitlines()]
    assert [pair["index"] for pair in pairs] == [0, 1, 2]
    assert all(pair["photo_licence"] == "CC0" and pair["exemplar"] for pair in pairs)
    names = {path.name for path in (tmp_path / "pairs").iterdir()}
    assert names == {f"{index:06d}-{kind}.png" for index in range(3)
                     for kind in ("photo", "portrait", "matte")}
    assert {path.name for path in (tmp_path / "sheets").iterdir()} == {
        "exemplars.jpg", "sweeps.jpg", "pairs.jpg"}
    alone = PairMaker(part_set(), [exemplar_from_record(person) for person in people], [study()],
                      PHOTOS, MATTES, size=128)
    drawn = load_photo(tmp_path / "pairs/000002-portrait.png")
    assert np.array_equal(drawn, alone.draw(alone.plan(2)).portrait)


def test_the_verb_says_what_is_missing(tmp_path):
    with pytest.raises(AtelierError, match="--landmarker"):
        verb._study(arguments(tmp_path, photos=PHOTOS))
    with pytest.raises(SystemExit, match="--count 0"):
        verb.main(arguments(tmp_path, count=0))
