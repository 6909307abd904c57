"""Transfer: what each control does, baselines, unseen exemplars, recommendations, the exported graph."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from teacher_fixtures import LAYOUT, codes, fresh_encoder, small_dual, teacher_folder

from distill.__main__ import main
from distill.data.pictures import read_picture
from distill.measure.perceptual import Lpips
from distill.networks.generator import Generator
from distill.networks.style_weights import expand_weights, structure_weights
from distill.student.onnx_export import run_onnx
from distill.teacher.codes import CodeBook, write_codes
from distill.teacher.export_verb import export_dual
from distill.teacher.model import Teacher, load_teacher
from distill.teacher.recommend import recommend, shortlist
from distill.teacher.refine import Refinement
from distill.teacher.squares import load_squares
from distill.teacher.transfer import Controls, blend, blended_generator, transfer
from distill.teacher.unseen import unseen_codes
from distill.train.grids import save_grid

ROWS, FIRST = LAYOUT.layers, LAYOUT.structure_layers
FACES = Path(__file__).parent / "fixtures/faces"
ONES = structure_weights(LAYOUT)


@pytest.fixture(scope="module")
def teacher():
    return Teacher(small_dual(), fresh_encoder())


@pytest.fixture(scope="module")
def lpips():
    return Lpips("vgg")


def test_keeping_colours_acts_as_documented(teacher):
    zi, ze = codes()
    dual = teacher.dual
    off = torch.cat([torch.ones(FIRST), torch.zeros(ROWS - FIRST)])
    assert torch.allclose(transfer(teacher, zi, ze, Controls(ONES, keep_color="w0")), dual(zi, ze, off), atol=1e-5)
    swapped = torch.cat([ze[:, :FIRST], zi[:, FIRST:]], 1)
    kept = transfer(teacher, zi, ze, Controls(ONES, keep_color="swap"))
    assert torch.allclose(kept, dual(zi, swapped, ONES), atol=1e-5)
    # Through the colour transform, so not the photo's very colours; and the exemplar's do not matter.
    other = ze.clone()
    other[:, FIRST:] += 1
    assert torch.allclose(transfer(teacher, zi, other, Controls(ONES, keep_color="swap")), kept, atol=1e-5)
    assert not torch.allclose(kept, dual(zi, ze, off), atol=1e-3)


def test_structure_colour_and_truncation_are_factors(teacher):
    zi, ze = codes()
    weights = expand_weights("4*0,3*.5,3*1", ROWS)
    found = Controls(weights, structure=0.5, colour=0.25).row_weights(LAYOUT)
    assert found.tolist() == [0] * 4 + [0.25] * 3 + [0.25] * 3
    half = teacher.dual.synthesize(teacher.dual.g.map(zi) * 0.7, teacher.dual.g.map(ze), ONES)
    assert torch.allclose(transfer(teacher, zi, ze, Controls(ONES, truncation=0.7)), half, atol=1e-5)


def test_blending_goes_from_one_to_the_other(teacher):
    (_, ze), (_, other) = codes(), codes(seed=4)
    ends = [teacher.draw(ze, code) for code in (ze, other)]
    assert torch.allclose(teacher.draw(ze, blend(ze, 3 * other, 0)), ends[0], atol=1e-4)
    assert torch.allclose(teacher.draw(ze, blend(ze, 3 * other, 1)), ends[1], atol=1e-4)
    middle = teacher.draw(ze, blend(ze, other, 0.5))
    apart = (ends[0] - ends[1]).square().mean()
    assert all((middle - end).square().mean() < apart for end in ends)


def test_baselines_are_layer_swap_and_style_mixing(teacher):
    torch.manual_seed(5)
    tuned = Generator(LAYOUT).requires_grad_(False)
    zi, ze = codes()
    g = teacher.dual.g
    assert torch.allclose(transfer(teacher, zi, ze, Controls(ONES, method="toonify"), tuned), tuned(zi), atol=1e-4)
    assert torch.allclose(transfer(teacher, zi, ze, Controls(0 * ONES, method="toonify"), tuned), g(zi), atol=1e-4)
    swapped = blended_generator(g, tuned, expand_weights("4*1,6*0", ROWS))
    state, ours, theirs = swapped.state_dict(), g.state_dict(), tuned.state_dict()
    for name, source in (("conv1.conv.weight", theirs), ("convs.2.conv.weight", theirs), ("convs.3.conv.weight", ours),
                         ("to_rgbs.0.conv.weight", theirs), ("to_rgbs.1.conv.weight", ours), ("style.1.weight", ours)):
        assert torch.allclose(state[name], source[name]), name
    mixed = torch.cat([g.map(zi)[:, :FIRST], g.map(ze)[:, FIRST:]], 1)
    assert torch.allclose(transfer(teacher, zi, ze, Controls(ONES, method="mix")), g.synthesize(mixed), atol=1e-5)
    assert torch.allclose(transfer(teacher, zi, ze, Controls(ONES, method="mix", keep_color="w0"), tuned), tuned(zi), atol=1e-4)
    with pytest.raises(SystemExit, match="--fine-tuned"):
        transfer(teacher, zi, ze, Controls(ONES, method="toonify"))


def test_an_unseen_exemplar_is_optimised_with_its_face_fixed(teacher, lpips):
    zi, ze = codes(1, seed=8)
    portrait = teacher.draw(zi, ze).clamp(-1, 1)
    code, face, losses = unseen_codes(teacher, portrait, lpips, Refinement(steps=10, lr_structure=0.05, lr_colour=0.1))
    assert code.shape == face.shape == (1, ROWS, 512)
    assert losses.amin() < 0.9 * losses[0]
    assert torch.equal(face[:, FIRST + 1:], teacher.encode(portrait)[:, FIRST + 1:])
    torch.manual_seed(5)
    under, _, _ = unseen_codes(teacher, portrait, lpips, Refinement(steps=2), Generator(LAYOUT).requires_grad_(False))
    assert not torch.allclose(under, teacher.encode(portrait), atol=0.03), "under g' the code is fitted first"


def test_the_recommendation_is_what_is_both_like_the_photo_and_like_the_exemplar(teacher, lpips):
    _, ze = codes(12, seed=6)
    photo = load_squares([FACES / "face_0.jpg"], 64)
    book = CodeBook(tuple(f"s{i}" for i in range(12)), ze)
    assert shortlist(teacher, ze[4:5], ze, 3)[0] == 4

    def darkness(a, b):
        return -a.mean((1, 2, 3))

    found = recommend(teacher, photo, book, lpips, darkness)
    assert len(found) == 8 * 3 and [r.score for r in found] == sorted((r.score for r in found), reverse=True)
    picture = teacher.draw(teacher.encode(photo), book.of(found[0].name)[None], found[0].weights).clamp(-1, 1)
    assert found[0].likeness == pytest.approx(darkness(picture, photo).item(), abs=1e-4)
    assert 0 < found[0].closeness <= 1
    alone = recommend(teacher, photo, book, lpips, darkness, weights=0.3 * ONES)
    assert len(alone) == 8 and torch.equal(alone[0].weights, 0.3 * ONES)
    assert max(alone, key=lambda r: r.likeness).score > min(alone, key=lambda r: r.likeness).score


def test_the_exported_graph_keeps_weights_as_an_input(tmp_path):
    dual = small_dual()
    export_dual(dual, tmp_path / "dual.onnx")
    graph = onnx.load(tmp_path / "dual.onnx").graph
    assert [value.name for value in graph.input] == ["intrinsic_code", "extrinsic_code", "weights"]
    assert "If" not in {node.op_type for node in graph.node}
    zi, ze = codes(1)
    for weights in (torch.zeros(1, ROWS), torch.ones(1, ROWS), torch.rand(1, ROWS)):
        drawn = run_onnx(tmp_path / "dual.onnx", {"intrinsic_code": zi.numpy(), "extrinsic_code": ze.numpy(), "weights": weights.numpy()})
        expected = dual(zi, ze, weights).numpy()
        assert np.abs(drawn - expected).max() < 1e-4 * np.abs(expected).max()


def test_the_verb_draws_with_every_control(tmp_path, capsys):
    folder = teacher_folder(tmp_path / "teacher")
    _, ze = codes(3, seed=6)
    write_codes(folder / "exstyle_code.safetensors", CodeBook(("a.png", "b.png", "c.png"), ze))
    photos = [str(FACES / f"face_{i}.jpg") for i in (0, 1)]
    for path in photos:
        save_grid(tmp_path / Path(path).name.replace("jpg", "png"), load_squares([Path(path)], 64), 1)
    squares = [str(tmp_path / f"face_{i}.png") for i in (0, 1)]
    common = ["transfer", *squares, "--teacher", str(folder), "--device", "cpu", "--out", str(tmp_path / "out")]

    def picture(name, *more):
        main([*common, *more])
        return read_picture(tmp_path / "out" / f"{name}.png").rgb.astype(int)

    plain = picture("face_0-b", "--exemplar", "b")
    teacher = load_teacher(folder)
    expected = teacher.draw(teacher.encode(load_squares([Path(squares[0])], 64)), ze[1:2])[0]
    expected = ((expected.clamp(-1, 1) + 1) * 127.5).round().permute(1, 2, 0).numpy()
    assert np.abs(plain - expected).max() <= 1
    assert read_picture(tmp_path / "out/sheet.png").rgb.shape == (2 * 64, 3 * 64, 3)
    for more in (["--structure", "0.3"], ["--color", "0"], ["--weights", "4*0,3*.75"], ["--keep-color", "swap"], ["--blend", "c"],
                 ["--blend-intrinsic", squares[1], "--blend-at", "0.7"], ["--method", "mix"], ["--truncation", "0.5"]):
        assert np.abs(picture("face_0-b", "--exemplar", "1", *more) - plain).mean() > 0.5, more
    capsys.readouterr()
    main([*common, "--exemplar", squares[1], "--steps", "2", "--keep-color", "w0"])
    assert "in 2 steps" in capsys.readouterr().out
    main([*common, "--exemplar", "auto"])
    assert "likeness" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="--weights: weights"):
        main([*common, "--exemplar", "b", "--weights", "3*1"])
    with pytest.raises(SystemExit, match="no encoder"):
        Teacher(small_dual()).encode(load_squares([Path(squares[0])], 64))
    with pytest.raises(SystemExit, match="names"):
        main([*common, "--exemplar", "zz"])


def test_what_is_not_free_is_not_exported(tmp_path):
    folder = teacher_folder(tmp_path / "teacher", licence="terms")
    with pytest.raises(SystemExit, match=r"not free to ship \(terms\)"):
        main(["export-dual", "--teacher", str(folder), "--out", str(tmp_path / "x.onnx")])
    assert not (tmp_path / "x.onnx").exists()
