"""``refine``: the extrinsic codes of a style's portraits, refined against the portraits."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch

from distill.config import add_config_arguments, config_text, load_config
from distill.measure.perceptual import Lpips
from distill.teacher.codes import read_codes, write_codes
from distill.teacher.licence import joined
from distill.teacher.model import load_teacher
from distill.teacher.refine import Refinement, refine_codes
from distill.teacher.squares import load_squares, named_pictures
from distill.train.parallel import pick_device


@dataclass(frozen=True)
class RefineConfig:
    """Settings of `refine`.

    teacher: a checkpoint of train-dual or a folder made by `import`. extrinsic, intrinsic: codes of
    the same portraits, by name. portraits: the folder of their squares. limit: the first so many; 0: all.
    out: the refined codes.
    The others: see Refinement.
    """

    teacher: str
    extrinsic: str
    intrinsic: str
    portraits: str
    limit: int = 0
    out: str = "refined.safetensors"
    steps: int = 100
    lr_structure: float = 0.005
    lr_colour: float = 0.01
    perceptual: float = 1.0
    contextual: float = 1.0
    batch: int = 4
    device: str = "auto"


def run_refine(config: RefineConfig) -> tuple[float, float]:
    """Refine and write; returns the mean loss before and after."""
    device = pick_device(config.device)
    teacher = load_teacher(Path(config.teacher), device)
    book = read_codes(Path(config.extrinsic), teacher.layout.layers)
    if config.limit:
        book = book.only(book.names[: config.limit])
    faces = read_codes(Path(config.intrinsic), teacher.layout.layers).only(book.names)
    portraits = load_squares(named_pictures(Path(config.portraits), book.names), teacher.layout.size_px)
    lpips = Lpips("vgg").to(device)
    refinement = Refinement(config.steps, config.lr_structure, config.lr_colour, config.perceptual, config.contextual)
    codes, first, last = [], [], []
    for part in torch.arange(len(book.names)).split(config.batch):
        found, losses = refine_codes(
            teacher.dual, faces.codes[part].to(device), book.codes[part].to(device), portraits[part].to(device), lpips, refinement
        )
        codes.append(found.cpu())
        first.append(losses[0].cpu())
        last.append(losses.amin(0).cpu())
    licence = joined(teacher.licence, book.licence, faces.licence)
    write_codes(Path(config.out), type(book)(book.names, torch.cat(codes), "extrinsic", licence))
    return torch.cat(first).mean().item(), torch.cat(last).mean().item()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    config = load_config(RefineConfig, args)
    print(config_text(config))
    if args.dry_run:
        return
    before, after = run_refine(config)
    print(f"Loss {before:.4f} → {after:.4f}; {config.out}")
