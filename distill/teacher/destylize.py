"""``destylize``: the faces behind portraits, and codes of both."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from distill.config import ConfigError, add_config_arguments, config_text, load_config
from distill.measure.perceptual import Lpips
from distill.networks.generator import Generator
from distill.teacher.destylize_config import DestylizeConfig
from distill.teacher.destylize_report import Report, measure_faces, read_report, table, write_report
from distill.teacher.destylize_ways import Codes, by_encoder, by_optimisation
from distill.teacher.faces import FaceEncoder, load_faces, load_generator
from distill.teacher.portraits import ExactPairs, Portraits, load_pairs, load_portraits
from distill.teacher.style_set import StyleSet
from distill.train.grids import save_grid
from distill.train.parallel import pick_device

METHODS = ("optimize", "redestyle")
SHOWN = 8
TABLE = "comparison.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)
    parser.add_argument(
        "--method", choices=(*METHODS, "both"), required=True,
        help="optimize: fit codes under g′, then embed; redestyle: re-encode in rounds; both: and compare",
    )


def main(args: argparse.Namespace) -> int:
    """Run the verb."""
    config = load_config(DestylizeConfig, args)
    if not (config.style or config.exact):
        raise ConfigError("destylize needs portraits: give style, or exact (folders of pairs).")
    methods = METHODS if args.method == "both" else (args.method,)
    if "optimize" in methods and config.tuned is None:
        raise ConfigError("--method optimize fits codes under g′: give tuned (a checkpoint of finetune-base).")
    if args.dry_run:
        print(f"{config_text(config)}would run {' and '.join(methods)} into {config.out}.")
        return 0
    device = pick_device(config.device)
    g, encoder = (part.to(device) for part in load_faces(Path(config.base)))
    portraits, pairs = load_sources(config, g.layout.size_px)
    reports = [run_method(method, config, portraits, pairs, g, encoder, device) for method in methods]
    reports += [report for method in METHODS if method not in methods and (report := read_report(Path(config.out) / method))]
    text = table(reports)
    (Path(config.out) / TABLE).write_text(text, encoding="utf-8")
    print(text)
    return 0


def load_sources(config: DestylizeConfig, size_px: int) -> tuple[Portraits, ExactPairs | None]:
    """The portraits to destylize; with exact pairs alone they are the pairs' portraits and the photos are known."""
    if config.style and config.exact:
        raise ConfigError("give style or exact, not both: only pairs say what the faces should have been.")
    if config.exact:
        pairs = load_pairs(config.exact, size_px, config.limit)
        return Portraits(pairs.names, pairs.portraits, pairs.people), pairs
    found = load_portraits(config.style, size_px)
    count = config.limit or len(found.names)
    return Portraits(found.names[:count], found.pictures[:count], found.people[:count]), None


def run_method(
    method: str, config: DestylizeConfig, portraits: Portraits, pairs: ExactPairs | None, g: Generator, encoder: FaceEncoder,
    device: torch.device,
) -> Report:
    """Destylize all portraits one way; writes codes, a sheet and the report into out/METHOD."""
    folder = Path(config.out) / method
    lpips = Lpips("vgg").to(device)
    identity = identity_network(config, device)
    similarity = None if identity is None else identity.similarity
    pictures = portraits.floats().to(device)
    tuned = load_generator(Path(config.tuned), g.layout).to(device) if method == "optimize" else None
    parts: list[Codes] = []
    started = time.monotonic()
    for index, part in enumerate(tqdm(pictures.split(config.batch), desc=method, unit="batch")):
        if tuned is None:
            parts.append(by_encoder(part, g, encoder, config))
        else:
            parts.append(by_optimisation(part, g, encoder, tuned, config, lpips, similarity, f"noise-{index}"))
    seconds = (time.monotonic() - started) / len(pictures)
    intrinsic, extrinsic, faces = (torch.cat(column) for column in zip(*parts, strict=True))
    faces = faces.clamp(-1, 1)
    StyleSet(portraits.names, portraits.pictures, intrinsic, extrinsic).write(folder)
    photos = None if pairs is None else (pairs.photos.float() / 127.5 - 1).to(device)
    _show(folder, pictures, faces, photos)
    face_model = Path(config.face_model) if config.face_model else None
    measures = measure_faces(
        faces, portraits.people, lpips, similarity, photos=photos, originals=pictures if photos is None else photos,
        face_model=face_model,
    )
    report = Report(method, len(pictures), seconds, **measures)
    write_report(folder, report)
    return report


def identity_network(config: DestylizeConfig, device: torch.device) -> nn.Module | None:
    """The network of the identity loss and measure, if its weight asks for it."""
    if not config.identity:
        return None
    from distill.measure.identity import FaceIdentity

    return FaceIdentity().to(device).requires_grad_(False)


def _show(folder: Path, pictures: Tensor, faces: Tensor, photos: Tensor | None) -> None:
    columns = min(SHOWN, len(pictures))
    rows = [pictures[:columns], faces[:columns]] + ([] if photos is None else [photos[:columns]])
    save_grid(folder / "sheet.png", torch.cat(rows), columns)
