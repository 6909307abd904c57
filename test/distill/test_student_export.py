"""Export: the graph's contract, parity with native ORT, golden pair, manifest, card and pack."""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from student_fixtures import drawn_cache

from distill.checkpoint import save_checkpoint
from distill.painter import LOOK_IDS
from distill.student import evaluate as evaluation
from distill.student.checkpoints import load_trained
from distill.student.export import ParityError, check_half, make_golden
from distill.student.export import main as export_main
from distill.student.manifest import OUTLIERS, read_golden, upsert
from distill.student.onnx_export import check_graph, round_weights, run_onnx
from distill.student.train import TrainConfig, Trainer

FACE = "drawn_00004"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A lite student after two steps, exported; (root folder, trained model, layer cache)."""
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("export")
    cache = drawn_cache(root / "layers")
    config = TrainConfig(layers=str(root / "layers"), size="lite")
    trainer = Trainer(config, cache)
    trainer.step(), trainer.step()
    described = {"config": {"size": "lite", "layers": "x", "seed": 1}, "commit": "abc", "position": trainer.images}
    save_checkpoint(root / "run" / "checkpoint.pt", {**trainer.state(), **described})
    arguments = argparse.Namespace(
        run=root / "run", layers=root / "layers", golden_face=FACE, models=root / "models",
        pack=root / "filters" / "comic", command="train it",
    )
    assert export_main(arguments) == 0
    trained = load_trained(root / "run")
    round_weights(trained.model)
    return root, trained, cache


def entry_of(root):
    (entry,) = json.loads((root / "models" / "manifest.json").read_text())["models"]
    return entry


def test_manifest_describes_every_file(exported):
    root, trained, _ = exported
    entry = entry_of(root)
    assert entry["id"] == "comic-lite" and entry["gmacs"] <= 0.25 and entry["fallback"] is None
    for name in ("student", "studentFp16", "styleHead", "golden"):
        data = (root / "models" / entry[name]["file"]).read_bytes()
        assert entry[name]["bytes"] == len(data)
        assert entry[name]["sha256"] == hashlib.sha256(data).hexdigest()
    width = trained.model.student.modulation_size
    assert entry["student"]["inputs"] == {"face": [1, 3, 256, 256], "modulation": [1, width]}
    assert entry["styleHead"]["outputs"] == {"modulation": [1, width]}
    assert entry["training"] == {"command": "train it", "commit": "abc", "images": 8, "minutes": entry["training"]["minutes"]}


@pytest.mark.parametrize("name", ["student", "studentFp16", "styleHead"])
def test_graphs_have_the_manifest_s_names_shapes_and_float32_ends(exported, name):
    root, *_ = exported
    facts = entry_of(root)[name]
    graph = onnx.load(str(root / "models" / facts["file"])).graph
    for declared, values in ((facts["inputs"], graph.input), (facts["outputs"], graph.output)):
        shapes = {value.name: [part.dim_value for part in value.type.tensor_type.shape.dim] for value in values}
        assert shapes == declared
        assert all(value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT for value in values)


@pytest.mark.parametrize("name", ["student", "studentFp16", "styleHead"])
def test_large_weights_take_two_bytes_a_number(exported, name):
    root, *_ = exported
    graph = onnx.load(str(root / "models" / entry_of(root)[name]["file"])).graph
    large = [weight for weight in graph.initializer if np.prod(weight.dims) >= 1024]
    assert large and all(weight.data_type == onnx.TensorProto.FLOAT16 for weight in large)


def test_the_golden_pair_is_what_native_ort_computes(exported):
    root, *_ = exported
    entry = entry_of(root)
    golden = read_golden(root / "models" / entry["golden"]["file"])
    assert golden["face"].min() >= -1 and golden["face"].max() <= 1
    modulation = run_onnx(root / "models" / entry["styleHead"]["file"], {
        "extrinsic_code": golden["code"], "weights": golden["weights"], "keep_color": golden["keepColor"],
    })
    assert np.abs(modulation - golden["modulation"]).max() < 1e-3
    fed = {"face": golden["face"], "modulation": golden["modulation"]}
    exact = np.abs(run_onnx(root / "models" / entry["student"]["file"], fed) - golden["styled"])
    half = np.abs(run_onnx(root / "models" / entry["studentFp16"]["file"], fed) - golden["styled"])
    assert exact.max() < 1e-3
    assert half.max() < 3e-2 and half.mean() < 2e-3


def test_pytorch_and_ort_agree_for_every_look_and_slider(exported):
    root, trained, _ = exported
    face = np.random.default_rng(0).uniform(-1, 1, (1, 3, 256, 256)).astype(np.float32)
    from distill.student.codes import exemplar_code

    for look, weights, keep in ((1, (1.0, 1.0), 0.0), (4, (0.3, 0.8), 1.0)):
        code = exemplar_code(LOOK_IDS[look])[None]
        modulation = run_onnx(root / "models" / "comic-lite" / "style-head.onnx", {
            "extrinsic_code": code, "weights": np.array([weights], np.float32), "keep_color": np.array([[keep]], np.float32),
        })
        browser = run_onnx(root / "models" / "comic-lite" / "student.onnx", {"face": face, "modulation": modulation})
        assert np.abs(browser - trained.styled(face, code, weights, keep)).max() < 1e-3


def test_training_starts_from_the_shipped_weights(exported):
    root, trained, cache = exported
    shipped = root / "models" / "comic-lite"
    trainer = Trainer(TrainConfig(layers=str(root / "layers"), size="lite", init=str(shipped)), cache)
    for name, weight in trained.model.state_dict().items():
        assert torch.equal(trainer.model.state_dict()[name], weight), name
    with pytest.raises(ValueError, match=r"comic-lite/student\.onnx does not fit a Student of this size"):
        Trainer(TrainConfig(layers=str(root / "layers"), size="standard", init=str(shipped)), cache)


def test_a_student_that_disagrees_is_not_written_to_the_manifest(exported, tmp_path):
    root, trained, cache = exported
    folder = tmp_path / "comic-lite"
    folder.mkdir()
    for name in ("student.onnx", "student-fp16.onnx", "style-head.onnx"):
        (folder / name).write_bytes((root / "models" / "comic-lite" / name).read_bytes())
    model = onnx.load(str(folder / "student.onnx"))
    weights = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    weights.raw_data = (np.frombuffer(weights.raw_data, np.float32) * 3).tobytes()
    onnx.save(model, str(folder / "student.onnx"))
    with pytest.raises(ParityError, match=r"student\.onnx"):
        make_golden(trained, cache, FACE, folder)


def test_half_precision_may_miss_a_few_numbers_but_not_many_and_never_on_average():
    path, whole = Path("student-fp16.onnx"), np.zeros((1, 4, 256, 256), np.float32)
    few, many, everywhere, broken = whole.copy(), whole.copy(), whole + 0.01, whole.copy()
    few.flat[: int(OUTLIERS * whole.size)] = 0.05
    many.flat[: int(OUTLIERS * whole.size) + 1] = 0.05
    broken.flat[0] = np.nan
    check_half(path, few)
    for difference in (many, everywhere, broken):
        with pytest.raises(ParityError, match=r"student-fp16\.onnx differs"):
            check_half(path, difference)


def test_the_sdk_is_told_of_the_same_tolerance(exported):
    root, *_ = exported
    golden = json.loads((root / "models" / entry_of(root)["golden"]["file"]).read_text())
    assert golden["tolerance"]["outliers"] == OUTLIERS and golden["tolerance"]["float16"] == {"mean": 2e-3, "max": 3e-2}


def test_a_graph_with_a_branch_is_refused(tmp_path):
    node = onnx.helper.make_node("RandomNormal", [], ["y"], shape=[1])
    value = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([node], "g", [], [value])
    path = tmp_path / "random.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]), str(path))
    with pytest.raises(ValueError, match="RandomNormal"):
        check_graph(path)


def test_upsert_replaces_only_its_own_entry(tmp_path):
    path = tmp_path / "manifest.json"
    upsert(path, {"id": "b", "n": 1})
    upsert(path, {"id": "a", "n": 2})
    upsert(path, {"id": "b", "n": 3})
    assert json.loads(path.read_text()) == {"version": 1, "models": [{"id": "a", "n": 2}, {"id": "b", "n": 3}]}
    path.write_text('{"version": 9, "models": []}')
    with pytest.raises(ValueError, match="version 9"):
        upsert(path, {"id": "a"})


def test_the_pack_has_a_code_and_a_thumbnail_for_every_look(exported):
    root, *_ = exported
    folder = root / "filters" / "comic"
    pack = json.loads((folder / "pack.json").read_text())
    assert [exemplar["id"] for exemplar in pack["exemplars"]] == list(LOOK_IDS)
    assert pack["models"] == {"lite": "comic-lite"} and pack["defaults"]["exemplar"] in LOOK_IDS
    for exemplar in pack["exemplars"]:
        code = np.fromfile(folder / exemplar["code"], "<f4")
        assert code.size == 2 * 512 and np.isfinite(code).all()
        assert (folder / exemplar["thumbnail"]).read_bytes()[:2] == b"\xff\xd8"
        assert exemplar["licence"] and exemplar["author"]


def test_the_card_says_where_the_model_comes_from(exported):
    root, *_ = exported
    card = (root / "models" / "comic-lite" / "CARD.md").read_text()
    for part in ("painter pairs, no teacher", "| drawn | 4 | A | CC0 |", "train it", "Commit abc", "Held out", "Limits"):
        assert part in card


def test_evaluation_measures_and_the_card_repeats_it(exported):
    _, trained, cache = exported
    results = evaluation.evaluate(trained, cache, 1)
    assert results["faces"] == 1 and set(results["looks"]) == set(LOOK_IDS)
    assert all(np.isfinite(value) for value in results["summary"].values())
    from distill.student.card import metrics_text

    text = metrics_text(results)
    assert f"{results['summary']['psnr']:.2f}" in text and "| Noir" not in text and "| noir |" in text


def test_measures_have_known_values():
    picture = np.random.default_rng(0).uniform(0, 1, (32, 32, 3)).astype(np.float32)
    assert evaluation.ssim(picture, picture) == pytest.approx(1, abs=1e-4)
    assert evaluation.ssim(picture, 1 - picture) < 0.2
    assert evaluation.decibels(np.full((4, 4, 3), 0.1)) == pytest.approx(20)
    half = np.zeros((4, 4))
    half[:2] = 1
    error = np.zeros((4, 4, 3))
    error[2:] = 1
    assert evaluation.decibels(error, half) == pytest.approx(100)
    assert evaluation.intersection_over_union(half, half) == 1
    assert evaluation.intersection_over_union(half, np.ones((4, 4))) == 0.5
    assert evaluation.steady([0, 1, 2]) and not evaluation.steady([0, 2, 1]) and not evaluation.steady([1, 1, 1])
