"""PyTorch → ONNX for the anime student and its style head."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from distill.checkpoint import write_atomic
from distill.student.anime.canvas import CODE_WIDTH, PACKED, PIXELS, ROWS
from distill.student.anime.flow import FEATURES, FIELD_SIZE, SIZE_PX
from distill.student.anime.network import FACE, AnimeStudent, finish, lay_over
from distill.student.anime.pose_vector import POSE_SIZE
from distill.student.anime.style_head import TAIL, AnimeStyleHead
from distill.student.onnx_export import OPSET, check_graph, store_halved

STUDENT_INPUTS = ("face", "modulation", "canvas_layers", "canvas_flow", "pose")
HEAD_OUTPUTS = ("modulation", "canvas_layers", "canvas_flow")


def student_shapes(student: AnimeStudent) -> dict[str, list[int]]:
    """Shapes of the student's inputs."""
    return {
        "face": [1, 3, SIZE_PX, SIZE_PX],
        "modulation": [1, student.modulation_size],
        "canvas_layers": [PACKED, PIXELS],
        "canvas_flow": [FEATURES, FIELD_SIZE + 2],
        "pose": [1, POSE_SIZE],
    }


class HalfAnimeStudent(nn.Module):
    """The U-Net in float16; places, movement and pose stay in float32, as half would misplace pixels."""

    def __init__(self, student: AnimeStudent) -> None:
        super().__init__()
        self.student = copy.deepcopy(student)
        self.student.painter.half()

    def forward(self, face: Tensor, modulation: Tensor, canvas_layers: Tensor, canvas_flow: Tensor, pose: Tensor) -> Tensor:
        student = self.student
        fields, mouth = student.flow(pose, canvas_flow)
        moved = student.move_layers(canvas_layers, fields)
        styled, tail = modulation[:, :-TAIL] + student.pose_modulation(pose), modulation[:, -TAIL:]
        places = student.places(fields[FACE : FACE + 1], mouth)
        logits = student.painter(face.half(), moved[:, :4].half(), places.half(), styled.half())
        return finish(lay_over(moved, logits), moved, tail, student.photo_colours(face))


def export_anime_student(student: AnimeStudent, path: Path, half: bool = False) -> None:
    """Writes the graph of one frame with static shapes."""
    shapes = student_shapes(student)
    module = HalfAnimeStudent(student) if half else copy.deepcopy(student)
    export_graph(module, tuple(torch.zeros(shapes[name]) for name in STUDENT_INPUTS), STUDENT_INPUTS, ("styled",), path)


def export_anime_head(head: AnimeStyleHead, path: Path) -> None:
    """Writes extrinsic_code, weights, keep_color → modulation and canvases.

    Constants are not folded: that would store the fields in float32.
    """
    inputs = (torch.zeros(1, ROWS, CODE_WIDTH), torch.ones(1, ROWS), torch.zeros(1, 1))
    export_graph(copy.deepcopy(head), inputs, ("extrinsic_code", "weights", "keep_color"), HEAD_OUTPUTS, path, fold=False)


def export_graph(module: nn.Module, inputs: tuple[Tensor, ...], names: tuple[str, ...], outputs: tuple[str, ...], path: Path, fold: bool = True) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), inputs, str(path), input_names=list(names), output_names=list(outputs), opset_version=OPSET,
            dynamo=False, do_constant_folding=fold,
        )  # fmt: skip
    store_halved(path)
    shorten_indices(path)
    check_graph(path)


def shorten_indices(path: Path) -> None:
    """Casts what is gathered by to int32 instead of int64: PyTorch gathers by the one alone, WebGPU by the other."""
    model = onnx.load(str(path))
    makers = {output: node for node in model.graph.node for output in node.output}
    for gather in (node for node in model.graph.node if node.op_type == "GatherElements"):
        node = makers[gather.input[1]]
        while node.op_type != "Cast":
            node = makers[node.input[0]]
        node.attribute[0].i = onnx.TensorProto.INT32
    write_atomic(path, model.SerializeToString())


def run_graph(path: Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """All outputs of a graph by name, by native ORT on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))
