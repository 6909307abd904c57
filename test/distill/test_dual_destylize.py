"""Destylization both ways, the fine-tuned base, and what is reported of them."""

from argparse import Namespace

import cv2
import numpy as np
import pytest
import torch
from dual_fixtures import FACES, ONE, QUIET, exact_pairs, small_base

from distill.__main__ import main
from distill.checkpoint import load_checkpoint
from distill.config import make_config
from distill.measure.perceptual import Lpips
from distill.networks.encoder import restyle_codes
from distill.teacher.codes import read_codes
from distill.teacher.destylize_config import DestylizeConfig
from distill.teacher.destylize_report import Report, character_pairs, measure_faces, table
from distill.teacher.destylize_ways import by_encoder, fit_portraits, kept_rows, noise_size, rate_at
from distill.teacher.faces import load_faces
from distill.teacher.portraits import load_pairs, load_portraits
from distill.teacher.train_dual import DualTrainer
from distill.teacher.train_dual import read_config as read_dual_config

SIZE_PX = 32


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("base") / "base.pt", SIZE_PX)


@pytest.fixture(scope="module")
def restyle_base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("restyle") / "base.pt", SIZE_PX, restyle_steps=2)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return exact_pairs(tmp_path_factory.mktemp("pairs"), count=2, size_px=SIZE_PX)


def config(**settings):
    return make_config(DestylizeConfig, {"base": "base.pt", "out": "out", "identity": 0, **settings})


def pairs_of(**settings):
    return [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]


def test_the_optimisers_rate_ramps_up_and_down_as_published():
    published = config()
    assert (published.steps, published.lr, published.noise, config(identity=0.1).identity) == (300, 0.1, 1e5, 0.1)
    rates = [rate_at(step, published) for step in range(300)]
    assert rates[0] == 0 and max(rates) == 1 and rates.index(1.0) == 15
    assert all(rate == 1 for rate in rates[15:225]) and rates[-1] < 0.001 and rates[225:] == sorted(rates[225:], reverse=True)


def test_noise_that_resembles_a_picture_costs():
    white = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    smooth = torch.linspace(-1.7, 1.7, 32).expand(1, 1, 32, 32)
    assert noise_size([white]) < 0.1 < noise_size([smooth])


def test_a_fit_finds_the_portrait_under_the_tuned_generator(base):
    g, encoder = load_faces(base)
    lpips = Lpips("alex")
    target = g(torch.randn(2, 1, 512, generator=torch.Generator().manual_seed(1)).expand(-1, g.layout.layers, -1))
    start = encoder(g, target).detach()
    code = fit_portraits(target, start, g, config(steps=60, noise=10), lpips, None, "test")
    before, after = (lpips(g(c), target).mean().item() for c in (start, code))
    assert after < before / 2
    assert not torch.equal(code[0], code[1])


def test_rows_from_eight_on_are_the_extrinsic_ones():
    intrinsic, extrinsic = torch.zeros(1, 10, 512), torch.ones(1, 10, 512)
    assert kept_rows(intrinsic, extrinsic, 7)[0, :, 0].tolist() == [0] * 8 + [1] * 2


def test_redestyle_encodes_again_with_fewer_steps_each_round(restyle_base):
    g, encoder = load_faces(restyle_base)
    pictures = torch.rand(2, 3, SIZE_PX, SIZE_PX, generator=torch.Generator().manual_seed(0)) * 2 - 1
    codes = by_encoder(pictures, g, encoder, config(rounds=[3, 2, 1]))
    with torch.no_grad():
        seen, expected = pictures, []
        for steps in (3, 2, 1):
            expected.append(restyle_codes(encoder.e, g, seen, steps)[-1])
            seen = g(expected[-1])
    assert torch.equal(codes.extrinsic, expected[0])
    assert torch.equal(codes.intrinsic[:, :8], expected[2][:, :8])
    assert torch.equal(codes.intrinsic[:, 8:], expected[0][:, 8:])
    assert torch.equal(codes.faces, g(codes.intrinsic))


def test_portraits_are_found_by_name_wherever_they_lie(pairs, tmp_path):
    plain = load_portraits([str(FACES)], SIZE_PX)
    assert plain.names[0] == "face_0.jpg" and plain.people[0] == "p0" and plain.pictures.shape == (8, 3, SIZE_PX, SIZE_PX)
    twice = load_portraits([str(FACES), str(FACES)], SIZE_PX)
    assert len(set(twice.names)) == 16
    found = load_pairs([str(pairs)], SIZE_PX)
    assert found.names == ("0", "1") and torch.equal(found.exemplars, found.portraits) and not torch.equal(found.photos, found.portraits)
    with pytest.raises(SystemExit, match="no portrait was found"):
        load_portraits([str(tmp_path)], SIZE_PX)
    assert cv2.imwrite(str(tmp_path / "a-photo.png"), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(SystemExit, match="there is no a-portrait beside it"):
        load_pairs([str(tmp_path)], SIZE_PX)
    assert cv2.imwrite(str(tmp_path / "b.png"), np.zeros((8, 9, 3), np.uint8))
    with pytest.raises(SystemExit, match="must be aligned squares"):
        load_portraits([str(tmp_path)], SIZE_PX)


def test_characters_are_compared_with_themselves_and_with_others():
    same, other = character_pairs(["a", "b", "a", "", "b"])
    assert same == [(0, 2), (1, 4)] and (0, 1) in other and all(3 not in pair for pair in other)
    lpips = Lpips("alex")
    faces = torch.rand(4, 3, SIZE_PX, SIZE_PX, generator=torch.Generator().manual_seed(0)) * 2 - 1
    faces[2] = faces[0]
    found = measure_faces(faces, ["a", "b", "a", "c"], lpips, None, photos=faces)
    assert abs(found["same_lpips"]) < 1e-6 < found["other_lpips"]
    assert abs(found["photo_lpips"]) < 1e-6 and "same_identity" not in found


def test_the_table_says_how_many_times_as_fast():
    text = table([Report("optimize", 3, 20.0, same_lpips=0.5), Report("redestyle", 3, 2.0)])
    assert "| seconds a picture | 20.000 | 2.000 |" in text and "| faces of one character, LPIPS | 0.500 | – |" in text
    assert "redestyle is 10.0 times as fast as optimize" in text


def test_from_portraits_to_stage_three(base, pairs, tmp_path, capsys):
    """finetune-base, destylize both ways, then a step on the guessed pairs."""
    tuned = pairs_of(data=FACES, init=base, total_kimg=0.008, batch=4, runs=tmp_path, pl_weight=0, **QUIET)
    assert main(["finetune-base", *tuned]) == 0
    checkpoint = tmp_path / "00000-finetune-base/checkpoint.pt"
    before, after = (load_checkpoint(path)["ema"] for path in (base, checkpoint))
    assert before.keys() == after.keys() and not torch.equal(before["conv1.conv.weight"], after["conv1.conv.weight"])

    shared = pairs_of(base=base, tuned=checkpoint, identity=0, steps=2, limit=3, device="cpu", out=tmp_path / "codes", style=FACES)
    assert main(["destylize", "--method", "redestyle", *shared]) == 0
    assert main(["destylize", "--method", "optimize", *shared]) == 0
    assert "times as fast as" in capsys.readouterr().out
    assert "| seconds a picture |" in (tmp_path / "codes/comparison.md").read_text()
    names = ("face_0.jpg", "face_1.jpg", "face_2.jpg")
    for method in ("optimize", "redestyle"):
        folder = tmp_path / "codes" / method
        extrinsic, intrinsic = (read_codes(folder / f"{kind}style_code.safetensors") for kind in ("ex", "in"))
        assert extrinsic.names == intrinsic.names == names
        assert torch.equal(extrinsic.codes[:, 8:], intrinsic.codes[:, 8:])
        assert not torch.equal(extrinsic.codes[:, :8], intrinsic.codes[:, :8])
        assert (folder / "sheet.png").exists()

    portraits = tmp_path / "portraits"
    portraits.mkdir()
    for name in names:
        (portraits / name).write_bytes((FACES / name).read_bytes())
    switches = pairs_of(base=base, style=portraits, codes=tmp_path / "codes/redestyle", batch=2, identity=0, device="cpu")[1::2]
    args = Namespace(config=None, overrides=switches, stage=3, no_pairs=False, no_reg=False, skip_stage=[2])
    trainer = DualTrainer(read_dual_config(args), None, ONE)
    assert trainer.style.names == names and "perceptual" in (trainer.step(0), trainer.step(2))[1]


def test_what_is_missing_is_said(base, tmp_path):
    with pytest.raises(SystemExit, match="give tuned"):
        main(["destylize", "--method", "optimize", *pairs_of(base=base, style=FACES, out=tmp_path)])
    with pytest.raises(SystemExit, match="give style, or exact"):
        main(["destylize", "--method", "redestyle", *pairs_of(base=base, out=tmp_path)])
    with pytest.raises(SystemExit, match="fine-tunes a base"):
        main(["finetune-base", *pairs_of(data=FACES)])
