"""The recipe for lent time, end to end on the CPU: bundle, check, pieces that continue, parts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from distill.__main__ import main
from distill.checkpoint import load_checkpoint, save_checkpoint
from distill.gpu.travel import read_parts, write_parts
from distill.measure.perceptual import Lpips
from distill.thin import thin
from distill.train.bench import _WorkCounter

FACES = Path(__file__).parent / "fixtures/faces"
SMALL = {"size_px": 32, "channel_cap": 8, "batch": 4, "device": "cpu", "split": "all", "log_kimg": 0.004, "ada_start": 0.1}


def settings(**more):
    return [part for key, value in {**SMALL, **more}.items() for part in ("--set", f"{key}={value}")]


def piece(runs, out, *extra, data=FACES, **more):
    return ["gpu-piece", "train-base", "--out", str(out), *extra, *settings(data=data, runs=runs, **more)]


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    path = tmp_path_factory.mktemp("pack") / "pack.zip"
    assert main(["pack", "--set", f"data={FACES}", "--set", f"out={path}", "--set", "size_px=32"]) == 0
    return path


def test_a_bundle_runs_by_itself_with_its_own_networks(pack, tmp_path):
    bundle = tmp_path / "bundle"
    assert main(["gpu-bundle", "--pack", str(pack), "--out", str(bundle), "--network", "lpips-alex"]) == 0
    assert {path.name for path in bundle.iterdir()} == {"distill", "pack.zip", "weights"}
    assert not (bundle / "distill/checkpoints").exists()
    code = (
        "import torch; from distill.measure.packages import travelling; assert travelling('lpips-alex');"
        "from distill.measure.perceptual import Lpips; torch.manual_seed(0);"
        "x = torch.rand(2, 1, 3, 64, 64); print(Lpips('alex')(*x).item())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=bundle, capture_output=True, text=True,
        env={**os.environ, "STYLEFILTER_WEIGHTS": str(bundle / "weights"), "PYTHONPATH": str(bundle)},
    )
    assert run.returncode == 0, run.stderr
    torch.manual_seed(0)
    x = torch.rand(2, 1, 3, 64, 64)
    assert float(run.stdout) == pytest.approx(Lpips("alex")(*x).item(), rel=0.01)


def test_a_bundle_too_heavy_says_so(pack, tmp_path, capsys):
    assert main(["gpu-bundle", "--pack", str(pack), "--out", str(tmp_path / "b"), "--max-mib", "0.01"]) == 1
    assert "more than 0.01 MiB" in capsys.readouterr().out
    assert not main(["gpu-bundle", "--pack", str(pack), "--out", str(tmp_path / "base"), "--base"])
    assert (tmp_path / "base/distill/checkpoints/README.md").exists()
    with pytest.raises(SystemExit, match="there is no such file"):
        main(["gpu-bundle", "--pack", str(tmp_path / "none.zip"), "--out", str(tmp_path / "c")])


def test_the_check_finds_what_is_right_and_what_is_wrong(pack, capsys, monkeypatch):
    assert main(["gpu-check", "--steps", "1", *settings(data=pack, precision="bf16")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6 and all(line.startswith("ok") for line in lines)
    assert any("images/s" in line for line in lines)
    from distill.data.training_set import TrainingSet
    monkeypatch.setattr(TrainingSet, "take", lambda self, i: (torch.ones(len(i), 3, 32, 32), self.domains[:len(i)]))
    assert main(["gpu-check", "--steps", "1", *settings(data=pack)]) == 1
    assert "WRONG 16 pictures" in capsys.readouterr().out


def test_pieces_continue_each_other_on_one_machine_and_on_the_next(pack, tmp_path):
    first, second = tmp_path / "out1", tmp_path / "out2"
    small_parts = ["--part-mib", "0.5"]
    assert main(piece(tmp_path / "runs", first, "--minutes", "0.001", *small_parts, data=pack, total_kimg=1)) == 0
    run = tmp_path / "runs/00000-train-base"
    start = load_checkpoint(run / "checkpoint.pt")["position"]
    manifest = json.loads((first / "state.json").read_text())
    assert len(manifest["parts"]) > 1
    assert all(path.stat().st_size <= 0.5 * 2**20 for path in first.glob("state.0*"))
    assert {"metrics.jsonl", "config.yaml", "samples.png", "truncated.png"} <= {path.name for path in first.iterdir()}

    # The same machine: the very same run goes on.
    assert main(piece(tmp_path / "runs", second, "--minutes", "0.001", data=pack, total_kimg=start / 1000 + 0.004)) == 0
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["00000-train-base"]
    end = load_checkpoint(run / "checkpoint.pt")["position"]
    assert end > start or (run / "finished").exists()

    # A fresh machine: from the parts.
    other = tmp_path / "other"
    total = (start + 8) / 1000
    assert main(piece(other, tmp_path / "out3", "--state", str(first), "--minutes", "1", data=pack, total_kimg=total)) == 0
    state = load_checkpoint(other / "00000-train-base/checkpoint.pt")
    assert state["position"] == start + 8 and state["restarted_at"] == start
    rows = [json.loads(line)["kimg"] for line in (other / "00000-train-base/metrics.jsonl").read_text().splitlines()]
    assert rows == sorted(rows) and rows[-1] == total


def test_what_travels_is_half_the_weight_and_comes_back_nearly_the_same(tmp_path):
    torch.manual_seed(0)
    weight = torch.randn(200, 100)
    small = torch.randn(100)
    state = {"g": {"w": weight + 1}, "ema": {"w": weight, "b": small}, "d": {"v": weight}, "opt_g": {"big": weight}, "position": 7}
    save_checkpoint(tmp_path / "c.pt", state)
    carried = thin(load_checkpoint(tmp_path / "c.pt"))
    assert carried["ema"]["w"].dtype == torch.float16 and carried["ema"]["b"].dtype == torch.float32
    assert carried.keys().isdisjoint({"opt_g", "g"})
    write_parts(tmp_path / "c.pt", tmp_path / "parts", 10_000)
    back = read_parts(tmp_path / "parts")
    assert torch.allclose(back["ema"]["w"], weight, rtol=1e-3) and torch.equal(back["ema"]["b"], small)
    assert torch.equal(back["g"]["w"], back["ema"]["w"])  # the average stands for the current weights too
    assert back["position"] == 7


def test_an_autoencoder_travels_as_its_average(tmp_path):
    pairs = {"data": FACES, "size_px": 32, "channel_cap": 8, "encoder_width": 16, "batch": 4, "device": "cpu", "lpips_net": "alex",
             "runs": tmp_path / "runs"}

    def command(*extra, **more):
        return ["gpu-piece", "train-autoencoder", "--out", str(tmp_path / "out"), "--minutes", "1", *extra,
                *(part for k, v in {**pairs, **more}.items() for part in ("--set", f"{k}={v}"))]

    assert main(command(total_kimg=0.004)) == 0
    before = load_checkpoint(tmp_path / "runs/00000-train-autoencoder/checkpoint.pt")
    back = read_parts(tmp_path / "out")
    assert back["ema"].keys() == before["ema"].keys() and back["model"].keys() == before["model"].keys()
    weight = "g.conv1.conv.weight"
    assert torch.allclose(back["model"][weight], before["ema_model"][weight], rtol=1e-3, atol=1e-4)
    assert main(command("--state", str(tmp_path / "out"), total_kimg=0.008, runs=tmp_path / "fresh")) == 0
    assert load_checkpoint(tmp_path / "fresh/00000-train-autoencoder/checkpoint.pt")["position"] == 8


def test_missing_and_changed_parts_are_named(tmp_path):
    save_checkpoint(tmp_path / "c.pt", {"ema": {"w": torch.randn(200, 100)}, "position": 0})
    write_parts(tmp_path / "c.pt", tmp_path / "parts", 10_000)
    part = tmp_path / "parts/state.01"
    data = part.read_bytes()
    part.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(SystemExit, match="do not add up"):
        read_parts(tmp_path / "parts")
    part.unlink()
    with pytest.raises(SystemExit, match=r"state\.01 are missing"):
        read_parts(tmp_path / "parts")


def test_work_is_counted_as_by_hand():
    conv = torch.nn.Conv2d(3, 8, 3, padding=1, bias=False)
    with _WorkCounter() as counter:
        conv(torch.randn(2, 3, 10, 10)).sum().backward()
    forward = 2 * 2 * 100 * 3 * 8 * 9
    assert counter.total == 2 * forward  # the input needs no gradient


def test_bench_counts_work_and_writes_its_table(tmp_path, capsys):
    table = tmp_path / "BENCH.md"
    pairs = {"size_px": 32, "channel_cap": 8, "batch": 4, "steps": 2, "device": "cpu", "lpips_net": "alex", "results": table}
    assert main(["bench", *(part for k, v in pairs.items() for part in ("--set", f"{k}={v}"))]) == 0
    lines = [line for line in table.read_text().splitlines() if line.startswith("| train")]
    assert [line.split("|")[1].strip() for line in lines] == ["train-base", "train-autoencoder"]
    for line in lines:
        cells = [cell.strip() for cell in line.split("|")]
        assert float(cells[3]) > 0 and float(cells[4]) > 0 and 0 < float(cells[6].rstrip("%")) < 110
        assert "by processor time" not in line
    by_cpu = {**pairs, "verbs": "train-autoencoder", "clock": "cpu", "lpips_interval": 3}
    assert main(["bench", *(part for k, v in by_cpu.items() for part in ("--set", f"{k}={v}"))]) == 0
    assert "alex every 3, fp32, by processor time" in table.read_text().splitlines()[-1]
    with pytest.raises(SystemExit, match="cannot be timed"):
        main(["bench", "--set", "verbs=paint"])
