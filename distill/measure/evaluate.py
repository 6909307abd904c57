"""``evaluate``: a checkpoint's generation and reconstruction, beside baselines, into one table."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from distill.checkpoint import load_checkpoint
from distill.config import add_config_arguments, config_text, load_config, make_config
from distill.data.training_set import TrainingSet, load_set
from distill.measure.distributions import frechet_distance, kernel_distance, precision_recall
from distill.measure.expressions import expression_measure
from distill.measure.features import InceptionFeatures, in_batches
from distill.measure.perceptual import Lpips
from distill.measure.reconstruction import average_face, compare, nearest_faces
from distill.measure.results import append_row, chip_name, command_line
from distill.measure.smoothness import perceptual_path_length
from distill.networks.generator import Generator, draw_noise, truncate
from distill.networks.layout import CODE_DIM, Layout
from distill.run import current_commit
from distill.train.autoencoder_config import AutoencoderConfig
from distill.train.autoencoder_trainer import Autoencoder
from distill.train.draws import seeded
from distill.train.parallel import pick_device


@dataclass(frozen=True)
class EvaluateConfig:
    """Settings of `evaluate`.

    checkpoint: of train-base or train-autoencoder. data, tiers, min_size_px: real pictures; the
    val split is compared with, the train split gives the baselines. samples: generated pictures
    (0: no generation metrics). held_out: how many val pictures are reconstructed (0: none).
    psi: truncation. ppl: pairs for the path length (0: none). identity: measure it (needs its
    network). face_model: FaceLandmarker bundle for expressions (none: not measured).
    results: the table to append to. name: what to call the row.
    """

    checkpoint: str
    data: tuple[str, ...]
    name: str = ""
    tiers: tuple[str, ...] = ()
    min_size_px: int = 0
    samples: int = 1000
    held_out: int = 200
    psi: float = 1.0
    ppl: int = 200
    identity: bool = True
    face_model: str | None = None
    results: str = "RESULTS.md"
    seed: int = 0
    device: str = "auto"


@torch.no_grad()
def generate(generator: Generator, count: int, psi: float, seed: int) -> Tensor:
    """Seeded samples [N,3,S,S] on the CPU."""
    device = generator.input.input.device
    centre = generator.mean_w()
    z = torch.randn(count, CODE_DIM, generator=seeded(seed, "evaluate", 0))
    draw = seeded(seed, "evaluate-noise", 0, device)
    parts = []
    for part in z.split(16):
        w = truncate(generator.map(part.to(device)), centre, psi)
        parts.append(generator.synthesize(w, draw_noise(generator.layout, len(part), draw, device)).cpu())
    return torch.cat(parts)


def all_pictures(data: TrainingSet) -> Tensor:
    """Every picture of a set, unmirrored [N,3,S,S] in [-1,1]."""
    return data.take(torch.arange(len(data.rows)))[0]


def generation_scores(fake: Tensor, real: Tensor, reference: Tensor, seed: int = 0) -> dict[str, dict[str, Any]]:
    """KID, FID, precision and recall of samples and, as the floor, of as many training pictures, against `reference`."""
    network = InceptionFeatures()
    target = in_batches(network, reference)
    rows = {}
    # Drawn, not the first ones: an index is sorted by source, and a source has a look of its own.
    floor = real[torch.randperm(len(real), generator=seeded(seed, "floor", 0))[: len(fake)]]
    for name, pictures in (("", fake), ("training faces", floor)):
        features = in_batches(network, pictures)
        kid = kernel_distance(features, target)
        precision, recall = precision_recall(target, features)
        rows[name] = {
            "KID ×1000 [95 %]": f"{kid.value:.1f} [{kid.low:.1f}, {kid.high:.1f}]",
            "FID": f"{frechet_distance(features, target):.1f}", "precision": f"{precision:.3f}", "recall": f"{recall:.3f}",
            "images": f"{len(pictures)} against {len(reference)}",
        }
    return rows


def reconstruction_scores(model: Autoencoder, photos: TrainingSet, train: Tensor, config: EvaluateConfig) -> dict[str, dict[str, Any]]:
    """Reconstruction scores of the model, the average face and the nearest training face."""
    from distill.measure.identity import FaceIdentity

    identity = FaceIdentity() if config.identity else None
    lpips = Lpips("vgg")
    indices = torch.arange(min(config.held_out, len(photos.rows)))
    pictures, domains = photos.take(indices)
    expressions = expression_measure(pictures, Path(config.face_model)) if config.face_model else None
    with torch.no_grad():
        outs = torch.cat([model(p, d)[1][-1] for p, d in zip(pictures.split(8), domains.split(8), strict=True)])
    candidates = {"": outs, "average face": average_face(train, len(pictures)), "nearest training face": nearest_faces(train, pictures)}
    rows = {}
    for name, candidate in candidates.items():
        scores = compare(candidate, pictures, lpips, identity=identity, expressions=expressions)
        row = {"LPIPS": f"{scores['lpips']:.3f}", "PSNR": f"{scores['psnr']:.2f}", "images": f"{len(pictures)} rebuilt"}
        if "right_of_20" in scores:
            row["right of 20"] = f"{scores['right_of_20']:.0%}"
        if "expression" in scores:
            row["expression"] = f"{scores['expression']:.2f} ({scores['faces_found']:.0%} found)"
        rows[name] = row
    return rows


def load_generator(state: dict[str, Any], device: torch.device) -> Generator:
    """The averaged generator of a checkpoint."""
    generator = Generator(Layout(**state["layout"]))
    generator.load_state_dict(state["ema"])
    return generator.to(device).eval().requires_grad_(False)


def load_autoencoder(state: dict[str, Any]) -> Autoencoder | None:
    """The averaged autoencoder of a checkpoint of train-autoencoder, else None."""
    if "ema_model" not in state:
        return None
    model = Autoencoder(make_config(AutoencoderConfig, state["config"]))
    model.load_state_dict(state["ema_model"])
    return model.eval().requires_grad_(False)


def run_evaluate(config: EvaluateConfig) -> dict[str, dict[str, Any]]:
    """Measure; returns the rows by what they describe ("" is the checkpoint)."""
    device = pick_device(config.device)
    state = load_checkpoint(Path(config.checkpoint))
    generator = load_generator(state, device)
    size_px = generator.layout.size_px

    def load(split: str) -> TrainingSet:
        return load_set(config.data, size_px, tiers=config.tiers, split=split, min_size_px=config.min_size_px, mirror=False)

    train, held_out = load("train"), load("val")
    rows: dict[str, dict[str, Any]] = {"": {}}
    if config.samples:
        fake = generate(generator, config.samples, config.psi, config.seed)
        rows |= generation_scores(fake, all_pictures(train), all_pictures(held_out), config.seed)
    if config.ppl:
        rows[""]["PPL"] = f"{perceptual_path_length(generator, Lpips('vgg').to(device), count=config.ppl):.2f}"
    model = load_autoencoder(state)
    if model is not None and config.held_out:
        for name, row in reconstruction_scores(model, held_out, all_pictures(train), config).items():
            known = rows.setdefault(name, {})
            counts = ", ".join(part["images"] for part in (known, row) if "images" in part)
            rows[name] = known | row | {"images": counts}
    title = config.name or Path(config.checkpoint).parent.name
    common = {"chip": chip_name(device), "commit": state.get("commit", current_commit()), "command": command_line()}
    kimg = {"kimg": f"{state['position'] / 1000:.1f}"} if "position" in state else {}
    for name, row in rows.items():
        append_row(Path(config.results), {**common, **(kimg if not name else {}), **row, "what": name or title})
    return rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    config = load_config(EvaluateConfig, args)
    print(config_text(config))
    if args.dry_run:
        return
    for name, row in run_evaluate(config).items():
        print(name or "checkpoint", row)
    print(f"Added to {config.results}.")
