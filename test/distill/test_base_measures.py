"""What is shown of a face generator: jaw and lids of renders, ReStyle rounds, curve, trend, chart, sheets."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from face_model import FakeMarker
from PIL import Image

from distill.__main__ import main
from distill.data.index import read_rows, write_rows
from distill.measure.chart import Line, Panel, draw_chart, ticks
from distill.measure.curve_verb import CurveConfig, forecast
from distill.measure.expressions import EXPRESSIONS
from distill.measure.morphs import morph_agreement
from distill.measure.results import COLUMNS, _short
from distill.measure.sheets_verb import interleave, memorised, mix_rows
from distill.measure.trend import fit_power

FACES = Path(__file__).parent / "fixtures/faces"
SMALL = {"size_px": 32, "channel_cap": 8, "encoder_width": 16, "batch": 4, "device": "cpu", "lpips_net": "alex", "log_kimg": 0.004, "grid_kimg": 0.004}


def settings(**values):
    return [part for key, value in values.items() for part in ("--set", f"{key}={value}")]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Data with held-out photos and renders, the renders' morphs, and a short ReStyle training."""
    root = tmp_path_factory.mktemp("base")
    data = Path(shutil.copytree(FACES, root / "faces"))
    rows = [
        replace(row, split="val" if index % 2 else "train", domain="render" if index > 3 else "photo") for index, row in enumerate(read_rows(data))
    ]
    # Four more held-out photos: KID takes four at least.
    more = [replace(row, split=split) for row in rows[:4] for split in ("train", "val")]
    renders = [replace(row, split="val") for row in rows[4:]]
    write_rows(data, [*more, *rows[4:], *renders])
    morphs = [{"id": f"face_{index}", "morphs": {"MouthOpen": index / 10, "LeyeClose": 1.0}} for index in range(4, 8)]
    (root / "renders.jsonl").write_text("".join(json.dumps(row) + "\n" for row in morphs))
    assert main(["train-autoencoder", *settings(**SMALL, data=data, restyle_steps=2, total_kimg=0.016, runs=root / "runs")]) == 0
    return root


class _Reader(FakeMarker):
    """Reads the brightness of a picture as an open jaw and sees open eyes."""

    def find(self, rgb):
        return [self.face(0.0, jawOpen=rgb.mean() / 255)]


def test_jaw_and_lids_are_compared_with_what_is_known():
    names = list(EXPRESSIONS)
    read = np.full((5, len(names)), 0.5)
    read[:, names.index("jaw")] = (0.0, 0.2, 0.3, 0.9, 0.0)
    read[:, names.index("blink")] = (0.9, 0.5, 0.1, 0.0, np.nan)
    morphs = [
        {"LeyeClose": 1.0, "ReyeClose": 1.0}, {"MouthOpen": 0.3, "LeyeClose": 1.0}, {"MouthOpen": 0.8, "RRbrowUp": 1.0},
        {"AE_AA": 0.9}, {"MouthOpen": 0.2},
    ]  # fmt: skip
    # The fourth opens the mouth by speech and says nothing of the jaw; the fifth's face is not found.
    found = morph_agreement(read, morphs)
    assert found["jaw"] == pytest.approx(1) and found["blink"] == pytest.approx(0.95, abs=0.06) and found["found"] == 0.8
    flat = morph_agreement(np.full((3, len(names)), 0.5), morphs[:3])
    assert flat["jaw"] == flat["blink"] == 0


def test_evaluate_adds_renders_and_single_rounds(world, tmp_path, monkeypatch):
    monkeypatch.setattr("distill.measure.expressions.FaceMarker", _Reader)
    asked = {
        "checkpoint": world / "runs/00000-train-autoencoder", "data": world / "faces", "samples": 0, "ppl": 0, "identity": False, "device": "cpu",
        "face_model": "any.task", "morphs": world / "renders.jsonl", "rounds": 3, "results": tmp_path / "R.md",
    }  # fmt: skip
    assert main(["evaluate", *settings(**asked)]) == 0
    lines = [line.split("|") for line in (tmp_path / "R.md").read_text().splitlines() if line.startswith("|")]
    table = {line[1].strip(): dict(zip(COLUMNS, (cell.strip() for cell in line[1:]), strict=False)) for line in lines[2:]}
    name = "00000-train-autoencoder"
    assert set(table) == {
        name, *(f"{name}, N = {count}" for count in (1, 2, 3)), "average face", "nearest training face", "held-out renders", "nearest training render",
    }  # fmt: skip
    # Two rounds are what it was trained with; only photos are rebuilt as photos.
    assert table[name]["LPIPS"] == table[f"{name}, N = 2"]["LPIPS"] and table[name]["images"] == "4 rebuilt, 6 renders"
    assert table["average face"]["jaw"] == "–" and float(table["held-out renders"]["jaw"]) != 0
    with pytest.raises(SystemExit, match="there is no such file; atelier-renders"):
        main(["evaluate", *settings(**{**asked, "morphs": tmp_path / "none.jsonl"})])


def test_rounds_need_an_encoder_that_takes_them(world, tmp_path):
    settings_of_one_pass = {**SMALL, "data": world / "faces", "total_kimg": 0, "runs": tmp_path}
    assert main(["train-autoencoder", *settings(**settings_of_one_pass)]) == 0
    with pytest.raises(SystemExit, match="takes one pass"):
        main(["evaluate", *settings(checkpoint=tmp_path / "00000-train-autoencoder", data=world / "faces", samples=0, ppl=0, identity=False,
                                    rounds=2, device="cpu", results=tmp_path / "R.md")])


def test_a_falling_curve_is_found_again_and_carried_on():
    x = np.arange(2.0, 40, 2)
    power = fit_power(x, 0.1 + 0.4 * x**-0.7)
    assert power.at(80) == pytest.approx(0.1 + 0.4 * 80**-0.7, abs=1e-3) and power.error < 1e-3
    assert fit_power(x, 0.4 * x**-0.5 - 0.02).floor == 0
    with pytest.raises(ValueError, match="four points"):
        fit_power(x[:3], x[:3])
    # The fit stops where the rate cools down: what came after does not bend it.
    points = [(float(a), float(0.1 + 0.4 * a**-0.7 - (0.02 if a > 20 else 0))) for a in x]
    seen = forecast(points, 10.0, 20.0, CurveConfig((), (), "", hours=2))
    assert seen.end == 38 and seen.then == pytest.approx(38 + 72) and seen.ahead == pytest.approx(0.02, abs=1e-3)


def test_a_chart_is_svg_with_every_point_inside():
    lines = [Line("a & b", [(1, 2.0, 1.0, 3.0), (4, -1.0, -2.0, 0.0)]), Line("trend", [(1, 2.0), (9, 0.5)], dashed=True)]
    root = ElementTree.fromstring(draw_chart([Panel("one", "kimg", lines, [("floor", 0.0)]), Panel("two", "kimg", lines[1:])]))
    _, _, width, height = map(float, root.get("viewBox").split())
    circles = list(root.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(circles) == 2  # dashed lines have no dots
    assert all(0 < float(c.get("cx")) < width and 0 < float(c.get("cy")) < height for c in circles)
    assert float(circles[0].get("cy")) < float(circles[1].get("cy"))
    assert ticks(0.21, 0.34) == [0.2, 0.25, 0.3, 0.35] and ticks(0, 70) == [0, 20, 40, 60, 80]


def test_the_curve_of_one_training_is_written(world, tmp_path):
    metrics = tmp_path / "metrics.jsonl"
    rows = [{"kimg": k, "val_lpips": 0.2 + 0.3 / k} for k in range(1, 8)] + [{"kimg": 8, "images_per_second": 20.0}]
    metrics.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = world / "runs/00000-train-autoencoder"
    asked = {"checkpoints": f"[{run}, {run}/checkpoint.pt]", "data": world / "faces", "metrics": metrics, "out": tmp_path / "curve", "samples": 4,
             "trend_from_kimg": 1, "device": "cpu"}
    # The checkpoint says that its training cooled down from 0.016 kimg on, before any point.
    with pytest.raises(SystemExit, match="trend_from_kimg=1"):
        main(["base-curve", *settings(**asked)])
    state = torch.load(run / "checkpoint.pt", weights_only=True)
    torch.save(state | {"config": state["config"] | {"total_kimg": 8.0}}, tmp_path / "c.pt")
    assert not main(["base-curve", *settings(**{**asked, "checkpoints": tmp_path / "c.pt"})])
    text = (tmp_path / "curve.md").read_text()
    assert text.count("| 0.0 |") == 1 and "| training photos |" in text and "to 79 kimg" in text and "83 minutes for 100 kimg" in text
    assert str(tmp_path) not in text
    assert len(list(ElementTree.parse(tmp_path / "curve.svg").iter("{http://www.w3.org/2000/svg}circle"))) == 3 + 7
    with pytest.raises(SystemExit, match="no such file"):
        main(["base-curve", *settings(**{**asked, "metrics": tmp_path / "none"})])


def test_sheets_show_what_may_be_shown(world, tmp_path):
    asked = {"checkpoint": world / "runs/00000-train-autoencoder", "data": world / "faces", "out": tmp_path, "samples": 16, "show": "[faker]", "device": "cpu"}
    assert not main(["base-sheets", *settings(**asked)])
    sizes = {path.stem: Image.open(path).size for path in tmp_path.glob("*.webp")}
    assert sizes == {"samples": (256, 64), "nearest": (256, 128), "people": (128, 64), "mixing": (128, 160), "interpolation": (256, 128)}
    with pytest.raises(SystemExit, match="empty"):
        main(["base-sheets", *settings(**{**asked, "show": "[csusa]"})])


def test_rows_are_mixed_and_laid_below_each_other():
    coarse, fine = torch.zeros(2, 10, 512), torch.ones(2, 10, 512)
    assert mix_rows(coarse, fine, 7)[0, :, 0].tolist() == [0] * 7 + [1] * 3
    a, b = torch.arange(4.0)[:, None], torch.arange(4.0, 8)[:, None]
    assert interleave([a, b], 2).pictures.flatten().tolist() == [0, 1, 4, 5, 2, 3, 6, 7]


def test_copies_of_training_pictures_are_told_from_new_ones():
    draw = torch.Generator().manual_seed(0)
    train, new = (torch.randn(5, 3, 32, 32, generator=draw) for _ in range(2))
    copied, fresh = memorised(train[:3], new, train)
    assert copied < 0.05 < fresh


def test_commands_in_tables_name_no_folder_of_the_machine():
    assert _short("checkpoints=[/a/b/018.pt, /c.pt]") == "checkpoints=[018.pt, c.pt]"
    assert _short("data=/a/pack.zip") == "data=pack.zip" and _short("out=rel/c") == "out=rel/c"
