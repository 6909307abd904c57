"""The sampling network, what can be held fixed, and the refinement of codes."""

from dataclasses import replace

import pytest
import torch
from teacher_fixtures import LAYOUT, codes, released_folder, small_dual

from distill.__main__ import main
from distill.measure.perceptual import Lpips
from distill.networks.style_weights import structure_weights
from distill.teacher.codes import CodeBook, read_codes, write_codes
from distill.teacher.files import read_network
from distill.teacher.refine import Refinement, refine_codes
from distill.teacher.sampler import SamplerTraining, gaussian_like, nearest_distances, sample_codes, train_sampler
from distill.train.draws import seeded

STRUCTURE = 7


@pytest.fixture(scope="module")
def clustered():
    """Codes in four clusters of structure that always come with their own of four clusters of colour."""
    draw = seeded(0, "clusters", 0)
    centres = torch.randn(4, 10, 512, generator=draw)
    which = torch.arange(24) % 4
    return centres, centres[which] + 0.1 * torch.randn(24, 10, 512, generator=draw)


@pytest.fixture(scope="module")
def sampler(clustered):
    return train_sampler(clustered[1], STRUCTURE, SamplerTraining(repeat_to=96, batch=32, epochs=40, lr=2e-3, decay_epochs=20))


def test_nearest_distances_are_relative_to_the_codes_own():
    book = torch.tensor([[0.0, 0], [10, 0]])
    found = nearest_distances(torch.tensor([[0.0, 1], [0, 3]]), book)
    assert found.fidelity == pytest.approx(0.2) and found.coverage == pytest.approx((0.1 + 101**0.5 / 10) / 2)


def test_samples_lie_where_the_codes_lie_and_leave_none_out(clustered, sampler):
    book = clustered[1]
    drawn = sample_codes(sampler, 200, seeded(1, "draw", 0))
    guessed = gaussian_like(book, 200, seeded(1, "draw", 0))
    for rows in (slice(0, STRUCTURE), slice(STRUCTURE, None)):
        ours, baseline = nearest_distances(drawn[:, rows], book[:, rows]), nearest_distances(guessed[:, rows], book[:, rows])
        assert ours.fidelity < 0.6 * baseline.fidelity
        assert ours.coverage < 0.4 * baseline.coverage


def test_structure_and_colour_are_drawn_independently(clustered, sampler):
    drawn = sample_codes(sampler, 200, seeded(2, "draw", 0))
    nearest = [torch.cdist(drawn[:, rows].flatten(1), clustered[0][:, rows].flatten(1)).argmin(1)
               for rows in (slice(0, STRUCTURE), slice(STRUCTURE, None))]
    table = torch.zeros(4, 4)
    table.index_put_(tuple(nearest), torch.ones(200), accumulate=True)
    expected = table.sum(1, keepdim=True) * table.sum(0, keepdim=True) / 200
    # In the codes each structure has one colour: chi² of 200 such pairs would be 600. 9 degrees of freedom.
    assert ((table - expected).square() / expected).sum() < 30 and (table.sum(1) > 10).all()


def test_what_is_fixed_stays_and_the_rest_varies(sampler):
    plain, structure, colour = (
        sample_codes(sampler, 5, seeded(3, "draw", 0), fix_structure=s, fix_color=c) for s, c in ((False, False), (True, False), (False, True)))
    assert torch.allclose(structure[:, :STRUCTURE], plain[:1, :STRUCTURE].expand(5, -1, -1), atol=1e-6)
    assert torch.allclose(structure[:, STRUCTURE:], plain[:, STRUCTURE:], atol=1e-6)
    assert torch.allclose(colour[:, STRUCTURE:], plain[:1, STRUCTURE:].expand(5, -1, -1), atol=1e-6)
    assert torch.allclose(colour[:, :STRUCTURE], plain[:, :STRUCTURE], atol=1e-6)
    assert plain[:, :STRUCTURE].std(0).mean() > 0.1
    alone = sample_codes(sampler, 1, seeded(4, "draw", 0))
    assert torch.isfinite(alone).all()


def test_the_verbs_train_sample_and_keep_the_terms(tmp_path, capsys):
    folder, _ = released_folder(tmp_path / "style")
    main(["import", str(folder), "--out", str(tmp_path / "teacher")])
    write_codes(tmp_path / "codes.safetensors", CodeBook(("a", "b", "c"), torch.randn(3, LAYOUT.layers, 512), licence="terms"))
    settings = {"codes": tmp_path / "codes.safetensors", "out": tmp_path / "sampler.safetensors", "repeat_to": 30, "epochs": 3}
    main(["train-sampler", *(part for k, v in settings.items() for part in ("--set", f"{k}={v}"))])
    assert "structure sampler" in " ".join(capsys.readouterr().out.split())
    assert read_network(tmp_path / "sampler.safetensors", "sampler-1").licence == "terms"
    common = ["sample", "--teacher", str(tmp_path / "teacher"), "--sampler", str(tmp_path / "sampler.safetensors"), "--count", "3"]
    books = {}
    for fix in ("content", "structure", "color"):
        main([*common, f"--fix-{fix}", "--weights", "7*.5,3*1", "--out", str(tmp_path / fix)])
        assert (tmp_path / fix / "grid.png").stat().st_size > 1000
        books[fix] = read_codes(tmp_path / fix / "codes.safetensors")
    assert "non-commercial" in books["content"].licence
    assert torch.equal(books["structure"].codes[0, :STRUCTURE], books["structure"].codes[2, :STRUCTURE])
    assert not torch.equal(books["content"].codes[0], books["content"].codes[1])


def test_refining_brings_each_code_nearer_to_its_portrait_alone():
    dual = small_dual()
    intrinsic, wanted = codes(2)
    weights = structure_weights(LAYOUT)
    with torch.no_grad():
        portraits = dual(intrinsic, wanted, weights)
    start = wanted + 0.5 * torch.randn(wanted.shape, generator=torch.Generator().manual_seed(9))
    lpips, config = Lpips("vgg"), Refinement(steps=12, lr_structure=0.05, lr_colour=0.1)
    before = {name: value.clone() for name, value in dual.state_dict().items()}
    refined, history = refine_codes(dual, intrinsic, start, portraits, lpips, config)
    assert history.shape == (13, 2) and (history.amin(0) < 0.7 * history[0]).all()
    assert all(torch.equal(value, before[name]) for name, value in dual.state_dict().items())
    _, alone = refine_codes(dual, intrinsic[:1], start[:1], portraits[:1], lpips, replace(config, steps=2))
    assert torch.allclose(alone, history[:3, :1], rtol=0.01)
    moved = (refined - start).abs()
    assert 0 < moved[:, :STRUCTURE].max() <= 12 * 0.05 * 1.2 and moved[:, STRUCTURE:].max() > moved[:, :STRUCTURE].max()
