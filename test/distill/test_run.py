"""Run folders: numbering, resuming, atomic checkpoints, NaN stops."""

import json
import random
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from distill.checkpoint import load_checkpoint, restore_rng, rng_state
from distill.config import free
from distill.run import Every, Run, TrainingStopped


@dataclass(frozen=True)
class Settings:
    rate: float = 0.1
    total_kimg: float = free(1.0)


def test_same_settings_resume_and_others_start_a_new_folder(tmp_path):
    first = Run.open(tmp_path, "train", Settings())
    assert first.folder.name == "00000-train"
    assert Run.open(tmp_path, "train", Settings(total_kimg=9.0)).folder == first.folder
    assert Run.open(tmp_path, "train", Settings(rate=0.2)).folder.name == "00001-train"
    assert Run.open(tmp_path, "other", Settings()).folder.name == "00002-other"
    assert Run.open(tmp_path, "train", Settings(), fresh=True).folder.name == "00003-train"
    first.finish(1000)
    Run(tmp_path / "00003-train", Settings()).finish(1000)
    assert Run.open(tmp_path, "train", Settings(), length=2000).folder.name == "00003-train"
    assert Run.open(tmp_path, "train", Settings(), length=1000).folder.name == "00004-train"


def test_checkpoint_holds_state_position_settings_and_commit(tmp_path):
    run = Run.open(tmp_path, "train", Settings())
    assert run.restore() is None
    run.save(640, {"weights": {"w": torch.ones(2)}})
    state = run.restore()
    assert state["position"] == 640 and state["config"]["rate"] == 0.1 and state["commit"]
    assert torch.equal(state["weights"]["w"], torch.ones(2))
    assert not list(run.folder.glob("*.part"))


def test_nan_stops_and_keeps_the_last_good_state(tmp_path):
    run = Run.open(tmp_path, "train", Settings())
    run.save(64, {"weights": {"w": torch.ones(2)}})
    with pytest.raises(TrainingStopped, match=r"loss is nan at 0\.128 kimg; the last good"):
        run.log(128, {"loss": float("nan")})
    with pytest.raises(TrainingStopped, match=r"weights\.w is not finite"):
        run.save(128, {"weights": {"w": torch.tensor([1.0, float("inf")])}})
    assert run.restore()["position"] == 64


def test_metrics_of_lost_steps_are_dropped_on_resume(tmp_path):
    run = Run.open(tmp_path, "train", Settings())
    run.log(32, {"loss": torch.tensor(2.0)})
    run.save(32, {})
    run.log(64, {"loss": 1.0})
    run.restore()
    rows = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert [(row["kimg"], row["loss"]) for row in rows] == [(0.032, 2.0)]


def test_interrupted_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    run = Run.open(tmp_path, "train", Settings())
    run.save(1, {"w": torch.zeros(1)})
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("power cut")))
    with pytest.raises(OSError):
        run.save(2, {"w": torch.zeros(1)})
    assert load_checkpoint(run.checkpoint_path)["position"] == 1


def test_random_generators_come_back():
    state = rng_state()
    draws = [torch.rand(3), np.random.rand(3), random.random()]
    restore_rng(state)
    assert torch.equal(draws[0], torch.rand(3))
    assert np.array_equal(draws[1], np.random.rand(3))
    assert draws[2] == random.random()


def test_every_fires_once_per_multiple():
    every = Every(100)
    assert [every.due(p) for p in (32, 96, 128, 160, 256)] == [False, False, True, False, True]
    assert not Every(0).due(10)
