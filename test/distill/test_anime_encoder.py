"""The anime style encoder: parts of one sex only, codes put together from parts, an export that is named in the manifest."""

import argparse
import json

import anime_fixtures as anime
import atelier_fixtures as atelier
import numpy as np
import pytest
import torch

from distill.student.anime.cache import PairCache
from distill.student.anime.canvas import CHANNELS, PIXELS
from distill.student.anime.encoder import PARTS, StyleEncoder, assemble, layer_span, part_looks, part_targets, spoiled
from distill.student.anime.encoder_verb import Truth, main, measure, train
from distill.verbs import load_verb


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> PairCache:
    return PairCache(anime.make_cache(tmp_path_factory.mktemp("cache")))


def test_it_chooses_among_exemplars_of_one_sex():
    encoder = StyleEncoder(np.array([1, 0, 1, 0, 0])).eval()
    with torch.no_grad():
        likeness, colours = encoder(torch.rand(6, 3, 256, 256) * 2 - 1)
    torch.testing.assert_close(likeness.sum(2), torch.ones(6, len(PARTS)))
    of_men = likeness[..., [0, 2]].sum(2)
    torch.testing.assert_close(of_men, of_men.round())
    assert bool((of_men[:, :1].round() == of_men.round()).all())
    assert colours.min() >= 0 and colours.max() <= 1


def test_a_part_resembles_itself_most_and_nobody_of_the_other_sex():
    looks = np.random.default_rng(0).random((5, 3, 40)).astype(np.float32)
    male = np.array([True, True, False, False, False])
    targets = part_targets(looks, male, 4)
    assert targets.shape == (5, 3, 4)
    np.testing.assert_allclose(targets.sum(2), 1, rtol=1e-5)
    assert (targets[:4].argmax(2) == np.arange(4)[:, None]).all()
    assert targets[0, :, 2:].max() == 0


def test_layers_follow_each_other_in_a_code():
    spans = [layer_span(layer) for layers in PARTS.values() for layer in layers]
    assert sorted(start for start, _ in spans)[0] == 0
    assert max(end for _, end in spans) == PIXELS * CHANNELS


def test_codes_are_put_together_from_parts():
    codes = np.stack([anime.code(), 255 - anime.code()])
    code = assemble(np.float32([[0, 1], [1, 0], [1, 0]]), np.linspace(0, 1, 9), codes)
    looks = part_looks(code)
    np.testing.assert_array_equal(looks[0], part_looks(codes[1])[0])
    np.testing.assert_array_equal(looks[1:], part_looks(codes[0])[1:])
    np.testing.assert_array_equal(code[-1, :9], np.round(np.linspace(0, 255, 9)))


def test_colours_are_mixed_in_the_picture_as_in_the_truth():
    colours = np.array([0.8, 0.2, 0.3, 0.9, 0.7, 0.6, 0.1, 0.2, 0.9], np.float32)
    picture = np.tile(colours[:3], (256, 256, 1)).astype(np.float32)
    for seed in range(8):
        moved, mixed = spoiled(picture, np.ones((256, 256, 1), np.float32), colours, np.random.default_rng(seed))
        np.testing.assert_allclose(np.median(moved, (0, 1)), mixed[:3], atol=0.02)


def test_it_learns_and_is_named_beside_the_models(cache, tmp_path):
    truth = Truth([cache], len(cache.codes))
    errors = [measure(train(truth, steps, 4, seed=1), truth, atelier.part_set(), 3)["colourError"] for steps in (1, 40)]
    assert errors[1] < errors[0]
    models = tmp_path / "models"
    models.mkdir()
    (models / "manifest.json").write_text(json.dumps({"version": 1, "models": [{"id": "anime-lite"}, {"id": "comic-lite"}]}))
    parser = argparse.ArgumentParser()
    load_verb("train-anime-encoder").add_arguments(parser)
    assert main(parser.parse_args(["--cache", str(cache.folder), "--parts", str(atelier.PARTS), "--models", str(models), "--steps", "1", "--batch", "2",
                                   "--unseen", "2", "--exemplars", str(len(cache.codes))])) == 0  # fmt: skip
    anime_entry, comic_entry = json.loads((models / "manifest.json").read_text())["models"]
    assert anime_entry["styleEncoder"]["outputs"]["likeness"] == [1, 3, len(cache.codes)]
    assert (models / anime_entry["styleEncoder"]["file"]).stat().st_size == anime_entry["styleEncoder"]["bytes"]
    assert "styleEncoder" not in comic_entry
