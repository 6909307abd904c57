"""``sample``: random faces in random styles, with content, structure or colours held fixed."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from distill.networks.style_weights import expand_weights, structure_weights
from distill.teacher.codes import CodeBook, write_codes
from distill.teacher.licence import joined
from distill.teacher.model import Teacher, load_sampler, load_teacher
from distill.teacher.sampler import sample_codes
from distill.teacher.sampler_network import Sampler
from distill.train.draws import seeded
from distill.train.grids import save_grid


def sample_pictures(
    teacher: Teacher, sampler: Sampler, count: int, weights: torch.Tensor, *, fix: tuple[str, ...] = (), psi: float = 0.5, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures [count,3,S,S] and their extrinsic codes. `fix`: any of content, structure, color.

    What is fixed is the same as the first of an unfixed draw with the same seed.
    """
    faces = teacher.random_faces(count, seeded(seed, "sample-content", 0), psi)
    if "content" in fix:
        faces = faces[:1].expand(count, -1, -1)
    draw = seeded(seed, "sample-style", 0)
    codes = sample_codes(sampler, count, draw, fix_structure="structure" in fix, fix_color="color" in fix)
    rows = weights.to(teacher.device).expand(count, -1)
    pictures = []
    with torch.no_grad():
        for part in torch.arange(count).split(8):
            styles = teacher.dual.extrinsic_styles(codes[part].to(teacher.device))
            pictures.append(teacher.dual.synthesize(faces[part], styles, rows[part]).cpu())
    return torch.cat(pictures), codes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("--teacher", type=Path, required=True, metavar="PATH", help="checkpoint of train-dual, or a folder made by import")
    parser.add_argument("--sampler", type=Path, metavar="FILE", help="made by train-sampler (default: the one beside an imported teacher)")
    parser.add_argument("--count", type=int, default=16, help="how many pictures (default: %(default)s)")
    for part in ("content", "structure", "color"):
        parser.add_argument(f"--fix-{part}", action="append_const", dest="fix", const=part, help=f"the same {part} in all")
    parser.add_argument("--weights", metavar="LIST", help='weights per row, such as "4*0,3*.75,11*1" (default: all 1)')
    parser.add_argument("--truncation", type=float, default=0.5, metavar="PSI", help="of the faces: 1 any, 0 the mean (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("samples"), metavar="FOLDER", help="grid.png and codes.safetensors go there")


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    teacher = load_teacher(args.teacher)
    path = args.sampler or (teacher.folder / "sampler.safetensors" if teacher.folder else None)
    if path is None:
        raise SystemExit("Give --sampler FILE, which train-sampler makes.")
    sampler, licence = load_sampler(path, teacher.layout)
    weights = expand_weights(args.weights, teacher.layout.layers) if args.weights else structure_weights(teacher.layout)
    pictures, codes = sample_pictures(
        teacher, sampler, args.count, weights, fix=tuple(args.fix or ()), psi=args.truncation, seed=args.seed
    )
    save_grid(args.out / "grid.png", pictures, min(8, args.count))
    names = tuple(f"sample-{args.seed}-{index}" for index in range(args.count))
    write_codes(args.out / "codes.safetensors", CodeBook(names, codes, "extrinsic", joined(teacher.licence, licence)))
    print(args.out / "grid.png")
