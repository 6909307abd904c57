"""Import of released files: the committed key list, refusals by name, files that could run code."""

import collections
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from teacher_fixtures import released_folder, released_state

from distill.__main__ import main
from distill.networks.dual import DualGenerator
from distill.networks.encoder import make_encoder
from distill.networks.layout import Layout
from distill.networks.style_weights import structure_weights
from distill.teacher.codes import read_codes
from distill.teacher.files import read_network
from distill.teacher.licence import NON_COMMERCIAL
from distill.teacher.released_files import read_npy_codes, read_pt
from distill.teacher.released_layout import encoder_shapes, encoder_state, generator_shapes, generator_state, sampler_shapes

LIST = Path(__file__).parent / "fixtures/dualstylegan-1024-keys.txt"


def listed():
    lines = [line.split() for line in LIST.read_text().splitlines()]
    return {key: tuple(map(int, shape.split("x"))) for key, shape in lines}


def synthetic():
    """A state with the listed keys; each tensor one number, spread out."""
    return {key: torch.full((1,), 0.5).expand(shape) for key, shape in listed().items()}


def test_the_committed_list_is_what_the_import_asks_for():
    assert len(listed()) == 253
    assert generator_shapes(Layout(1024)) == listed()


def test_a_state_of_exactly_those_keys_loads_with_none_missing_or_spare():
    layout, state = generator_state(synthetic(), "generator.pt")
    assert (layout.size_px, layout.layers, layout.channel_multiplier) == (1024, 18, 2)
    with torch.device("meta"):
        network = DualGenerator(layout)
    network.load_state_dict(state, strict=True, assign=True)
    assert not any(value.is_meta for value in network.state_dict().values())
    assert sum(p.numel() for p in network.parameters()) == sum(
        math.prod(shape) for key, shape in listed().items() if "kernel" not in key and "noises" not in key)


@pytest.mark.parametrize("change, message", [
    (lambda s: s.pop("res.3.conv.0.weight"), r"1 key is missing \(res.3.conv.0.weight\)"),
    (lambda s: [s.pop(k) for k in list(s) if k.startswith("res.")], r"78 keys are missing \(res.0.conv.0.weight"),
    (lambda s: s.update({"res.18.weight": s["res.17.weight"]}), r"1 key is unknown \(res.18.weight\)"),
    (lambda s: s.update({"style.1.bias": torch.zeros(7)}), r"style.1.bias has shape \(7,\) instead of \(512,\)"),
    (lambda s: s.update({"res.9.bias": torch.full((512,), math.nan)}), "res.9.bias has values that are not finite"),
    (lambda s: s.update({"res.9.bias": "x"}), "res.9.bias is not a tensor"),
    (lambda s: s.pop("generator.conv1.conv.weight"), "no DualStyleGAN generator"),
])
def test_other_keys_and_shapes_are_refused_by_name(change, message):
    state = synthetic()
    change(state)
    with pytest.raises(SystemExit, match=message):
        generator_state(state, "generator.pt")


def test_the_parts_of_a_released_encoder_fill_ours():
    shapes = encoder_shapes(18)
    spots = {
        "encoder.input_layer.0.weight": (64, 3, 3, 3), "encoder.body.0.res_layer.5.fc1.weight": (4, 64, 1, 1),
        "encoder.body.3.shortcut_layer.0.weight": (128, 64, 1, 1), "encoder.body.23.res_layer.4.running_var": (512,),
        "encoder.latlayer2.weight": (512, 128, 1, 1), "encoder.styles.0.convs.6.weight": (512, 512, 3, 3),
        "encoder.styles.3.convs.8.weight": (512, 512, 3, 3), "encoder.styles.17.convs.10.bias": (512,),
        "encoder.styles.17.linear.weight": (512, 512),
    }
    assert {key: shapes[key] for key in spots} == spots
    assert "encoder.styles.0.convs.8.weight" not in shapes and "encoder.styles.18.linear.weight" not in shapes
    found = {key: torch.zeros(()).expand(shape) for key, shape in shapes.items()} | {"decoder.style.1.bias": torch.zeros(3)}
    with torch.device("meta"):
        encoder = make_encoder("full", 18)
    encoder.load_state_dict(encoder_state(found, torch.zeros(18, 512), "encoder.pt"), assign=True)
    del found["encoder.latlayer1.bias"]
    with pytest.raises(SystemExit, match=r"encoder\.latlayer1\.bias"):
        encoder_state(found, torch.zeros(18, 512), "encoder.pt")


def test_sampler_halves_have_the_released_sizes():
    shapes = sampler_shapes(5632)
    assert shapes["lin_out.weight"] == (5632, 128) and shapes["bn2.running_mean"] == (128,) and "lin1.bias" not in shapes
    assert len(shapes) == 13


def test_a_folder_becomes_marked_files_that_draw_the_same(tmp_path, capsys):
    folder, dual = released_folder(tmp_path / "style")
    assert main(["import", str(folder), "--out", str(tmp_path / "out")]) == 0
    assert "non-commercial" in capsys.readouterr().out
    file = read_network(tmp_path / "out/generator.safetensors", "dual-generator-1")
    assert file.licence == NON_COMMERCIAL
    again = DualGenerator(Layout(**file.facts["layout"]))
    again.load_state_dict(file.state)
    z = torch.randn(2, 2, dual.layout.layers, 512)
    weights = structure_weights(dual.layout, 0.75)
    assert torch.equal(again(*z, weights), dual(*z, weights))
    # Exemplars come in Z+ and are mapped row by row; truncation pulls the intrinsic code alone, to the origin of W.
    rows = torch.stack([again.g.map(z[1][:, row]) for row in range(dual.layout.layers)], 1)
    assert torch.allclose(again(*z, weights, truncation=0.7), again.synthesize(again.g.map(z[0]) * 0.7, rows, weights), rtol=1e-4, atol=1e-4)
    book = read_codes(tmp_path / "out/refined_exstyle_code.safetensors", dual.layout.layers)
    assert book.names == ("b.jpg", "a.jpg") and book.licence == NON_COMMERCIAL and book.kind == "extrinsic"
    assert torch.equal(book.of("1"), read_npy_codes(folder / "refined_exstyle_code.npy", "extrinsic").of("a"))
    assert read_codes(tmp_path / "out/instyle_code.safetensors").kind == "intrinsic"
    assert read_network(tmp_path / "out/sampler.safetensors", "sampler-1").licence == NON_COMMERCIAL


class _Harm:
    def __reduce__(self):
        return (Path.touch, (Path(self.path),))


def test_files_that_could_run_code_are_refused_unopened(tmp_path):
    harm = _Harm()
    harm.path = str(tmp_path / "ran")
    torch.save({"g_ema": harm}, tmp_path / "bad.pt")
    with pytest.raises(SystemExit, match="opening it could run code"):
        read_pt(tmp_path / "bad.pt", "g_ema")
    np.save(tmp_path / "bad.npy", {"a.png": harm}, allow_pickle=True)
    with pytest.raises(SystemExit, match=r"more than a dict of arrays.*refused to load"):
        read_npy_codes(tmp_path / "bad.npy", "extrinsic")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("value, message", [
    ({"a": np.zeros((1, 18, 512), np.float64)}, r"'a' must be finite float32 \(1,L,512\).*not float64"),
    ({"a": np.zeros((1, 18, 512), np.float32), "b": np.zeros((1, 14, 512), np.float32)}, "'b' must be"),
    ({"a": np.full((1, 18, 512), np.nan, np.float32)}, "finite"),
    ({3: np.zeros((1, 18, 512), np.float32)}, "from file names"),
    ([1.0], "one pickled dict"),
    ({"a": "text"}, "not str"),
    (collections.OrderedDict(), "more than a dict"),
])
def test_codes_of_another_shape_are_refused(tmp_path, value, message):
    np.save(tmp_path / "x.npy", value, allow_pickle=True)
    with pytest.raises(SystemExit, match=message):
        read_npy_codes(tmp_path / "x.npy", "extrinsic")


def test_cut_and_foreign_files_are_refused(tmp_path):
    torch.save({"g_ema": released_state(DualGenerator(Layout(32, channel_cap=8)))}, tmp_path / "whole.pt")
    data = (tmp_path / "whole.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(data[: len(data) // 2])
    with pytest.raises(SystemExit, match="cut short"):
        read_pt(tmp_path / "cut.pt", "g_ema")
    with pytest.raises(SystemExit, match="expected the entries state_dict, found g_ema"):
        read_pt(tmp_path / "whole.pt", "state_dict")
    with pytest.raises(SystemExit, match="no such file"):
        read_pt(tmp_path / "none.pt", "g_ema")
    np.save(tmp_path / "whole.npy", {"a": np.ones((1, 18, 512), np.float32)}, allow_pickle=True)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "whole.npy").read_bytes()[:900])
    (tmp_path / "text.npy").write_bytes(pickle.dumps({"a": 1}))
    for name in ("cut.npy", "text.npy"):
        with pytest.raises(SystemExit, match=name):
            read_npy_codes(tmp_path / name, "extrinsic")


def test_an_encoder_into_w_is_refused(tmp_path):
    folder, _ = released_folder(tmp_path / "style")
    with pytest.raises(SystemExit, match=r"predicts W\+ codes"):
        main(["import", str(folder), "--encoder", str(tmp_path / "encoder_wplus.pt"), "--out", str(tmp_path / "out")])
