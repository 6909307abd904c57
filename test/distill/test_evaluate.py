"""Metrics on made-up features with known answers, and the table they end in."""

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from face_model import FakeMarker, face_model

from distill.__main__ import main
from distill.data.index import read_rows, write_rows
from distill.data.landmarks import FaceMarker
from distill.data.training_set import load_set
from distill.measure.distributions import frechet_distance, kernel_distance, precision_recall, right_among
from distill.measure.expressions import EXPRESSIONS, expression_agreement, read_expressions
from distill.measure.perceptual import Lpips
from distill.measure.reconstruction import average_face, compare, nearest_faces, right_of_crowd
from distill.measure.results import COLUMNS, append_row
from distill.measure.smoothness import perceptual_path_length
from distill.networks.generator import Generator
from distill.networks.layout import Layout

FACES = Path(__file__).parent / "fixtures/faces"


def normal(count, dim=8, shift=0.0, scale=1.0, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(count, dim, generator=draw, dtype=torch.float64) * scale + shift


def faces():
    data = load_set((str(FACES),), 64, split="all", mirror=False)
    return data.take(torch.arange(8))[0]


def test_frechet_distance_of_gaussians_is_the_closed_form():
    a = normal(4000)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(a, a + 2) == pytest.approx(8 * 4, rel=1e-6)
    centred = a - a.mean(0)
    assert frechet_distance(centred, centred * 3) == pytest.approx(4 * centred.var(0).sum().item(), rel=1e-6)


def test_frechet_distance_agrees_with_the_matrix_root():
    a, b = normal(60, 5), normal(50, 5, 0.5, 1.5, seed=1) @ normal(5, 5, seed=2)
    cov_a, cov_b = np.cov(a.numpy().T), np.cov(b.numpy().T)
    values = np.linalg.eigvals(cov_a @ cov_b)
    expected = np.square((a.mean(0) - b.mean(0)).numpy()).sum() + np.trace(cov_a + cov_b) - 2 * np.sqrt(values.real).sum()
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-6)


def test_kernel_distance_interval_holds_zero_for_equal_sources_only():
    same = kernel_distance(normal(400), normal(400, seed=1), subsets=40)
    other = kernel_distance(normal(400), normal(400, shift=0.3, seed=1), subsets=40)
    assert same.low < 0 < same.high
    assert other.low > same.high
    with pytest.raises(SystemExit, match="four pictures"):
        kernel_distance(normal(3), normal(400))


def test_kernel_distance_interval_is_as_wide_as_the_value_scatters():
    values, widths = [], []
    for seed in range(30):
        found = kernel_distance(normal(120, seed=2 * seed), normal(120, shift=0.6, seed=2 * seed + 1), subsets=40)
        values.append(found.value)
        widths.append((found.high - found.low) / (2 * 1.96))
    assert np.mean(widths) == pytest.approx(np.std(values), rel=0.35)


def test_precision_and_recall_tell_fidelity_from_variety():
    real = torch.cat([normal(100, scale=0.1), normal(100, shift=10, scale=0.1, seed=1)])
    half = normal(100, scale=0.1, seed=2)
    precision, recall = precision_recall(real, half)
    assert precision > 0.6 and recall < 0.55
    assert precision_recall(real, normal(50, shift=-9, seed=3)) == (0.0, 0.0)


def test_right_among_counts_clear_wins():
    same = torch.tensor([0.9, 0.2])
    others = torch.tensor([[0.1, 0.5], [0.3, 0.1]])
    assert right_among(same, others) == 0.5


def test_a_network_that_sees_everything_finds_each_person_and_a_blind_one_none():
    photos = torch.randn(20, 3, 8, 8, generator=torch.Generator().manual_seed(0))  # all of them are each one's crowd
    seeing = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LayerNorm(192))
    assert right_of_crowd(seeing, photos, photos) == 1.0
    assert right_of_crowd(seeing, photos.roll(1, 0), photos) == 0.0


def test_baselines_are_the_mean_and_the_nearest():
    pictures = faces()
    assert torch.equal(nearest_faces(pictures, pictures[[5, 2]] * 0.95), pictures[[5, 2]])
    mean = average_face(pictures, 3)
    assert mean.shape[0] == 3 and torch.allclose(mean[1], pictures.mean(0))


def test_comparing_prefers_the_truth_to_the_average():
    pictures, lpips = faces()[:4], Lpips("alex")
    truth = compare(pictures * 0.99, pictures, lpips)
    average = compare(average_face(faces(), 4), pictures, lpips)
    assert truth["lpips"] < 0.02 < average["lpips"] and truth["psnr"] > 35 > average["psnr"]


def test_expressions_agree_with_themselves():
    draw = np.random.default_rng(0)
    real = draw.random((20, len(EXPRESSIONS)))
    agreement = expression_agreement(real, real * 0.5 + 0.1)
    assert agreement.correlation == pytest.approx(1) and agreement.found == 1
    lost = real.copy()
    lost[:5] = np.nan
    assert expression_agreement(real, lost).found == 0.75
    assert abs(expression_agreement(real, draw.permutation(real)).correlation) < 0.6


class _Reader(FakeMarker):
    """Reads the brightness of a picture as a smile and finds nothing in black."""

    def find(self, rgb):
        return [self.face(0.25, mouthSmileLeft=rgb.mean() / 255, mouthSmileRight=rgb.mean() / 510)] if rgb.any() else []


def test_expressions_are_means_of_their_blendshapes_and_missing_without_a_face(monkeypatch):
    monkeypatch.setattr("distill.measure.expressions.FaceMarker", _Reader)
    pictures = torch.stack([torch.full((3, 8, 8), value) for value in (1.0, 0.0, -1.0)])
    found = read_expressions(pictures, Path("any.task"))
    assert found[0] == pytest.approx([0.25, 0.25, 0.75, 0.25])
    assert found[1, 2] == pytest.approx(0.75 * 128 / 255)
    assert np.isnan(found[2]).all()


def test_expressions_are_read_from_faces_or_the_model_is_named():
    pictures = torch.cat([faces()[:2], torch.zeros(1, 3, 64, 64)])
    with FaceMarker(face_model()) as marker:
        complete = marker.has_blendshapes
    if not complete:
        with pytest.raises(SystemExit, match=r"no blendshape network.*full\s"):
            read_expressions(pictures, face_model())
        return
    found = read_expressions(pictures, face_model())
    assert np.isfinite(found[:2]).all() and np.isnan(found[2]).all()
    assert (found[:2] >= 0).all() and (found[:2] <= 1).all()


def test_path_length_is_zero_for_a_constant_generator_and_grows_with_its_slope():
    torch.manual_seed(0)
    generator, lpips = Generator(Layout(32, channel_cap=8)), Lpips("alex")
    base = perceptual_path_length(generator, lpips, count=8)
    assert math.isfinite(base) and base > 0
    for module in generator.modules():
        if hasattr(module, "modulation"):
            torch.nn.init.zeros_(module.modulation.weight)
    assert perceptual_path_length(generator, lpips, count=8) == pytest.approx(0, abs=1e-6)


def test_rows_are_added_to_one_table(tmp_path):
    table = tmp_path / "RESULTS.md"
    append_row(table, {"what": "a", "FID": "12.0"})
    append_row(table, {"what": "b|c", "command": "python -m distill evaluate"})
    lines = [line for line in table.read_text().splitlines() if line.startswith("|")]
    assert len(lines) == 4 and all(line.count("|") == len(COLUMNS) + 1 for line in lines)
    assert "b/c" in lines[3]
    with pytest.raises(ValueError, match="colour"):
        append_row(table, {"colour": "red"})


def test_evaluate_measures_a_checkpoint_and_its_baselines(tmp_path, monkeypatch):
    monkeypatch.setattr("distill.measure.expressions.FaceMarker", _Reader)
    data = tmp_path / "faces"
    shutil.copytree(FACES, data)
    rows = read_rows(data)
    write_rows(data, [replace(row, split="val" if index < 4 else "train") for index, row in enumerate(rows)])
    train = {"data": data, "size_px": 32, "channel_cap": 8, "encoder_width": 16, "batch": 4, "device": "cpu", "lpips_net": "alex",
             "total_kimg": 0.004, "runs": tmp_path / "runs"}
    main(["train-autoencoder", *(part for k, v in train.items() for part in ("--set", f"{k}={v}"))])
    checkpoint = tmp_path / "runs/00000-train-autoencoder/checkpoint.pt"
    settings = {"checkpoint": checkpoint, "data": data, "samples": 4, "ppl": 2, "identity": False, "device": "cpu", "face_model": "any.task",
                "results": tmp_path / "RESULTS.md"}
    assert main(["evaluate", *(part for k, v in settings.items() for part in ("--set", f"{k}={v}"))]) == 0
    lines = [line.split("|") for line in (tmp_path / "RESULTS.md").read_text().splitlines() if line.startswith("|")]
    table = {line[1].strip(): dict(zip(COLUMNS, (cell.strip() for cell in line[1:]))) for line in lines[2:]}
    assert set(table) == {"00000-train-autoencoder", "training faces", "average face", "nearest training face"}
    own = table["00000-train-autoencoder"]
    assert float(own["FID"]) > float(table["training faces"]["FID"]) > 0
    assert own["images"] == "4 against 4, 4 rebuilt" and table["training faces"]["images"] == "4 against 4"
    assert own["expression"].endswith("(100% found)") and table["average face"]["expression"] == "0.00 (100% found)"
    assert own["PPL"] != "–" and float(own["LPIPS"]) > 0 and own["chip"] and own["commit"]
    assert float(table["average face"]["PSNR"]) > 0
