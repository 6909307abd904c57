"""``export-dual``: the dual generator as an ONNX graph whose weights are an input."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from distill.networks.dual import DualGenerator
from distill.networks.layout import CODE_DIM
from distill.student.onnx_export import OPSET, check_graph
from distill.teacher.licence import require_shippable
from distill.teacher.model import load_teacher

INPUTS = ("intrinsic_code", "extrinsic_code", "weights")


class _Drawing(nn.Module):
    """Z+ codes and weights → picture, without noise."""

    def __init__(self, dual: DualGenerator) -> None:
        super().__init__()
        self.dual = dual

    def forward(self, intrinsic_code: Tensor, extrinsic_code: Tensor, weights: Tensor) -> Tensor:
        return self.dual(intrinsic_code, extrinsic_code, weights)


def export_dual(dual: DualGenerator, path: Path) -> None:
    """Write intrinsic_code [1,L,512], extrinsic_code [1,L,512] (both Z+) and weights [1,L] → styled [1,3,S,S].

    One graph for every style and slider: raises ValueError if it had a branch or a size left open.
    """
    rows = dual.layout.layers
    inputs = (torch.zeros(1, rows, CODE_DIM) + 0.1, torch.zeros(1, rows, CODE_DIM) + 0.1, torch.ones(1, rows))
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Drawing(dual).eval(), inputs, str(path), input_names=list(INPUTS), output_names=["styled"], opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    check_graph(path)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("--teacher", type=Path, required=True, metavar="PATH", help="folder made by train-dual")
    parser.add_argument("--out", type=Path, default=Path("dual.onnx"), metavar="FILE")


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    teacher = load_teacher(args.teacher)
    require_shippable(teacher.licence, str(args.teacher))
    export_dual(teacher.dual, args.out)
    print(args.out)
