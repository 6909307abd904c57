"""Face identity: the packaged format against a plain reference, and every place that uses it."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from face_model import face_model
from identity_fixtures import small_identity

from distill.__main__ import main
from distill.config import make_config
from distill.data.index import read_rows, write_rows
from distill.data.training_set import load_set
from distill.measure.identity import FILES, STRIDES, FaceIdentity, cache_dir
from distill.measure.packages import MissingNetwork
from distill.measure.reconstruction import right_of_crowd
from distill.measure.results import COLUMNS
from distill.train.autoencoder_config import AutoencoderConfig
from distill.train.autoencoder_trainer import AutoencoderTrainer
from distill.train.parallel import World

FACES = Path(__file__).parent / "fixtures/faces"
FETCHED = all((cache_dir() / name).exists() for name in FILES)


def faces(size_px=64):
    return load_set((str(FACES),), size_px, split="all", mirror=False).take(torch.arange(8))[0]


def padded(x, stride):
    """TensorFlow's "same" for a 3×3 kernel: at an even size and stride 2 the extra row comes after."""
    before = 1 if stride == 1 else 0
    return np.pad(x, ((before, 1), (before, 1), (0, 0)))


def patches(x, stride):
    windows = np.lib.stride_tricks.sliding_window_view(padded(x, stride), (3, 3), (0, 1))
    return windows[::stride, ::stride]  # [H,W,C,3,3]


def by_hand(arrays, face):
    """The network on one face [224,224,3] of bytes in blue, green, red, in plain NumPy and its own layout."""
    x = face.astype(np.float64) - np.array([103.939, 116.779, 123.68])
    x = np.einsum("hwcij,ijco->hwo", patches(x, 2), arrays["conv1/convolution/merged_input"], optimize=True)
    x = np.clip(x + arrays["conv1_bn/batchnorm_1/sub"], 0, 6)
    for index, stride in enumerate(STRIDES, 1):
        x = np.einsum("hwcij,ijc->hwc", patches(x, stride), arrays[f"conv_dw_{index}/depthwise_kernel"][..., 0], optimize=True)
        x = np.clip(x * arrays[f"conv_dw_{index}_bn/batchnorm_1/mul"] + arrays[f"conv_dw_{index}_bn/batchnorm_1/sub"], 0, 6)
        x = x @ arrays[f"conv_pw_{index}/convolution/merged_input"][0, 0] + arrays[f"conv_pw_{index}_bn/batchnorm_1/sub"]
        x = np.clip(x, 0, 6)
    vector = x.mean((0, 1))
    return vector / np.linalg.norm(vector)


def test_the_packaged_format_computes_what_a_plain_reference_does(tmp_path, monkeypatch):
    arrays = small_identity(tmp_path, monkeypatch)
    square = faces(330)[:1]  # of 330 px the face box is 224 px, so nothing is resized
    face = ((square[0].permute(1, 2, 0).numpy() + 1) * 127.5)[66:290, 53:277, ::-1]
    vector = FaceIdentity()(square)[0].numpy()
    assert vector.shape == (1024,)
    assert vector == pytest.approx(by_hand(arrays, face), abs=1e-4)
    assert np.std(vector) > 0.01


def test_a_changed_picture_is_known_among_others(tmp_path, monkeypatch):
    small_identity(tmp_path, monkeypatch)
    network, pictures = FaceIdentity(), faces()
    assert right_of_crowd(network, pictures * 0.97, pictures) == 1.0
    assert right_of_crowd(network, (pictures * 0.97).roll(1, 0), pictures) == 0.0
    assert torch.allclose(network.similarity(pictures, pictures), torch.ones(8), atol=1e-5)


def test_the_identity_loss_reaches_encoder_and_generator(tmp_path, monkeypatch):
    small_identity(tmp_path, monkeypatch)
    config = make_config(AutoencoderConfig, {
        "data": str(FACES), "size_px": 32, "channel_cap": 8, "encoder_width": 16, "batch": 2, "lpips_net": "alex", "identity": 0.5,
        "l1": 0.0, "lpips": 0.0, "spread": 0.0,
    })
    trainer = AutoencoderTrainer(config, load_set(config.data, 32, split="all"), World(0, 1, torch.device("cpu")))
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    losses = trainer.step(0)
    assert 0 < losses["identity"] < 2 and losses["loss"] == pytest.approx(0.5 * losses["identity"].item())
    after = trainer.model.state_dict()
    assert not torch.equal(before["e.stem.weight"], after["e.stem.weight"])
    assert not torch.equal(before["g.conv1.conv.weight"], after["g.conv1.conv.weight"])


def test_prepare_finds_the_pictures_of_one_person(tmp_path, monkeypatch):
    import cv2

    small_identity(tmp_path, monkeypatch)
    monkeypatch.setattr("distill.data.people.SAME_PERSON", 0.9999)
    photos = tmp_path / "photos"
    photos.mkdir()
    for name, index in (("a", 6), ("b", 2), ("c", 6)):
        shutil.copy(FACES / f"face_{index}.jpg", photos / f"{name}.jpg")
    cv2.imwrite(str(photos / "d.png"), np.full((64, 64, 3), 90, np.uint8))
    pairs = {"data": photos, "out": tmp_path / "out", "face_model": face_model(), "people": True, "aligned": True, "size_px": 128}
    assert main(["prepare", *(part for key, value in pairs.items() for part in ("--set", f"{key}={value}"))]) == 0
    rows = read_rows(tmp_path / "out")
    assert [row.person for row in rows] == ["a", "b", "a"]
    assert rows[0].split == rows[2].split
    with open(tmp_path / "out/notes.csv") as file:
        assert [row["file"] for row in csv.DictReader(file) if row["kept"] == "no"] == ["d.png"]


def test_evaluate_counts_the_right_person_among_the_held_out(tmp_path, monkeypatch):
    small_identity(tmp_path, monkeypatch)
    data = tmp_path / "faces"
    shutil.copytree(FACES, data)
    write_rows(data, [replace(row, split="val" if index < 4 else "train") for index, row in enumerate(read_rows(data))])

    def run(verb, **pairs):
        return main([verb, *(part for key, value in pairs.items() for part in ("--set", f"{key}={value}"))])

    assert run("train-autoencoder", data=data, size_px=32, channel_cap=8, encoder_width=16, batch=4, device="cpu", lpips_net="alex",
               total_kimg=0.004, runs=tmp_path / "runs") == 0
    table = tmp_path / "RESULTS.md"
    assert run("evaluate", checkpoint=tmp_path / "runs/00000-train-autoencoder/checkpoint.pt", data=data, samples=0, ppl=0, device="cpu",
               results=table, name="own") == 0
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.read_text().splitlines() if line.startswith("| ")]
    found = {line[0]: dict(zip(COLUMNS, line, strict=True)) for line in lines[1:]}
    assert set(found) == {"own", "average face", "nearest training face"}
    assert all(row["right of 20"].endswith("%") and row["images"] == "4 rebuilt" for row in found.values())


def test_a_missing_or_changed_network_is_named_with_its_command(tmp_path):
    with pytest.raises(MissingNetwork, match="fetch-identity"):
        FaceIdentity(tmp_path)
    (tmp_path / "faceres-deep.json").write_text("{}")
    with pytest.raises(MissingNetwork, match="is not the expected file"):
        FaceIdentity(tmp_path)


@pytest.mark.skipif(not FETCHED, reason="the trained network is measured only after `python -m distill fetch-identity` (144 MB)")
def test_the_trained_network_knows_a_person_again():
    network, pictures = FaceIdentity(), faces()
    changed = (pictures * 0.8 - 0.1).flip(3)
    assert right_of_crowd(network, changed, pictures) == 1.0
    same = network.similarity(pictures, changed)
    assert same.min() > 0.8 > network.similarity(pictures, pictures.roll(1, 0)).mean()
