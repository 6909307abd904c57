"""``transfer``: photos in the style of an exemplar, with every control."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from distill.measure.perceptual import Lpips
from distill.networks.generator import Generator
from distill.networks.style_weights import expand_weights, structure_weights
from distill.teacher.codes import CodeBook, read_codes
from distill.teacher.faces import load_generator
from distill.teacher.likeness import face_likeness
from distill.teacher.model import Teacher, load_teacher
from distill.teacher.recommend import Recommendation, recommend
from distill.teacher.refine import Refinement
from distill.teacher.squares import load_squares, named_pictures
from distill.teacher.transfer import KEEPS, METHODS, Controls, blend, transfer
from distill.teacher.unseen import UNSEEN, unseen_codes
from distill.train.grids import save_grid
from distill.train.parallel import pick_device


class Exemplar(NamedTuple):
    """A style ready to use: code in Z+ [1,L,512], and a picture of it [1,3,S,S] for the sheet."""

    name: str
    code: Tensor
    picture: Tensor


def _book(args: argparse.Namespace, teacher: Teacher) -> CodeBook:
    book = read_codes(args.codes, teacher.layout.layers) if args.codes else teacher.codes()
    if book is None:
        raise SystemExit("Give --codes FILE with the extrinsic codes of the style, or a picture file as --exemplar.")
    return book


def _picture(args: argparse.Namespace, teacher: Teacher, book: CodeBook, index: int) -> Tensor:
    if args.portraits:
        return load_squares(named_pictures(args.portraits, [book.names[index]]), teacher.layout.size_px)
    code = book.codes[index : index + 1]
    return teacher.draw(code, code).cpu()


def find_exemplar(
    args: argparse.Namespace, teacher: Teacher, key: str, lpips: Lpips | None, fine_tuned: Generator | None
) -> Exemplar:
    """A style from a picture file (its code is optimised) or from the code book; raises SystemExit."""
    path = Path(key)
    if lpips is not None and path.is_file():
        portrait = load_squares([path], teacher.layout.size_px, args.face_model)
        config: Refinement = replace(UNSEEN, steps=args.steps)
        code, _, losses = unseen_codes(teacher, portrait, lpips, config, fine_tuned)
        print(f"{path.name}: loss {losses[0].item():.3f} → {losses.amin().item():.3f} in {args.steps} steps")
        return Exemplar(path.stem, code, portrait)
    book = _book(args, teacher)
    index = book.index(key)
    return Exemplar(Path(book.names[index]).stem, book.codes[index : index + 1].to(teacher.device), _picture(args, teacher, book, index))


def choose(args: argparse.Namespace, teacher: Teacher, photo: Tensor, lpips: Lpips | None, weights: Tensor | None) -> Recommendation:
    """The recommendation for one photo; prints the first three and what they were measured by."""
    book = _book(args, teacher)
    faces = read_codes(args.intrinsic, teacher.layout.layers) if args.intrinsic else teacher.codes("intrinsic")
    portraits = load_squares(named_pictures(args.portraits, book.names), teacher.layout.size_px) if args.portraits else None
    likeness, by = face_likeness(lpips)
    found = recommend(teacher, photo, book, lpips, likeness, faces=faces, portraits=portraits, weights=weights)
    for row in found[:3]:
        structure = row.weights[: teacher.layout.structure_layers].mean().item()
        print(f"  {row.name}: structure {structure:.2f}, likeness ({by}) {row.likeness:.3f}, closeness to it {row.closeness:.3f}")
    return found[0]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add = parser.add_argument
    add("photos", type=Path, nargs="+", metavar="PHOTO")
    add("--teacher", type=Path, required=True, metavar="PATH", help="folder made by train-dual or import, or a checkpoint of train-autoencoder")
    add("--exemplar", required=True, metavar="FILE|ID|auto", help="a portrait (its code is optimised), a name or number in --codes, "
        "or auto: the best for each photo")
    add("--codes", type=Path, metavar="FILE", help="extrinsic codes (default: those beside the teacher)")
    add("--intrinsic", type=Path, metavar="FILE", help="intrinsic codes of the same portraits, for auto")
    add("--portraits", type=Path, metavar="FOLDER", help="the portraits' squares, for auto and the sheet")
    add("--weights", metavar="LIST", help='a weight per row, such as "4*0,3*.75,11*1" (default: all 1)')
    add("--structure", type=float, default=1.0, help="factor on the structure rows, 0…1 (default: %(default)s)")
    add("--color", type=float, default=1.0, help="factor on the colour rows, 0…1 (default: %(default)s)")
    add("--keep-color", choices=KEEPS, default="none", help="w0: the photo's own colours; swap: the photo's colours through the style's")
    add("--blend", metavar="FILE|ID", help="a second exemplar to blend with")
    add("--blend-intrinsic", type=Path, metavar="PHOTO", help="a second photo to blend with")
    add("--blend-at", type=float, default=0.5, metavar="T", help="where between the two: 0 the first, 1 the second (default: %(default)s)")
    add("--method", choices=METHODS, default="dual", help="toonify and mix are baselines (default: %(default)s)")
    add("--fine-tuned", type=Path, metavar="FILE", help="checkpoint of finetune-base: for the baselines, and to destylize a portrait under g'")
    add("--truncation", type=float, default=1.0, metavar="PSI", help="of the photo's code (default: %(default)s)")
    add("--steps", type=int, default=UNSEEN.steps, help="optimisation steps for a portrait (default: %(default)s)")
    add("--face-model", type=Path, metavar="FILE", help="FaceLandmarker bundle that cuts out the face (default: pictures are aligned squares)")
    add("--device", default="auto", help="cpu, cuda or auto (default: %(default)s)")
    add("--out", type=Path, default=Path("transfer"), metavar="FOLDER", help="a picture per photo and sheet.png (photo, exemplar, result)")


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    teacher = load_teacher(args.teacher, pick_device(args.device))
    layout = teacher.layout
    if teacher.licence:
        print(f"Note: {teacher.licence}.")
    try:
        given = expand_weights(args.weights, layout.layers) if args.weights else None
    except ValueError as error:
        raise SystemExit(f"--weights: {error}") from None
    controls = Controls(given if given is not None else structure_weights(layout), args.structure, args.color, args.keep_color,
                        args.truncation, args.method)
    fine_tuned = load_generator(args.fine_tuned, layout).to(teacher.device) if args.fine_tuned else None
    optimises = any(key and (key == "auto" or Path(key).is_file()) for key in (args.exemplar, args.blend))
    lpips = Lpips("vgg").to(teacher.device) if optimises else None
    photos = load_squares(args.photos, layout.size_px, args.face_model)
    intrinsic = teacher.encode(photos)
    if args.blend_intrinsic:
        other = teacher.encode(load_squares([args.blend_intrinsic], layout.size_px, args.face_model))
        intrinsic = blend(intrinsic, other.expand_as(intrinsic), args.blend_at)
    fixed = None if args.exemplar == "auto" else find_exemplar(args, teacher, args.exemplar, lpips, fine_tuned)
    second = find_exemplar(args, teacher, args.blend, lpips, fine_tuned) if args.blend else None
    rows = []
    for index, path in enumerate(args.photos):
        exemplar, wanted = fixed, controls
        if exemplar is None:
            print(f"{path.name}:")
            best = choose(args, teacher, photos[index : index + 1], lpips, given)
            exemplar, wanted = find_exemplar(args, teacher, str(best.name), None, fine_tuned), replace(controls, weights=best.weights)
        extrinsic = exemplar.code if second is None else blend(exemplar.code, second.code, args.blend_at)
        picture = transfer(teacher, intrinsic[index : index + 1], extrinsic, wanted, fine_tuned).cpu()
        save_grid(args.out / f"{path.stem}-{exemplar.name}.png", picture, 1)
        rows += [photos[index : index + 1], exemplar.picture, picture]
    save_grid(args.out / "sheet.png", torch.cat(rows), 3)
    print(args.out / "sheet.png")
