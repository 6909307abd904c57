"""Encoder and generator together: overfitting, domains, resuming, ReStyle."""

from functools import partial
from pathlib import Path

import pytest
import torch

from distill.__main__ import main
from distill.checkpoint import load_checkpoint
from distill.config import make_config
from distill.data.training_set import load_set
from distill.measure.perceptual import Lpips
from distill.networks.domain import DomainOffset
from distill.train.autoencoder_config import AutoencoderConfig
from distill.train.autoencoder_trainer import AutoencoderTrainer
from distill.train.parallel import World

FACES = Path(__file__).parent / "fixtures/faces"
ONE = World(0, 1, torch.device("cpu"))
SMALL = {
    "data": str(FACES), "size_px": 32, "channel_cap": 8, "encoder_width": 16, "batch": 4, "device": "cpu", "lpips_net": "alex",
    "log_kimg": 0, "grid_kimg": 0, "snapshot_kimg": 0, "warmup_kimg": 0,
}


def trainer(data=None, **settings):
    config = make_config(AutoencoderConfig, {**SMALL, **settings})
    data = data or load_set(config.data, config.size_px, split="all", mirror=config.mirror)
    return AutoencoderTrainer(config, data, ONE)


def command(runs, **settings):
    pairs = {**SMALL, "runs": str(runs), **settings}
    return ["train-autoencoder", *(part for key, value in pairs.items() for part in ("--set", f"{key}={value}"))]


def test_eight_faces_at_64_px_are_learned_by_heart():
    t = trainer(
        size_px=64, channel_cap=32, channel_multiplier=0.125, batch=8, mirror=False, lr_g=0.01, lr_e=0.001, l1=2, lpips=1,
        ema_kimg=0.02,
    )
    vgg = Lpips("vgg")
    pictures, domain = t.data.take(torch.arange(8))

    def distance():
        with torch.no_grad():
            return vgg(t.ema(pictures, domain)[1][-1], pictures).mean().item()

    start = distance()
    for step in range(110):
        t.step(8 * step)
    assert distance() < start / 2


def test_photos_have_no_offset_and_cannot_get_one():
    label = DomainOffset()
    w = torch.randn(3, 10, 512)
    out = label(w, torch.tensor([0, 1, 0]))
    out.sum().backward()
    assert label.offset.shape == (1, 512) and label.offset.grad.abs().sum() > 0
    torch.nn.init.constant_(label.offset, 2.0)
    shifted = label(w, torch.tensor([0, 1, 0]))
    assert torch.equal(shifted[[0, 2]], w[[0, 2]]) and torch.allclose(shifted[1], w[1] + 2)


def test_renders_teach_the_label_and_photos_decode_without_it():
    data = load_set((str(FACES),), 32, split="all", mirror=False)
    data.domains = torch.tensor([0, 1] * 4)
    data.pictures[1::2] = 255 - data.pictures[1::2]  # renders that look nothing like photos
    t = trainer(data=data, batch=8, mirror=False, lr_g=0.01)
    for step in range(3):
        t.step(8 * step)
    model = t.model
    assert model.domain.offset.abs().sum() > 0
    code = torch.randn(2, model.layout.layers, 512)
    photo = model.decode(code, torch.tensor([0, 0]))
    assert torch.equal(photo, model.g(code))
    assert not torch.allclose(photo, model.decode(code, torch.tensor([1, 1])))


def test_resuming_is_bit_for_bit_and_grids_and_measures_are_written(tmp_path):
    assert main(command(tmp_path / "whole", total_kimg=0.016, decay_from=0.5)) == 0
    assert main(command(tmp_path / "parts", total_kimg=0.016, decay_from=0.5, minutes=1e-6)) == 0
    assert main(command(tmp_path / "parts", total_kimg=0.016, decay_from=0.5)) == 0
    whole, parts = (load_checkpoint(tmp_path / n / "00000-train-autoencoder/checkpoint.pt") for n in ("whole", "parts"))
    assert whole["position"] == parts["position"] == 16
    for key, value in whole["model"].items():
        assert torch.equal(value, parts["model"][key]), key
    assert (tmp_path / "whole/00000-train-autoencoder/grid-000000.016.png").exists()


def test_a_time_limit_leaves_a_run_that_goes_on(tmp_path):
    assert main(command(tmp_path, total_kimg=0.016, minutes=1e-6)) == 0
    folder = tmp_path / "00000-train-autoencoder"
    assert load_checkpoint(folder / "checkpoint.pt")["position"] < 16 and not (folder / "finished").exists()


def test_base_training_starts_from_an_autoencoder(tmp_path):
    assert main(command(tmp_path, total_kimg=0.004)) == 0
    init = tmp_path / "00000-train-autoencoder/checkpoint.pt"
    learned = load_checkpoint(init)["ema"]
    base = ["size_px=32", "channel_cap=8", "batch=8", "split=all", "device=cpu", "total_kimg=0", f"init={init}",
            f"data={FACES}", f"runs={tmp_path}"]
    assert main(["train-base", *(part for item in base for part in ("--set", item))]) == 0
    started = load_checkpoint(tmp_path / "00001-train-base/checkpoint.pt")["g"]
    assert all(torch.equal(learned[key], started[key]) for key in learned)


@pytest.mark.parametrize("steps", [0, 2])
def test_restyle_rounds_each_give_a_reconstruction(steps):
    t = trainer(restyle_steps=steps)
    pictures, domain = t.data.take(torch.arange(2))
    codes, outs = t.model(pictures, domain)
    assert len(codes) == len(outs) == max(steps, 1)
    assert t.model.e.in_channels == (6 if steps else 3)
    assert t.step(0)["loss"].isfinite()


def test_the_main_step_is_traced_whole_and_computes_the_same(monkeypatch):
    plain = trainer()
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager", fullgraph=True))
    traced = trainer(compile=True)
    assert traced._fast is not traced.model
    assert traced.step(0)["loss"].item() == pytest.approx(plain.step(0)["loss"].item(), rel=1e-4)


def test_random_codes_are_pulled_to_where_photos_lie(monkeypatch):
    monkeypatch.setattr("distill.train.autoencoder_trainer.RECENT", 32)
    t = trainer(match=1.0, l1=0.0, lpips=0.0, spread=0.0, lr_g=0.01, lr_e=0.0)
    for step in range(8):
        t.step(4 * step)
    first = t.match_loss(0).item()
    for step in range(8, 20):
        t.step(4 * step)
    assert 0 < t.match_loss(0).item() < first / 2


def test_grids_can_show_chosen_sources_only():
    data = load_set((str(FACES),), 32, split="all")
    assert len(data.only(("faker",)).rows) == 8
    with pytest.raises(SystemExit, match="empty"):
        data.only(("csusa",))


@pytest.mark.parametrize("photos, columns, rows", [(8, 4, 6), (8, 8, 4), (3, 8, 4)])
def test_a_grid_has_whole_rows(photos, columns, rows):
    data = load_set((str(FACES),), 32, split="all", mirror=False, limit=photos)
    pictures, width = trainer().grid(data, columns)
    assert width == min(columns, photos) and len(pictures) == rows * width


def test_rates_warm_up_and_cool_down():
    t = trainer(total_kimg=1.0, warmup_kimg=0.1, decay_from=0.5, lr_g=1.0)
    rates = []
    for position in (0, 96, 496, 746, 996):
        t._set_rates(position)
        rates.append(t.optimiser.param_groups[0]["lr"])
    assert rates == pytest.approx([0.04, 1.0, 1.0, 0.5, 0.0], abs=1e-6)


def test_the_identity_loss_names_its_missing_network(tmp_path, monkeypatch):
    monkeypatch.setenv("STYLEFILTER_CACHE", str(tmp_path))
    with pytest.raises(SystemExit, match="fetch-identity"):
        trainer(identity=0.1)
