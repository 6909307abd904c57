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
from distill.measure.expressions import expression_measure, read_expressions
from distill.measure.features import InceptionFeatures, in_batches
from distill.measure.morphs import known_rows, morph_agreement, read_morphs
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

    checkpoint: of train-base or train-autoencoder, or what publish-base made of it. data, tiers,
    min_size_px, max_out_of_frame: real pictures; the photos of the val split are compared with, those
    of the train split give the baselines. samples: generated pictures
    (0: no generation metrics). held_out: how many val pictures are reconstructed (0: none).
    psi: truncation. ppl: pairs for the path length (0: none). identity: measure it (needs its
    network). face_model: FaceLandmarker bundle for expressions (none: not measured). morphs:
    atelier-renders' renders.jsonl; with it the renders of the val split give jaw and blink (needs
    face_model). rounds: ReStyle rounds to measure one by one (0: only as many as in training).
    results: the table to append to. name: what to call the row.
    """

    checkpoint: str
    data: tuple[str, ...]
    name: str = ""
    tiers: tuple[str, ...] = ()
    min_size_px: int = 0
    max_out_of_frame: float = 0.05
    samples: int = 1000
    held_out: int = 200
    psi: float = 1.0
    ppl: int = 200
    identity: bool = True
    face_model: str | None = None
    morphs: str | None = None
    rounds: int = 0
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


def draw_floor(real: Tensor, count: int, seed: int) -> Tensor:
    """As many training pictures as there are samples: the most that a generator can reach."""
    # Drawn, not the first ones: an index is sorted by source, and a source has a look of its own.
    return real[torch.randperm(len(real), generator=seeded(seed, "floor", 0))[:count]]


def generation_scores(fake: Tensor, real: Tensor, reference: Tensor, seed: int = 0) -> dict[str, dict[str, Any]]:
    """KID, FID, precision and recall of samples and, as the floor, of as many training pictures, against `reference`."""
    network = InceptionFeatures()
    target = in_batches(network, reference)
    rows = {}
    for name, pictures in (("", fake), ("training faces", draw_floor(real, len(fake), seed))):
        features = in_batches(network, pictures)
        kid = kernel_distance(features, target)
        precision, recall = precision_recall(target, features)
        rows[name] = {
            "KID ×1000 [95 %]": f"{kid.value:.1f} [{kid.low:.1f}, {kid.high:.1f}]",
            "FID": f"{frechet_distance(features, target):.1f}", "precision": f"{precision:.3f}", "recall": f"{recall:.3f}",
            "images": f"{len(pictures)} against {len(reference)}",
        }
    return rows


@torch.no_grad()
def rebuild(model: Autoencoder, pictures: Tensor, domains: Tensor, batch: int = 8) -> list[Tensor]:
    """The reconstructions of pictures [N,3,S,S] after each round."""
    parts = [model(p, d)[1] for p, d in zip(pictures.split(batch), domains.split(batch), strict=True)]
    return [torch.cat(outs).clamp(-1, 1) for outs in zip(*parts, strict=True)]


def rebuilt_by_name(model: Autoencoder, pictures: Tensor, domains: Tensor, rounds: int) -> dict[str, Tensor]:
    """Reconstructions as the model was trained (""), and of each round ("N = 1" …) if `rounds` is given."""
    trained = model.restyle_steps
    if not rounds:
        return {"": rebuild(model, pictures, domains)[-1]}
    if not trained:
        raise SystemExit("rounds: this encoder takes one pass; train one with restyle_steps (init takes this checkpoint) to measure rounds.")
    model.restyle_steps = max(rounds, trained)
    outs = rebuild(model, pictures, domains)
    model.restyle_steps = trained
    return {"": outs[trained - 1], **{f"N = {index + 1}": out for index, out in enumerate(outs[:rounds])}}


def reconstruction_scores(model: Autoencoder, photos: TrainingSet, train: Tensor, config: EvaluateConfig) -> dict[str, dict[str, Any]]:
    """Reconstruction scores of the model, the average face and the nearest training face."""
    from distill.measure.identity import FaceIdentity

    identity = FaceIdentity() if config.identity else None
    lpips = Lpips("vgg")
    pictures, domains = photos.take(torch.arange(min(config.held_out, len(photos.rows))))
    expressions = expression_measure(pictures, Path(config.face_model)) if config.face_model else None
    candidates = rebuilt_by_name(model, pictures, domains, config.rounds) | {
        "average face": average_face(train, len(pictures)), "nearest training face": nearest_faces(train, pictures),
    }
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


def render_scores(model: Autoencoder, held_out: TrainingSet, train: TrainingSet, config: EvaluateConfig) -> dict[str, dict[str, Any]]:
    """Jaw and blink of rebuilt renders against their morphs; the renders themselves are the most that can be had."""
    known = read_morphs(Path(config.morphs or ""))
    indices = known_rows(held_out.rows, known)
    if not indices or config.face_model is None:
        raise SystemExit("morphs: needs face_model, and renders of that file in the val split of data.")
    pictures, domains = held_out.take(torch.tensor(indices))
    truth = [known[Path(held_out.rows[index].file).stem] for index in indices]
    candidates = rebuilt_by_name(model, pictures, domains, config.rounds) | {"held-out renders": pictures}
    if any(row.domain == "render" for row in train.rows):
        candidates["nearest training render"] = nearest_faces(all_pictures(train.of_domain("render")), pictures)
    rows = {}
    for name, candidate in candidates.items():
        scores = morph_agreement(read_expressions(candidate, Path(config.face_model)), truth)
        rows[name] = {
            "jaw": f"{scores['jaw']:.2f}", "blink": f"{scores['blink']:.2f} ({scores['found']:.0%} found)",
            "images": f"{len(pictures)} renders",
        }
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
        return load_set(
            config.data, size_px, tiers=config.tiers, split=split, min_size_px=config.min_size_px,
            max_out_of_frame=config.max_out_of_frame, mirror=False,
        )

    train, held_out = load("train"), load("val")
    photos = held_out.of_domain("photo")
    learned = all_pictures(train.of_domain("photo"))
    rows: dict[str, dict[str, Any]] = {"": {}}
    if config.samples:
        fake = generate(generator, config.samples, config.psi, config.seed)
        rows |= generation_scores(fake, learned, all_pictures(photos), config.seed)
    if config.ppl:
        rows[""]["PPL"] = f"{perceptual_path_length(generator, Lpips('vgg').to(device), count=config.ppl):.2f}"
    model = load_autoencoder(state)
    if model is not None and config.held_out:
        _join(rows, reconstruction_scores(model, photos, learned, config))
    if model is not None and config.morphs:
        _join(rows, render_scores(model, held_out, train, config))
    path = Path(config.checkpoint)
    title = config.name or (path if path.is_dir() else path.parent).name
    common = {"chip": chip_name(device), "commit": state.get("commit", current_commit()), "command": command_line()}
    kimg = {"kimg": f"{state['position'] / 1000:.1f}"} if "position" in state else {}
    for name, row in rows.items():
        own = not name or name.startswith("N = ")
        what = ", ".join(part for part in (title, name) if part) if own else name
        append_row(Path(config.results), {**common, **(kimg if own else {}), **row, "what": what})
    return rows


def _join(rows: dict[str, dict[str, Any]], more: dict[str, dict[str, Any]]) -> None:
    for name, row in more.items():
        known = rows.setdefault(name, {})
        counts = ", ".join(part["images"] for part in (known, row) if "images" in part)
        rows[name] = known | row | {"images": counts}


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
