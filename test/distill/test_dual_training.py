"""Progressive fine-tuning: recipe, resuming, what each stage learns, and what is lost without it."""

import json

import pytest
import torch
from dual_fixtures import FACES, ONE, QUIET, dual_config, exact_pairs, small_base

from distill.__main__ import main
from distill.checkpoint import load_checkpoint
from distill.config import ConfigError
from distill.losses.contextual import contextual_loss, feature_matching
from distill.losses.perceptual import perceptual_l1
from distill.teacher.codes import read_codes
from distill.teacher.dual_config import LAYERS, mixing_layer
from distill.teacher.dual_start import fresh_dual
from distill.teacher.dual_trainer import DualTrainer, residual_size
from distill.teacher.faces import load_faces, read_encoder
from distill.teacher.files import read_network
from distill.teacher.train_dual import load_photos

SIZE_PX = 32
PHOTOS = {"data": (str(FACES),), "split": "all"}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("base") / "base.pt", SIZE_PX, steps=0)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return exact_pairs(tmp_path_factory.mktemp("pairs"), size_px=SIZE_PX)


def trainer(base, pairs=None, **settings):
    if pairs is not None:
        settings |= {"stage": 3, "exact": (str(pairs),), "skip_stages": settings.get("skip_stages", (2,))}
    config = dual_config(base, **settings)
    return DualTrainer(config, load_photos(config, SIZE_PX), ONE)


def command(base, runs, *switches, **settings):
    values = {"base": base, "runs": runs, "batch": 2, "identity": 0, "pl_interval": 2, "r1_interval": 2, "ada_interval": 2, **QUIET, **settings}
    return ["train-dual", *switches, *(part for key, value in values.items() for part in ("--set", f"{key}={value}"))]


def tensors(state, path=""):
    if isinstance(state, torch.Tensor):
        yield path, state
    elif isinstance(state, dict):
        for key, value in state.items():
            yield from tensors(value, f"{path}.{key}")


def test_the_papers_recipe_is_the_default(base, pairs):
    second = dual_config(base, stage=2, **PHOTOS)
    assert (second.adversarial, second.levels, second.total_kimg) == (0.1, (0.5, 0.5, 0.5), pytest.approx(115.2))
    steps = {layer: sum(mixing_layer(second, 32 * step) == layer for step in range(3600)) for layer in LAYERS}
    assert steps == {7: 300, 6: 300, 5: 3000}
    for preset, identity, regulariser, steps in (("cartoon", 1, 0.015, 1400), ("caricature", 4, 0.005, 1000), ("anime", 1, 0.02, 2100)):
        third = dual_config(base, stage=3, exact=(str(pairs),), skip_stages=(2,), preset=preset, identity=None)
        found = (third.adversarial, third.levels, third.identity, third.regulariser, third.total_kimg)
        assert found == (1.0, (0.0, 0.5, 1.0), identity, regulariser, pytest.approx(32 * steps / 1000))
        assert (third.contextual, third.matching, third.jitter) == (0.25, 0.25, 0.1)


@pytest.mark.parametrize(("settings", "sentence"), [
    ({"stage": 2}, "give data"),
    ({"stage": 3, "exact": ("pairs",)}, "starts from stage 2"),
    ({"stage": 3, "skip_stages": (2,)}, "needs portraits"),
    ({"stage": 3, "skip_stages": (2,), "style": ("anime",)}, "needs the codes"),
    ({"stage": 2, "skip_stages": (2,), **PHOTOS}, "run and skipped at once"),
])
def test_settings_that_do_not_fit_are_sentences(base, settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        dual_config(base, **settings)


def test_loss_gradients_agree_with_finite_differences():
    draws = torch.Generator().manual_seed(0)
    a, b = (torch.randn(2, 3, 3, 3, dtype=torch.float64, generator=draws) for _ in range(2))
    a.requires_grad_()
    for loss in (
        lambda x: perceptual_l1([x, 2 * x], [b, b], (0.5, 1.0)),
        lambda x: feature_matching(x, b),
        lambda x: contextual_loss(x, b),
    ):
        assert torch.autograd.gradcheck(loss, (a,), eps=1e-6, atol=1e-5)


def test_the_regularisers_gradient_agrees_with_finite_differences(base):
    dual = fresh_dual(load_faces(base)[0], 0).double()
    weight = dual.mod_res[2].conv[0].weight
    residual_size(dual).backward()
    with torch.no_grad():
        for index in (0, 517, 4000):
            values = []
            for step in (1e-6, -1e-6):
                weight.view(-1)[index] += step
                values.append(residual_size(dual).item())
                weight.view(-1)[index] -= step
            assert (values[0] - values[1]) / 2e-6 == pytest.approx(weight.grad.view(-1)[index].item(), rel=1e-4)


def test_a_step_trains_the_extrinsic_path_and_nothing_of_g(base, pairs):
    for t in (trainer(base, stage=2, **PHOTOS), trainer(base, pairs)):
        before = {key: value.clone() for key, value in t.dual.state_dict().items()}
        for step in range(2):
            t.step(4 * step)
        moved = {key for key, value in t.dual.state_dict().items() if not torch.equal(value, before[key])}
        names = {name for name, _ in t.dual.named_parameters() if not name.startswith("g.")}
        assert moved == names


def test_stage_one_reports_how_near_style_mixing_is(base, tmp_path, capsys):
    assert main(command(base, tmp_path, "--stage", "1")) == 0
    folder = tmp_path / "00000-train-dual"
    report = json.loads((folder / "metrics.jsonl").read_text())
    assert report["exact"] < 1e-5 and report["g"] < 1e-5 and 0 < report["mean"] < 0.1
    assert "Stage I is style mixing" in capsys.readouterr().out
    state = load_checkpoint(folder / "checkpoint.pt")
    t = trainer(base, stage=2, init=str(folder / "checkpoint.pt"), **PHOTOS)
    assert all(torch.equal(value, state["ema_dual"][key]) for key, value in t.dual.state_dict().items())


@pytest.mark.parametrize("stage", [2, 3])
def test_four_steps_equal_two_and_two_bit_for_bit(base, pairs, tmp_path, stage):
    settings = {"data": FACES, "split": "all", "layer_kimg": "[0.002,0.002]"} if stage == 2 else {"exact": pairs}
    switches = ("--stage", str(stage), *(("--skip-stage", "2") if stage == 3 else ()))
    assert main(command(base, tmp_path / "whole", *switches, total_kimg=0.008, **settings)) == 0
    for total in (0.004, 0.008):
        assert main(command(base, tmp_path / "halves", *switches, total_kimg=total, **settings)) == 0
    whole, halves = (dict(tensors(load_checkpoint(tmp_path / name / "00000-train-dual/checkpoint.pt"))) for name in ("whole", "halves"))
    different = [key for key in whole if not key.startswith(".rng") and not torch.equal(whole[key], halves[key])]
    assert whole.keys() == halves.keys() and different == []


def test_a_finished_run_leaves_a_teacher_that_can_be_read(base, pairs, tmp_path):
    assert main(command(base, tmp_path, "--stage", "3", "--skip-stage", "2", "--no-reg", exact=pairs, total_kimg=0.002)) == 0
    folder = tmp_path / "00000-train-dual"
    network = read_network(folder / "generator.safetensors", "dual-generator-1")
    assert network.facts["layout"]["size_px"] == SIZE_PX and network.licence == ""
    encoder, _ = read_encoder(folder / "encoder.safetensors")
    g, expected = load_faces(base)
    face = torch.zeros(1, 3, SIZE_PX, SIZE_PX)
    assert torch.equal(encoder(g, face), expected(g, face))
    assert read_codes(folder / "exstyle_code.safetensors", g.layout.layers).names == ("0", "1", "2", "3")
    assert "regularised: false" in (folder / "config.yaml").read_text()


def test_another_base_is_refused(base, tmp_path):
    assert main(command(base, tmp_path, "--stage", "1")) == 0
    other = small_base(tmp_path / "other.pt", SIZE_PX, seed=1)
    with pytest.raises(SystemExit, match="trained on another base"):
        trainer(other, stage=2, init=str(tmp_path / "00000-train-dual/checkpoint.pt"), **PHOTOS)
