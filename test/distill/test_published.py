"""The published face generator: what it holds, what it refuses, and that training goes on from it."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch

from distill.__main__ import main
from distill.checkpoint import load_checkpoint, save_checkpoint
from distill.config import make_config
from distill.data.training_set import load_set
from distill.published import EIGHT_BIT_NUMBERS, MANIFEST, publish, read_manifest
from distill.teacher.model import load_teacher
from distill.train.autoencoder_config import AutoencoderConfig
from distill.train.autoencoder_trainer import AutoencoderTrainer
from distill.train.parallel import World

FACES = Path(__file__).parent / "fixtures/faces"
ONE = World(0, 1, torch.device("cpu"))
SMALL = {
    "data": FACES, "size_px": 32, "channel_cap": 8, "encoder_width": 16, "batch": 8, "device": "cpu", "lpips_net": "alex", "mirror": False,
    "log_kimg": 0.008, "grid_kimg": 0, "snapshot_kimg": 0, "warmup_kimg": 0, "lr_g": 0.01, "match": 0, "ema_kimg": 0.02,
}


def settings(**values):
    return [part for key, value in values.items() for part in ("--set", f"{key}={value}")]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of a few steps, and what publish-base makes of it in several shards."""
    root = tmp_path_factory.mktemp("published")
    assert main(["train-autoencoder", *settings(**SMALL, total_kimg=0.064, runs=root / "runs")]) == 0
    run = root / "runs/00000-train-autoencoder"
    assert not main(["publish-base", str(run), str(root / "base"), "--shard-mib", "2.2"])
    return run, root / "base"


@pytest.fixture
def copy(trained, tmp_path):
    return Path(shutil.copytree(trained[1], tmp_path / "copy"))


def start_from(folder, **more):
    config = make_config(AutoencoderConfig, {**{k: str(v) if k == "data" else v for k, v in SMALL.items()}, "init": str(folder), **more})
    return AutoencoderTrainer(config, load_set(config.data, 32, split="all", mirror=False), ONE)


def test_each_weight_is_there_once_in_half_precision_and_no_shard_is_too_large(trained):
    run, folder = trained
    before, after = load_checkpoint(run), load_checkpoint(folder)
    assert after["ema_model"].keys() == before["ema_model"].keys() and after["ema"].keys() == before["ema"].keys()
    for key, value in before["ema_model"].items():
        assert torch.allclose(after["ema_model"][key], value, rtol=2e-3, atol=1e-6), key
    assert after["position"] == before["position"] == 64 and after["layout"] == before["layout"] and after["commit"] == before["commit"]
    shards = sorted(folder.glob("*.safetensors"))
    assert len(shards) > 1 and all(path.stat().st_size <= 2.2 * 2**20 for path in shards)
    weights = sum(value.numel() for value in before["ema_model"].values())
    assert sum(path.stat().st_size for path in shards) < 2.2 * weights


def test_large_matrices_in_eight_bits_are_near_what_they_were(trained, tmp_path):
    run, half = trained
    assert not main(["publish-base", str(run), str(tmp_path), "--eight-bit", "--shard-mib", "2.2"])
    before, after = load_checkpoint(run)["ema_model"], load_checkpoint(tmp_path)["ema_model"]
    assert after.keys() == before.keys()
    coarse = [key for key, value in before.items() if value.ndim == 2 and value.numel() >= EIGHT_BIT_NUMBERS]
    assert coarse
    for key in coarse:
        step = before[key].abs().amax(1, keepdim=True) / 127
        assert ((after[key] - before[key]).abs() <= 0.6 * step).all() and after[key].dtype == torch.float32, key
    for key in before.keys() - set(coarse):
        assert torch.allclose(after[key], before[key], rtol=2e-3, atol=1e-6), key
    weighs = [sum(path.stat().st_size for path in folder.glob("*.safetensors")) for folder in (tmp_path, half)]
    assert weighs[0] < 0.7 * weighs[1]


def test_settings_name_no_folder_of_the_machine(trained):
    text = (trained[1] / MANIFEST).read_text()
    config = read_manifest(trained[1])["config"]
    assert config["data"] == ["faces"] and config["encoder_width"] == 16
    assert str(FACES.parent) not in text and "/" not in config["runs"]


def test_publishing_again_leaves_one_current_set(trained, copy):
    publish(load_checkpoint(trained[0]), copy)
    assert [path.name for path in sorted(copy.iterdir())] == ["base.00.safetensors", MANIFEST]
    assert load_checkpoint(copy)["position"] == 64


def test_a_folder_that_is_not_whole_says_what_is_wrong(copy):
    shard = copy / "base.01.safetensors"
    data = shard.read_bytes()
    shard.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(SystemExit, match=r"base\.01\.safetensors: this shard is not the one .* hash"):
        load_checkpoint(copy)
    shard.write_bytes(data[:1000])
    manifest = json.loads((copy / MANIFEST).read_text())
    manifest["shards"][1]["sha256"] = hashlib.sha256(data[:1000]).hexdigest()
    (copy / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(SystemExit, match=r"base\.01\.safetensors is not a safetensors file"):
        load_checkpoint(copy)
    shard.unlink()
    with pytest.raises(SystemExit, match=r"base\.01\.safetensors: this shard .* is missing"):
        load_checkpoint(copy)
    (copy / MANIFEST).write_text(json.dumps({"format": "face-base-9"}))
    with pytest.raises(SystemExit, match="face-base-9, where face-base-1"):
        load_checkpoint(copy)
    (copy / MANIFEST).write_text("{")
    with pytest.raises(SystemExit, match="not what publish-base writes"):
        load_checkpoint(copy)
    (copy / MANIFEST).unlink()
    with pytest.raises(SystemExit, match="holds no checkpoint"):
        load_checkpoint(copy)


def test_what_is_no_generator_or_does_not_fit_is_refused(tmp_path, trained):
    with pytest.raises(SystemExit, match="holds no face generator"):
        publish({"position": 1}, tmp_path)
    state = load_checkpoint(trained[0])
    with pytest.raises(SystemExit, match="no discriminator"):
        publish(state, tmp_path, discriminator=True)
    with pytest.raises(SystemExit, match="alone has"):
        publish(state, tmp_path, shard_bytes=100_000)
    state["ema_model"]["g.style.1.weight"] = state["ema_model"]["g.style.1.weight"] * 1e6
    with pytest.raises(SystemExit, match="not finite in half precision"):
        publish(state, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_training_goes_on_from_it_where_it_stood_and_learns(trained):
    run, folder = trained
    whole, light = start_from(run), start_from(folder)
    data = light.data
    before, start = whole.measure(data), light.measure(data)
    assert start == pytest.approx(before, rel=2e-3)
    fresh = start_from(folder, init=None).measure(data)
    assert start["val_l1"] < 0.9 * fresh["val_l1"]
    for step in range(15):
        light.step(8 * step)
    assert light.measure(data)["val_l1"] < 0.97 * start["val_l1"]


def test_the_average_of_a_warm_restart_stays_where_it_was_at_first(trained):
    fresh, again = start_from(trained[1], init=None, ema_kimg=0.1), start_from(trained[1], ema_kimg=0.1)
    moved = []
    for t in (fresh, again):
        before = t.ema.g.conv1.conv.weight.clone()
        t.step(0)
        moved.append(((t.ema.g.conv1.conv.weight - before).norm() / (t.model.g.conv1.conv.weight - before).norm()).item())
    assert moved[0] > 0.9 and moved[1] < 0.8


def test_the_verb_logs_what_a_warm_restart_starts_from(trained, tmp_path):
    run, folder = trained
    assert main(["train-autoencoder", *settings(**SMALL, total_kimg=0.008, init=folder, runs=tmp_path)]) == 0
    rows = [json.loads(line) for line in (tmp_path / "00000-train-autoencoder/metrics.jsonl").read_text().splitlines()]
    assert rows[0]["kimg"] == 0 and rows[-1]["kimg"] == 0.008
    assert rows[0]["val_lpips"] == pytest.approx(start_from(run).measure(load_set((str(FACES),), 32, split="all", mirror=False))["val_lpips"], rel=5e-3)


def test_an_encoder_of_one_pass_becomes_a_restyle_one_whose_first_round_is_the_same(trained):
    one_pass, rounds = start_from(trained[1]), start_from(trained[1], restyle_steps=2)
    pictures = one_pass.data.take(torch.arange(3))[0]
    with torch.no_grad():
        (code,), (first, second) = one_pass.model.codes(pictures), rounds.model.codes(pictures)
    assert torch.allclose(first, code, atol=1e-4) and not torch.allclose(second, first, atol=1e-2)
    rounds.step(0)
    assert rounds.model.e.stem.weight.grad[:, 3:].abs().sum() > 0


def test_adversarial_training_starts_from_it_and_is_published_with_its_discriminator(trained, tmp_path):
    base = {"size_px": 32, "channel_cap": 8, "batch": 8, "split": "all", "device": "cpu", "total_kimg": 0, "data": FACES, "runs": tmp_path}
    assert main(["train-base", *settings(**base, init=trained[1])]) == 0
    run = tmp_path / "00000-train-base"
    state = load_checkpoint(run)
    assert torch.equal(state["g"]["conv1.conv.weight"], load_checkpoint(trained[1])["ema"]["conv1.conv.weight"])
    assert not main(["publish-base", str(run / "checkpoint.pt"), str(tmp_path / "base"), "--discriminator"])
    light = load_checkpoint(tmp_path / "base")
    assert light["d"].keys() == state["d"].keys() and light["g"].keys() == state["g"].keys()
    assert main(["train-base", *settings(**base, init=tmp_path / "base"), "--fresh"]) == 0
    started = load_checkpoint(tmp_path / "00001-train-base")["d"]
    assert all(torch.equal(started[key], value) for key, value in light["d"].items())
    publish(state, tmp_path / "base")
    assert "d" not in load_checkpoint(tmp_path / "base")


def test_it_is_a_teacher_before_any_style(trained):
    pictures = load_set((str(FACES),), 32, split="all", mirror=False).take(torch.arange(2))[0]
    teachers = [load_teacher(path) for path in (trained[0] / "checkpoint.pt", trained[1])]
    first, second = (teacher.encode(pictures) for teacher in teachers)
    assert torch.allclose(first, second, rtol=2e-2, atol=2e-2)


def test_a_run_folder_is_its_newest_checkpoint(tmp_path):
    save_checkpoint(tmp_path / "checkpoint.pt", {"position": 3})
    assert load_checkpoint(tmp_path)["position"] == 3
    with pytest.raises(SystemExit, match="there is no such checkpoint"):
        load_checkpoint(tmp_path / "none.pt")
