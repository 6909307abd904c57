"""Adversarial training: resuming, several processes, growing, stopping."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from distill.__main__ import main
from distill.checkpoint import load_checkpoint
from distill.config import make_config
from distill.data.training_set import load_set
from distill.networks.discriminator import Discriminator
from distill.networks.generator import Generator
from distill.networks.layout import Layout
from distill.train.base_config import BaseConfig
from distill.train.base_trainer import BaseTrainer
from distill.train.ema import ema_copy, ema_decay, update_ema
from distill.train.grow import grow_discriminator, grow_generator
from distill.train.parallel import World

ROOT = Path(__file__).resolve().parents[2]
FACES = Path(__file__).parent / "fixtures/faces"
# Every part of a step happens within four steps: R1, path length, mixing, ADA, EMA.
SMALL = {
    "data": str(FACES), "split": "all", "size_px": 32, "channel_cap": 8, "batch": 8, "device": "cpu", "r1_interval": 2,
    "pl_interval": 2, "ada_interval": 2, "ada_start": 0.5, "ada_kimg": 0.1, "log_kimg": 0, "grid_kimg": 0, "snapshot_kimg": 0,
}
ONE = World(0, 1, torch.device("cpu"))


def command(runs, **settings):
    pairs = {**SMALL, "runs": str(runs), **settings}
    return ["train-base", *(part for key, value in pairs.items() for part in ("--set", f"{key}={value}"))]


def trainer(**settings):
    config = make_config(BaseConfig, {**SMALL, **settings})
    return BaseTrainer(config, load_set(config.data, config.size_px, split="all"), ONE)


def leaves(state, path=""):
    if isinstance(state, torch.Tensor):
        yield path, state
    elif isinstance(state, dict):
        for key, value in state.items():
            yield from leaves(value, f"{path}.{key}")
    elif isinstance(state, (list, tuple)):
        for index, value in enumerate(state):
            yield from leaves(value, f"{path}.{index}")


def weights(folder):
    state = load_checkpoint(folder / "checkpoint.pt")
    return {key: value for key, value in leaves({k: v for k, v in state.items() if k != "rng"})}


@pytest.fixture(scope="module")
def four_steps(tmp_path_factory):
    runs = tmp_path_factory.mktemp("four")
    assert main(command(runs, total_kimg=0.032)) == 0
    return runs / "00000-train-base"


def test_four_steps_equal_two_and_two_bit_for_bit(four_steps, tmp_path):
    assert main(command(tmp_path, total_kimg=0.016)) == 0
    assert main(command(tmp_path, total_kimg=0.032)) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["00000-train-base"]
    whole, halves = weights(four_steps), weights(tmp_path / "00000-train-base")
    assert whole.keys() == halves.keys() and len(whole) > 100
    different = [key for key in whole if not torch.equal(whole[key], halves[key])]
    assert different == []
    start = dict(leaves(trainer().state()))
    assert not torch.equal(start[".g.conv1.conv.weight"], whole[".g.conv1.conv.weight"])


def test_two_processes_equal_one(four_steps, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--master_port", "0", "--standalone",
         "-m", "distill", *command(tmp_path, total_kimg=0.032)],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    one, two = weights(four_steps), weights(tmp_path / "00000-train-base")
    assert one.keys() == two.keys()
    start = dict(leaves(trainer().state()))
    for part in (".g.", ".d.", ".ema."):
        keys = [key for key in one if key.startswith(part)]
        moved = torch.cat([(one[key] - start[key]).flatten() for key in keys]).norm()
        apart = torch.cat([(one[key] - two[key]).flatten() for key in keys]).norm()
        assert apart < 1e-3 * moved, part
    state_one, state_two = (load_checkpoint(f / "checkpoint.pt") for f in (four_steps, tmp_path / "00000-train-base"))
    assert state_one["ada_p"] == state_two["ada_p"]
    assert state_one["pl_mean"].item() == pytest.approx(state_two["pl_mean"].item(), rel=1e-4)


def test_run_folder_holds_settings_metrics_and_pictures(four_steps):
    names = {path.name for path in four_steps.iterdir()}
    assert {"config.yaml", "metrics.jsonl", "checkpoint.pt", "reals.png", "finished", "samples-000000.032.png"} <= names
    row = json.loads((four_steps / "metrics.jsonl").read_text().splitlines()[-1])
    assert {"loss_d", "loss_g", "r1", "pl", "ada_p"} <= row.keys() and row["kimg"] == 0.032


def test_a_nan_stops_and_keeps_the_last_good_state(tmp_path, capsys, monkeypatch):
    assert main(command(tmp_path, total_kimg=0.016)) == 0
    good = weights(tmp_path / "00000-train-base")
    monkeypatch.setattr(BaseTrainer, "_real", lambda self, position: torch.full((8, 3, 32, 32), float("nan")))
    assert main(command(tmp_path, total_kimg=0.032, log_kimg=0.008)) == 1
    assert "Training stopped" in capsys.readouterr().out
    kept = weights(tmp_path / "00000-train-base")
    assert all(torch.equal(good[key], kept[key]) for key in good)


def test_dry_run_prints_and_makes_nothing(tmp_path, capsys):
    assert main([*command(tmp_path / "runs", total_kimg=1), "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "size_px: 32" in out and "16 pictures" in out
    assert not (tmp_path / "runs").exists()


def test_main_steps_are_traced_whole_and_compute_the_same(monkeypatch):
    """With the tracer alone: generating code takes minutes, and what can break is the tracing."""
    plain = trainer(ada_start=0.0, pl_weight=0.0)
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager", fullgraph=True))
    traced = trainer(ada_start=0.0, pl_weight=0.0, compile=True)
    assert traced._fast_g is not traced.g.synthesize and traced._fast_d is not traced.d
    expected, found = plain.step(0), traced.step(0)
    assert {"loss_d", "loss_g", "r1"} <= found.keys()
    assert {name: value.item() for name, value in found.items()} == pytest.approx(
        {name: value.item() for name, value in expected.items()}, rel=1e-4, abs=1e-6)


def test_steps_touch_only_the_network_they_train():
    t = trainer(r1_interval=1, pl_interval=1)
    before = {k: v.clone() for k, v in t.g.state_dict().items()}
    t._train_discriminator(0)
    t._regularise_discriminator(0)
    assert all(torch.equal(before[k], v) for k, v in t.g.state_dict().items())
    assert all(p.grad is None for p in t.g.parameters())
    d_before = {k: v.clone() for k, v in t.d.state_dict().items()}
    t._train_generator(0)
    t._regularise_generator(0)
    assert all(torch.equal(d_before[k], v) for k, v in t.d.state_dict().items())
    assert not all(torch.equal(before[k], v) for k, v in t.g.state_dict().items())


def test_mixing_swaps_the_finer_rows_only():
    t = trainer(mixing=1.0)
    _, codes = t._generate(0, "g", slice(0, 8))
    for code in codes:
        changes = [i for i in range(1, 8) if not torch.equal(code[i], code[i - 1])]
        assert len(changes) == 1
    t = trainer(mixing=0.0)
    _, codes = t._generate(0, "g", slice(0, 8))
    assert torch.equal(codes, codes[:, :1].expand_as(codes))


def test_a_grown_generator_starts_as_the_small_one_enlarged():
    torch.manual_seed(0)
    small, large = Generator(Layout(32, channel_cap=8)), Generator(Layout(64, channel_cap=8))
    fresh = grow_generator(large, small.state_dict())
    assert fresh and all(name.startswith(("convs.6", "convs.7", "to_rgbs.3")) for name in fresh)
    z = torch.randn(2, 512)
    from distill.networks.ops import blur_kernel, upsample
    assert torch.allclose(large(z), upsample(small(z), blur_kernel(4.0)), atol=1e-5)


def test_a_grown_discriminator_keeps_its_inner_blocks():
    small, large = Discriminator(Layout(32, channel_cap=8)), Discriminator(Layout(64, channel_cap=8))
    fresh = grow_discriminator(large, small.state_dict(), 32)
    assert all(name.startswith(("convs.0.", "convs.1.")) for name in fresh)
    x = torch.randn(4, 8, 32, 32)
    small_inner, large_inner = small.convs[1:], large.convs[2:]
    assert torch.equal(small_inner(x), large_inner(x))
    with pytest.raises(SystemExit, match="cannot become"):
        grow_discriminator(small, large.state_dict(), 64)


def test_growing_by_command_trains_the_new_layers_only(four_steps, tmp_path):
    init = four_steps / "checkpoint.pt"
    settings = {"size_px": 64, "init": str(init), "total_kimg": 0.008, "free_lower": False}
    assert main(command(tmp_path, **settings)) == 0
    before, after = weights(four_steps), weights(tmp_path / "00000-train-base")
    assert torch.equal(before[".ema.convs.0.conv.weight"], after[".g.convs.0.conv.weight"])
    assert after[".g.to_rgbs.3.conv.weight"].abs().sum() > 0


def test_wrong_channels_in_init_are_named(four_steps, tmp_path):
    with pytest.raises(SystemExit, match="channel_cap"):
        main(command(tmp_path, channel_cap=16, init=str(four_steps / "checkpoint.pt"), total_kimg=0.008))


def test_ema_halves_the_distance_in_its_half_life():
    torch.manual_seed(0)
    a, b = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    average = ema_copy(a)
    decay = ema_decay(batch=100, half_life_kimg=1, position=10**6)
    for _ in range(10):
        update_ema(average, b, decay)
    assert torch.allclose(average.weight, (a.weight + b.weight) / 2, atol=1e-6)


def test_projected_discriminator_tells_faces_from_noise_after_a_few_steps():
    t = trainer(discriminator="projected", ada_target=0.0, ada_start=0.0)
    first = t._train_discriminator(0)
    for step in range(1, 4):
        last = t._train_discriminator(8 * step)
    assert last["loss_d"] < first["loss_d"]
    t._train_generator(0)
    assert all(p.grad is None for p in t.d.features.parameters())
    assert not any(module.training for module in t.d.features.modules())


def test_projected_features_see_what_is_in_a_picture():
    import cv2

    from distill.networks.efficientnet import EfficientNetLite
    picture = cv2.cvtColor(cv2.imread(str(FACES / "face_6.jpg")), cv2.COLOR_BGR2RGB)
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
    net = EfficientNetLite()
    taps = net(x)
    assert [tuple(t.shape[1:]) for t in taps] == [(24, 32, 32), (40, 16, 16), (112, 8, 8), (320, 4, 4)]
    same = F.cosine_similarity(taps[3].flatten(1), net(x.flip(3))[3].flip(3).flatten(1))
    noise = F.cosine_similarity(taps[3].flatten(1), net(torch.rand_like(x) * 2 - 1)[3].flatten(1))
    assert same > 0.7 > noise
