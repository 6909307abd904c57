"""The anime student: layers that move as the rig's, a graph that computes what training did, a training that resumes."""

import json
import pickle

import anime_fixtures as anime
import atelier_fixtures as atelier
import cv2
import numpy as np
import pytest
import torch

from distill.atelier.draw import draw_portrait
from distill.atelier.expression import REST
from distill.atelier.pose import rest_pose, turned
from distill.student.anime import export, sheet, train
from distill.student.anime.cache import PairCache
from distill.student.anime.canvas import canvas_of, compose, compose_bytes
from distill.student.anime.checkpoints import load_anime, wrap
from distill.student.anime.crop import crop_pose
from distill.student.anime.evaluate import evaluate
from distill.student.anime.expression_check import warps_followed
from distill.student.anime.flow import exact_field
from distill.student.anime.golden import block_code
from distill.student.anime.losses import matte_loss, sharpness_loss
from distill.student.anime.network import OUTPUTS, SIZES, WINDOW, AnimeModel, fold_styles, in_window, keep_colours, lay_over, multiply_accumulates
from distill.student.anime.pose_vector import pose_vector
from distill.student.anime.retrieval import retrieval
from distill.student.anime.samples import StepBatches, draw_sample, feature_weight
from distill.student.anime.scenes import change_scene, random_scene
from distill.verbs import load_verb


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> PairCache:
    return PairCache(anime.make_cache(tmp_path_factory.mktemp("anime")))


def drawing(pose, structure: float) -> tuple[np.ndarray, np.ndarray]:
    """The rig's drawing and the moved layers on grey, both in 0–1."""
    scene = np.full((256, 256, 3), 128.0, np.float32)
    rig = draw_portrait(atelier.character(), REST, crop_pose(pose), structure=structure, size=256, scene=scene).rgb / 255
    field, _ = anime.flow().field(pose_vector(pose, REST), 0.0, structure)
    layers = compose(canvas_of(anime.code()), field)
    return rig, layers[..., :3] + (1 - layers[..., 3:4]) * 128 / 255


def without_features(difference: np.ndarray) -> np.ndarray:
    """The difference outside eyes, brows and mouth, which the layers leave to the network."""
    mask = np.ones((256, 256), bool)
    mask[85:150, 70:186] = mask[150:215, 90:166] = False
    return difference[mask]


def test_layers_at_rest_are_the_rigs_drawing_without_its_features():
    rig, layers = drawing(rest_pose(), 1.0)
    assert np.abs(without_features(rig - layers)).mean() < 0.02


def test_layers_turn_with_the_head_as_the_rigs_do():
    pose = turned(rest_pose(), 0.4, 0.15)
    rig, layers = drawing(pose, 1.0)
    still = drawing(rest_pose(), 1.0)[1]
    assert np.abs(without_features(rig - layers)).mean() < 0.4 * np.abs(without_features(rig - still)).mean()


def test_fitted_fields_follow_the_rig_to_a_fraction_of_a_pixel():
    for pose, expression_ in anime.heads(6, seed=9):
        found, _ = anime.flow().field(pose_vector(pose, expression_), 0.0, 0.5)
        error = np.hypot(*np.moveaxis(found - exact_field(pose, expression_, "female", 0.5), 1, 0))
        assert error[:, 4:28, 4:28].mean() < 0.35


def test_colours_can_be_exchanged_by_the_last_row():
    code = anime.code().copy()
    code[-1, :3] = (40, 200, 60)
    field, _ = anime.flow().field(pose_vector(rest_pose(), REST), 0.0, 1.0)
    before, after = compose(canvas_of(anime.code()), field), compose(canvas_of(code), field)
    hair = before[..., 4] > 0.9
    assert hair.mean() > 0.05
    assert (after[hair][:, 1] >= after[hair][:, 0]).all()
    skin = before[..., 5] > 0.99
    np.testing.assert_allclose(after[skin], before[skin], atol=0.01)


def test_bytes_are_composed_as_floats_are():
    field, _ = anime.flow().field(pose_vector(turned(rest_pose(), 0.2, 0.0), REST), 0.0, 0.5)
    canvas = canvas_of(anime.code())
    exact, packed = compose(canvas, field), compose_bytes(np.round(canvas[:, :4] * 255).astype(np.uint8), field)
    assert np.abs(exact[..., :4] - packed / 255).max() < 0.02


def test_no_rounding_can_change_the_golden_pairs_layers():
    pose = pose_vector(turned(rest_pose(), 0.3, 0.1), REST)
    fields, _ = anime.flow().field(pose, 0.0, 0.5)
    whole = np.stack([[cv2.resize(plane, (256, 256), interpolation=cv2.INTER_LINEAR) for plane in field] for field in fields])
    code, margin = block_code(whole, tries=8)
    assert margin > 1e-5
    exact = compose(canvas_of(code), fields)
    np.testing.assert_array_equal(compose(canvas_of(code), fields + 0.2 * margin), exact)
    assert np.ptp(exact[..., :3]) > 0.5


@pytest.mark.parametrize("size", SIZES)
def test_students_keep_to_their_budget(size):
    assert multiply_accumulates(AnimeModel(size).student) <= {"standard": 1.1e9, "lite": 0.25e9}[size]


def lively(size: str = "lite") -> AnimeModel:
    """A model whose modulation is not all zero."""
    torch.manual_seed(3)
    return AnimeModel(size)


def test_the_graph_of_one_frame_paints_what_training_paints(cache):
    model = lively()
    row = cache.rows(held=True)[0]
    sample = draw_sample(cache, row, None)
    fold_styles(model.student, False)
    with torch.no_grad():
        places = model.student.places(torch.from_numpy(sample["field"])[None], torch.from_numpy(sample["mouth"])[None])
        pictures = [torch.from_numpy(sample[name].transpose(2, 0, 1))[None] for name in ("face", "moved")]
        modulation = model.style_modulation(torch.from_numpy(sample["style"])[None])
        rgb, matte, *_ = model.student.paint(pictures[0] * 2 - 1, pictures[1], places, modulation, torch.from_numpy(sample["pose"])[None])
    trained = wrap(model, cache.flow, {}, "", 0, 0.0)
    drawn = trained.styled(sample["face"], sample["pose"], trained.style(cache.codes[0], row["structure"]))
    difference = np.abs(np.concatenate([rgb[0].numpy(), matte[0].numpy()]).transpose(1, 2, 0) - drawn)
    assert difference.mean() < 2e-3
    assert (difference > 0.05).mean() < 0.005


def test_the_window_alone_is_painted_as_it_is_in_the_whole_crop(cache):
    model = lively()
    sample = draw_sample(cache, cache.rows(held=False)[0], None)
    arguments = [torch.from_numpy(sample[name].transpose(2, 0, 1))[None] for name in ("face", "moved")]
    arguments += [model.student.places(torch.from_numpy(sample["field"])[None], torch.from_numpy(sample["mouth"])[None])]
    arguments += [model.style_modulation(torch.from_numpy(sample["style"])[None]), torch.from_numpy(sample["pose"])[None]]
    with torch.no_grad():
        whole, near = model.student.paint(*arguments), model.student.paint(*arguments, near=True)
    for all_of_it, part in zip(whole, near, strict=True):
        torch.testing.assert_close(in_window(all_of_it, 1), part)


def test_eyes_and_mouth_lie_in_the_window(cache):
    weight = np.max([feature_weight(centres) for centres in cache.arrays.centres], 0)
    inside = np.zeros((256, 256), bool)
    inside[WINDOW] = True
    assert weight[inside].max() > 0.9
    assert weight[~inside].max() < 0.5


def test_the_matte_holds_the_photos_head_and_the_drawn_one_but_no_clothes():
    moved, logits = torch.zeros(1, 4, 1, 4), torch.full((1, OUTPUTS, 1, 4), -9.0)
    moved[..., 1:3] = 1
    logits[:, 4, :, 0] = logits[:, 5, :, 1] = 9
    matte = lay_over(moved, logits).matte[0, 0, 0]
    np.testing.assert_allclose(matte, [1, 1, 0, 0], atol=0.01)


def test_colour_weight_and_keep_color_ask_for_the_same(cache):
    trained = wrap(lively(), cache.flow, {}, "", 0, 0.0)
    none, kept = trained.style(cache.codes[0], colour=0.0), trained.style(cache.codes[0], keep=1.0)
    torch.testing.assert_close(none[0], kept[0])
    assert trained.style(cache.codes[0])[0][0, -1] == 0


def test_keeping_no_colours_changes_nothing_and_keeping_all_brings_the_photos():
    shares = torch.zeros(1, 2, 1, 2)
    shares[0, 0, 0, 0] = shares[0, 1, 0, 1] = 1
    photo = torch.tensor([[0.2, 0.3, 0.4, 0.9, 0.6, 0.5]])
    exemplar = [0.5, 0.5, 0.5, 0.6, 0.6, 0.6]
    assert (keep_colours(shares, torch.tensor([[*exemplar, 0.0]]), photo) == 1).all()
    kept = keep_colours(shares, torch.tensor([[*exemplar, 1.0]]), photo)[0, :, 0]
    np.testing.assert_allclose(kept[:, 0] * 0.5, [0.2, 0.3, 0.4], rtol=1e-5)
    np.testing.assert_allclose(kept[:, 1] * 0.6, [0.9, 0.6, 0.5], rtol=1e-5)


def test_batches_are_the_same_whenever_they_are_asked_for(cache):
    def batches() -> StepBatches:
        return StepBatches([cache], batch=2, seed=5, steps=9, outside_weight=0.2, feature_gain=7.0)

    first, again = batches()[3], batches()[3]
    for name, value in first.items():
        torch.testing.assert_close(value, again[name])
    assert first["face"].shape == (2, 3, 256, 256)
    assert (first["target"][:, 3] >= 0).all()


def test_another_background_changes_neither_head_nor_matte(cache):
    row, rng = cache.rows(held=False)[0], np.random.default_rng(4)
    photo, target = cache.arrays.photo[row["photo"]][16:-16, 16:-16], cache.arrays.target[row["pair"]]
    opacity = cache.arrays.moved[row["pair"]][..., 3].astype(np.float32) / 255
    scene = random_scene(photo, rng)
    changed, redrawn = change_scene(photo, target[..., :3], opacity, scene, rng)
    head, away = photo[..., 3] == 255, photo[..., 3] == 0
    np.testing.assert_array_equal(changed[head], photo[head])
    np.testing.assert_array_equal(changed[..., 3], photo[..., 3])
    np.testing.assert_array_equal(redrawn[opacity == 1], target[opacity == 1][..., :3])
    top = away & (np.arange(256)[:, None] < 150)
    np.testing.assert_array_equal(changed[top][..., :3], scene[top])
    # What was behind the character is the new background too, apart from the rim where it is filled in.
    behind = cv2.erode((top & (opacity == 0)).astype(np.uint8), np.ones((25, 25))) > 0
    assert behind.sum() > 500
    assert np.abs(redrawn[behind].astype(int) - scene[behind]).mean() < 3


def test_a_cache_sent_to_a_worker_is_opened_there(cache):
    sent = pickle.dumps(cache)
    assert len(sent) < 1000
    np.testing.assert_array_equal(pickle.loads(sent).arrays.target[0], cache.arrays.target[0])


def test_targets_cover_both_heads_and_eyes_weigh_more(cache):
    row = cache.rows(held=False)[0]
    sample = draw_sample(cache, row, None)
    assert (sample["target"][..., 3] >= cache.arrays.target[row["pair"]][..., 3] / 255 - 1e-6).all()
    x, y = np.round(cache.arrays.centres[row["pair"]][0]).astype(int)
    assert sample["weight"][y, x, 0] > 5 * sample["weight"][20, 20, 0]
    assert feature_weight(cache.arrays.centres[row["pair"]]).max() <= 1


def test_lines_may_lie_beside_the_targets_but_must_be_as_sharp():
    target, weight = torch.zeros(1, 4, 32, 32), torch.ones(1, 1, 32, 32)
    target[:, :3, :, 13] = 1
    beside = target[:, :3].roll(1, 3)
    soft = (target[:, :3] + target[:, :3].roll(1, 3) + target[:, :3].roll(-1, 3)) / 3
    exact = sharpness_loss(target[:, :3], target, weight)
    assert exact == 0
    assert sharpness_loss(beside, target, weight) < 0.3 * sharpness_loss(soft, target, weight)


def test_a_matte_may_hedge_at_first_and_must_decide_later():
    target = torch.zeros(1, 4, 8, 8)
    target[..., :5] = 1
    doubtful, decided = torch.full((1, 1, 8, 8), 5 / 8), torch.ones(1, 1, 8, 8)
    assert matte_loss(doubtful, target, decide=False) < matte_loss(decided, target, decide=False)
    assert matte_loss(doubtful, target, decide=True) > matte_loss(decided, target, decide=True)
    torch.testing.assert_close(matte_loss(decided, target, decide=True), torch.tensor(1 - 5 / 8))


def run_training(cache: PairCache, runs, kimg: float):
    verb = load_verb("train-anime")
    import argparse

    parser = argparse.ArgumentParser()
    verb.add_arguments(parser)
    settings = {"cache": cache.folder, "size": "lite", "batch": 2, "kimg": kimg, "pose_noise": 0.0}
    overrides = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    assert train.main(parser.parse_args([*overrides, "--runs", str(runs)])) == 0
    return sorted(runs.iterdir())[-1]


def test_four_steps_are_two_and_two(cache):
    config = train.AnimeTrainConfig(cache=str(cache.folder), size="lite", batch=2, kimg=0.008, pose_noise=0.0)
    whole, first = train.AnimeTrainer(config, cache), train.AnimeTrainer(config, cache)
    for step in range(4):
        whole.step(whole.batches()[step])
    for step in range(2):
        first.step(first.batches()[step])
    second = train.AnimeTrainer(config, cache)
    second.load(first.state() | {"rng": _rng_state()})
    for step in range(2, 4):
        second.step(second.batches()[step])
    for name, value in whole.model.state_dict().items():
        torch.testing.assert_close(value, second.model.state_dict()[name], rtol=0, atol=0)


def _rng_state():
    from distill.checkpoint import rng_state

    return rng_state()


def test_a_trained_run_is_exported_evaluated_and_shown(cache, tmp_path):
    run = run_training(cache, tmp_path / "runs", 0.004)
    arguments = _arguments(export, ["--run", str(run), "--cache", str(cache.folder), "--parts", str(atelier.PARTS),
                                    "--models", str(tmp_path / "models"), "--pack", str(tmp_path / "anime"), "--command", "here"])  # fmt: skip
    assert export.main(arguments) == 0
    entry = json.loads((tmp_path / "models" / "manifest.json").read_text())["models"][0]
    assert entry["id"] == "anime-lite"
    assert entry["crop"]["convention"] == "eyes"
    assert set(entry["student"]["inputs"]) == {"face", "modulation", "canvas_layers", "canvas_flow", "pose"}
    for name in ("modulation", "canvas_layers", "canvas_flow"):
        assert entry["student"]["inputs"][name] == entry["styleHead"]["outputs"][name]
    pack = json.loads((tmp_path / "anime" / "pack.json").read_text())
    assert (pack["exemplars"][0]["codeEncoding"], pack["models"]) == ("uint8-gzip", {"lite": "anime-lite"})
    assert "teacher share 0 %" in (tmp_path / "models" / "anime-lite" / "CARD.md").read_text()
    trained = load_anime(run, cache.flow)
    summary = evaluate(trained, cache, 3)["summary"]
    assert 0 <= summary["matteIou"] <= 1
    assert summary["psnrFeatures"] > 3
    found = retrieval(trained, cache, cache.rows(held=True), atelier.part_set(), among=20)
    # Hair and clothes come from the code, so that even an untrained student shows whom it was asked for.
    assert found["retrieved"] > 0.8 > found["retrievedByChance"]
    studies = [atelier.study()]
    ranks = warps_followed(trained, cache, atelier.part_set(), studies, atelier.PHOTOS, atelier.MATTES)
    assert ranks["blinkRigRank"] > 0.85
    assert ranks["jawRigRank"] > 0.85
    out = tmp_path / "sheet.png"
    sheet.main(_arguments(sheet, ["--run", str(run), "--cache", str(cache.folder), "--out", str(out), "--people", "1", "--groups", "1"]))
    assert out.stat().st_size > 10_000


def _arguments(module, argv):
    import argparse

    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return parser.parse_args(argv)
