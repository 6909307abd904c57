"""PyTorch → ONNX for student and style head, and the check that native ORT gives the same numbers."""

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
from distill.student.network import SIZE_PX, Student
from distill.student.style_head import CODE_SIZE, ROWS, StyleHead

OPSET = 17
WORTH_HALVING = 1024
"""Weights with fewer numbers stay as they are."""
FORBIDDEN = frozenset({"If", "Loop", "Scan", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"})


class HalfStudent(nn.Module):
    """The student computing in float16 between float32 input and output, so that callers feed both alike."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = copy.deepcopy(student).half()

    def forward(self, face: Tensor, modulation: Tensor) -> Tensor:
        opacity = torch.sigmoid(self.student.logits(face.half(), modulation.half()))
        return torch.cat([opacity[:, :3] * 2 - 1, opacity[:, 3:]], 1).float()


def round_weights(module: nn.Module) -> None:
    """Moves the large weights of a module, in place, to the nearest numbers that half precision holds, so that files can hold them so."""
    with torch.no_grad():
        for weight in module.parameters():
            if weight.numel() >= WORTH_HALVING:
                weight.copy_(weight.half())


def export_student(student: Student, path: Path, half: bool = False) -> None:
    """Writes face, modulation → styled with static shapes."""
    module = HalfStudent(student) if half else copy.deepcopy(student).float()
    inputs = (torch.zeros(1, 3, SIZE_PX, SIZE_PX), student.neutral[None].float().clone())
    _export(module, inputs, ["face", "modulation"], "styled", path)


def export_style_head(head: StyleHead, path: Path) -> None:
    """Writes extrinsic_code, weights, keep_color → modulation with static shapes."""
    inputs = (torch.zeros(1, ROWS, CODE_SIZE), torch.ones(1, ROWS), torch.zeros(1, 1))
    _export(copy.deepcopy(head), inputs, ["extrinsic_code", "weights", "keep_color"], "modulation", path)


def _export(module: nn.Module, inputs: tuple[Tensor, ...], names: list[str], output: str, path: Path) -> None:
    module = module.eval().to(memory_format=torch.contiguous_format)
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            inputs,
            str(path),
            input_names=names,
            output_names=[output],
            opset_version=OPSET,
            dynamo=False,
            do_constant_folding=True,
        )
    store_halved(path)
    check_graph(path)


def store_halved(path: Path) -> None:
    """Writes weights that lose nothing by it in half precision; the graph casts them back, which a runtime does once, at load."""
    model = onnx.load(str(path))
    graph, casts, renamed = model.graph, [], {}
    for tensor in graph.initializer:
        array = onnx.numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.size < WORTH_HALVING or not np.array_equal(array.astype(np.float16), array):
            continue
        tensor.CopyFrom(onnx.numpy_helper.from_array(array.astype(np.float16), tensor.name))
        renamed[tensor.name] = f"{tensor.name}.whole"
        casts.append(onnx.helper.make_node("Cast", [tensor.name], [renamed[tensor.name]], to=onnx.TensorProto.FLOAT))
    nodes = list(graph.node)
    for node in nodes:
        for place, name in enumerate(node.input):
            node.input[place] = renamed.get(name, name)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])
    write_atomic(path, model.SerializeToString())


def import_weights(module: nn.Module, path: Path) -> None:
    """Puts the weights of an exported graph back into a module of the same size.

    Raises ValueError, naming the file, where names or shapes differ from the module's.
    """
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(str(path)).graph.initializer}
    try:
        module.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
    except RuntimeError as error:
        raise ValueError(f"{path} does not fit a {type(module).__name__} of this size: {error}") from error


def check_graph(path: Path) -> None:
    """Raises ValueError for a graph with branches, randomness, moving shapes or weights stored twice."""
    model = onnx.load(str(path))
    onnx.checker.check_model(model, full_check=True)
    found = {node.op_type for node in model.graph.node} & FORBIDDEN
    if found:
        raise ValueError(f"{path} contains {', '.join(sorted(found))}; the SDK needs a straight, fixed graph.")
    for value in (*model.graph.input, *model.graph.output):
        if any(not dimension.HasField("dim_value") for dimension in value.type.tensor_type.shape.dim):
            raise ValueError(f"{path}: '{value.name}' has a dimension without a fixed size.")
    seen: dict[bytes, str] = {}
    for tensor in model.graph.initializer:
        raw = onnx.numpy_helper.to_array(tensor).tobytes()
        if len(raw) > 1024 and raw in seen:
            raise ValueError(f"{path}: weights '{tensor.name}' and '{seen[raw]}' are the same, stored twice.")
        seen[raw] = tensor.name


def run_onnx(path: Path, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """The graph's only output, by native ORT on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)[0]
