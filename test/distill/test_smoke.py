"""The whole recipe, a step or two of each verb: photos in, a student for the SDK out."""

import json

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from dual_fixtures import FACES, portrait_of

from distill.__main__ import main
from distill.data.pictures import read_picture
from distill.smoke import Step, run_recipe
from distill.student.manifest import read_golden
from distill.student.onnx_export import FORBIDDEN


def test_a_stopped_training_ends_the_recipe(tmp_path):
    """A signal lets a training save and return as if all were well."""
    called = []

    def call(argv):
        called.append(argv[0])
        (tmp_path / "runs" / argv[0]).mkdir(parents=True)
        if argv[0] == "first":
            (tmp_path / "runs/first/finished").touch()

    steps = iter([Step(verb, ["--set", "a=1"]) for verb in ("first", "second", "third")])
    with pytest.raises(SystemExit, match="second was stopped before its end"):
        run_recipe(steps, call, tmp_path)
    assert called == ["first", "second"]


def test_photos_become_a_student(tmp_path, capsys):
    style = tmp_path / "style"
    style.mkdir()
    for index in range(8):
        cv2.imwrite(str(style / f"{index}.png"), portrait_of(read_picture(FACES / f"face_{index}.jpg").rgb)[..., ::-1])
    out = tmp_path / "out"
    assert main(["smoke", "--photos", str(FACES), "--style", str(style), "--out", str(out), "--scale", "0.005"]) == 0

    (entry,) = json.loads((out / "models/manifest.json").read_text())["models"]
    pack = json.loads((out / "filters/smoke/pack.json").read_text())
    assert entry["id"] == "smoke" and pack["models"] == {entry["size"]: "smoke"} and len(pack["exemplars"]) == 8
    graph = onnx.load(out / "models" / entry["student"]["file"])
    assert not {node.op_type for node in graph.graph.node} & FORBIDDEN
    golden = read_golden(out / "models" / entry["golden"]["file"])
    session = onnxruntime.InferenceSession(out / "models" / entry["student"]["file"], providers=["CPUExecutionProvider"])
    (styled,) = session.run(None, {"face": golden["face"], "modulation": golden["modulation"]})
    assert np.abs(styled - golden["styled"]).max() < 1e-2
    for exemplar in pack["exemplars"]:
        assert (out / "filters/smoke" / exemplar["code"]).stat().st_size == 2 * 512 * 4
        assert (out / "filters/smoke" / exemplar["thumbnail"]).exists()
    assert "| teach-student |" in (out / "smoke.md").read_text()
    with pytest.raises(SystemExit, match="is not empty"):
        main(["smoke", "--photos", str(FACES), "--style", str(style), "--out", str(out)])
