"""Figures and sheets of a style: flicker of known drawings, the table, what each column of a sheet is."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from identity_fixtures import small_identity
from teacher_fixtures import LAYOUT, codes, small_dual, teacher_folder

from distill.__main__ import main
from distill.data.pictures import read_picture
from distill.measure.perceptual import Lpips
from distill.teacher.codes import CodeBook, read_codes, write_codes
from distill.teacher.flicker import inverse, measure_flicker, tremble, warp
from distill.teacher.model import load_teacher
from distill.teacher.sheet_verb import CELL_PX, layer_effects
from distill.teacher.squares import load_squares
from distill.teacher.style_evaluate import COLUMNS, contextual_similarity
from distill.train.grids import save_grid

FACES = Path(__file__).parent / "fixtures/faces"
NAMES = tuple(f"p{i}" for i in range(4))


def faces(count=2):
    return load_squares([FACES / f"face_{i}.jpg" for i in range(count)], 64)


@pytest.fixture
def style(tmp_path):
    """A teacher's folder with codes, its portraits' squares, and photos' squares."""
    folder = teacher_folder(tmp_path / "teacher")
    intrinsic, extrinsic = codes(len(NAMES), seed=6)
    write_codes(folder / "exstyle_code.safetensors", CodeBook(NAMES, extrinsic))
    write_codes(folder / "instyle_code.safetensors", CodeBook(NAMES, intrinsic, "intrinsic"))
    for name, picture in zip(NAMES, small_dual()(intrinsic, extrinsic, torch.ones(LAYOUT.layers))):
        save_grid(tmp_path / f"portraits/{name}.png", picture[None], 1)
    for index, photo in enumerate(faces()):
        save_grid(tmp_path / f"photo{index}.png", photo[None], 1)
    return tmp_path


def test_the_tremble_is_small_seeded_and_can_be_undone():
    transforms = tremble(6, seed=1)
    assert torch.equal(transforms, tremble(6, seed=1)) and not torch.equal(transforms, tremble(6, seed=2))
    assert torch.equal(transforms[0], torch.eye(2, 3).double())
    assert 0 < (transforms - transforms[:1]).abs().max() < 0.05
    smooth = torch.nn.functional.interpolate(faces(1), size=8, mode="area")
    smooth = torch.nn.functional.interpolate(smooth, size=64, mode="bicubic").expand(6, -1, -1, -1)
    back = warp(warp(smooth, transforms), inverse(transforms))
    assert (back - smooth)[:, :, 6:-6, 6:-6].abs().max() < 0.02
    assert (warp(smooth, transforms) - smooth)[1:, :, 6:-6, 6:-6].abs().max() > 0.05


def test_flicker_of_drawings_whose_flicker_is_known():
    photos = faces()
    same = measure_flicker(photos, lambda clip: clip)
    assert same.ratio == pytest.approx(1, abs=0.01) and 0 < same.photo < 5
    assert measure_flicker(photos, torch.zeros_like).drawn == pytest.approx(0, abs=1e-4)
    stuck = measure_flicker(photos, lambda clip: clip[:1].expand_as(clip))
    assert stuck.ratio > 1.2, "a drawing that does not follow the crop slides over the face"
    flashing = measure_flicker(photos, lambda clip: clip * 0 + 0.1 * (torch.arange(len(clip)) % 2)[:, None, None, None])
    assert flashing.drawn == pytest.approx(0.1 * 127.5, rel=0.01)


def test_contextual_similarity_tells_the_exemplar_from_another():
    lpips, pictures = Lpips("vgg"), faces(3)
    own = contextual_similarity(lpips, pictures, pictures)
    assert own > 0.9 > 0.7 > contextual_similarity(lpips, pictures, pictures.roll(1, 0))


def test_the_verb_adds_the_teacher_and_the_photos_to_the_table(style, monkeypatch, capsys):
    small_identity(style, monkeypatch)
    settings = {"teacher": style / "teacher", "data": FACES, "portraits": style / "portraits", "split": "all", "count": 5, "clips": 1,
                "results": style / "STYLES.md", "name": "tiny", "device": "cpu"}
    main(["evaluate-style", *(part for k, v in settings.items() for part in ("--set", f"{k}={v}"))])
    lines = (style / "STYLES.md").read_text().splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    rows = {row[0]: dict(zip(COLUMNS, row)) for row in table[2:]}
    assert tuple(table[0]) == COLUMNS and rows.keys() == {"tiny", "the photos themselves"}
    ours, photos = rows["tiny"], rows["the photos themselves"]
    # The portraits were drawn by this very teacher from these codes.
    assert float(ours["LPIPS to its exemplar"]) < 0.05
    assert float(ours["contextual to its exemplar"]) > float(photos["contextual to its exemplar"])
    assert float(photos["identity"]) == pytest.approx(1, abs=1e-3) and float(ours["identity"]) < 0.99
    assert photos["right of 20"] == "100%" and photos["flicker (× photo's)"] == "–"
    assert "×" in ours["flicker (× photo's)"] and ours["images"] == "5 photos, 4 portraits" and ours["expression"] == "–"
    with pytest.raises(SystemExit, match="no picture for p0"):
        main(["evaluate-style", *(part for k, v in (settings | {"portraits": FACES}).items() for part in ("--set", f"{k}={v}"))])


def column(sheet, index, row=0):
    """A cell of a sheet, at 64 px."""
    rgb = read_picture(sheet).rgb
    return rgb[22 + row * CELL_PX : 22 + (row + 1) * CELL_PX : 2, index * CELL_PX : (index + 1) * CELL_PX : 2].astype(int)


def as_bytes(pictures):
    return ((pictures[0].clamp(-1, 1) + 1) * 127.5).round().permute(1, 2, 0).numpy().astype(int)


def test_the_sheet_of_layers_switches_subsets_on(style):
    assert layer_effects(LAYOUT)["16 px"].tolist() == [0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    assert sum(layer_effects(LAYOUT)[name] for name in ("4-8 px", "16 px", "32 px", "colour")).tolist() == [1] * 10
    out = style / "sheet.png"
    photos = [str(style / f"photo{i}.png") for i in range(2)]
    main(["style-sheet", *photos, "--kind", "layers", "--teacher", str(style / "teacher"), "--exemplar", "p2", "--portraits",
          str(style / "portraits"), "--out", str(out), "--device", "cpu"])
    teacher = load_teacher(style / "teacher")
    code = teacher.encode(load_squares([Path(photos[0])], 64))
    assert np.abs(column(out, 0) - read_picture(Path(photos[0])).rgb).max() == 0
    assert np.abs(column(out, 1) - read_picture(style / "portraits/p2.png").rgb).max() == 0
    for index, weights in enumerate(layer_effects(LAYOUT).values()):
        drawn = teacher.draw(code, teacher.codes().of("p2")[None], weights)
        assert np.abs(column(out, 2 + index) - as_bytes(drawn)).max() <= 1, index


def test_the_sheet_of_styles_draws_every_photo_in_each(style):
    out, photos = style / "sheet.png", [style / f"photo{i}.png" for i in range(2)]
    main(["style-sheet", *map(str, photos), "--kind", "styles", "--teacher", str(style / "teacher"), "--exemplar", "p2", "--exemplar", "p0",
          "--portraits", str(style / "portraits"), "--out", str(out), "--device", "cpu"])
    teacher = load_teacher(style / "teacher")
    faces = teacher.encode(load_squares(photos, 64))
    for index, name in enumerate(("p2", "p0"), start=1):
        assert np.abs(column(out, index) - read_picture(style / f"portraits/{name}.png").rgb).max() == 0
        for row, face in enumerate(faces, start=1):
            drawn = teacher.draw(face[None], teacher.codes().of(name)[None])
            assert np.abs(column(out, index, row) - as_bytes(drawn)).max() <= 1, (name, row)


def test_sheets_of_ablations_and_destylizations(style):
    other = teacher_folder(style / "other")
    intrinsic, extrinsic = codes(len(NAMES), seed=9)
    write_codes(other / "exstyle_code.safetensors", CodeBook(NAMES, extrinsic))
    write_codes(style / "faces.safetensors", CodeBook(NAMES[1:], intrinsic[1:], "intrinsic"))
    out, teacher = style / "sheet.png", load_teacher(other)
    main(["style-sheet", str(style / "photo0.png"), "--kind", "ablations", "--teacher", f"whole={style / 'teacher'}", "--teacher",
          f"part={other}", "--exemplar", "p1", "--out", str(out), "--device", "cpu"])
    drawn = teacher.draw(teacher.encode(load_squares([style / "photo0.png"], 64)), extrinsic[1:2])
    assert np.abs(column(out, 3) - as_bytes(drawn)).max() <= 1
    main(["style-sheet", "--kind", "destylization", "--teacher", str(style / "teacher"), "--portraits", str(style / "portraits"),
          "--intrinsic", f"first={style / 'teacher/instyle_code.safetensors'}", "--intrinsic", f"second={style / 'faces.safetensors'}",
          "--out", str(out), "--device", "cpu"])
    assert read_picture(out).rgb.shape == (22 + 3 * CELL_PX, 3 * CELL_PX, 3)
    assert np.abs(column(out, 2) - as_bytes(teacher.dual.g(intrinsic[1:2]))).max() <= 1
    with pytest.raises(SystemExit, match="give photos"):
        main(["style-sheet", "--kind", "layers", "--teacher", str(style / "teacher"), "--out", str(out)])


def test_the_refine_verb_lowers_the_loss_and_keeps_names_and_terms(style, capsys):
    start = read_codes(style / "teacher/exstyle_code.safetensors")
    shaken = start.codes + 0.5 * torch.randn(start.codes.shape, generator=torch.Generator().manual_seed(1))
    write_codes(style / "shaken.safetensors", CodeBook(NAMES, shaken, licence="terms"))
    settings = {"teacher": style / "teacher", "extrinsic": style / "shaken.safetensors", "intrinsic": style / "teacher/instyle_code.safetensors",
                "portraits": style / "portraits", "out": style / "teacher/refined_exstyle_code.safetensors", "steps": 5,
                "lr_structure": 0.05, "lr_colour": 0.1, "device": "cpu"}
    main(["refine", *(part for k, v in settings.items() for part in ("--set", f"{k}={v}"))])
    before, after = map(float, re.search(r"Loss ([\d.]+) → ([\d.]+)", capsys.readouterr().out).groups())
    assert after < 0.95 * before
    book = load_teacher(style / "teacher").codes()
    assert (book.names, book.kind, book.licence) == (NAMES, "extrinsic", "terms") and not torch.equal(book.codes, shaken)
    main(["refine", *(part for k, v in (settings | {"steps": 0, "limit": 2}).items() for part in ("--set", f"{k}={v}"))])
    book = load_teacher(style / "teacher").codes()
    assert book.names == NAMES[:2] and torch.equal(book.codes, shaken[:2])
