"""``evaluate-style``: what a teacher makes of held-out photos, in numbers, beside baselines, into a table."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from distill.config import add_config_arguments, config_text, load_config
from distill.data.training_set import load_set
from distill.losses.contextual import contextual_loss, style_features
from distill.measure.distributions import kernel_distance
from distill.measure.expressions import expression_measure
from distill.measure.features import InceptionFeatures, in_batches
from distill.measure.perceptual import Lpips
from distill.measure.reconstruction import right_of_crowd
from distill.measure.results import append_row, chip_name, command_line
from distill.networks.style_weights import expand_weights, structure_weights
from distill.run import current_commit
from distill.teacher.codes import CodeBook, read_codes
from distill.teacher.faces import load_generator
from distill.teacher.flicker import measure_flicker
from distill.teacher.model import Teacher, load_teacher
from distill.teacher.squares import load_squares, named_pictures
from distill.teacher.transfer import METHODS, Controls, Keep, Method, transfer
from distill.train.parallel import pick_device

COLUMNS = (
    "what", "KID ×1000 to the style [95 %]", "contextual to its exemplar", "to another's", "LPIPS to its exemplar", "identity",
    "right of 20", "expression", "flicker (× photo's)", "images", "chip", "commit", "command",
)
HEADER = (
    "# Styles\n\nHeld-out photos, each in the style of one exemplar in turn. KID: to the style's portraits, lower is nearer. Contextual: "
    "exp(−contextual loss), 1 is alike; to another exemplar's portrait as the comparison. LPIPS: of each portrait redrawn from its own "
    "codes. Identity: mean cosine to the photo, then how often it beats 19 others (chance 5 %). Expression: correlation with the photo's. "
    "Flicker: change between frames of a still face under a trembling crop, against the photo's own.\n\n"
)


@dataclass(frozen=True)
class StyleEvaluation:
    """Settings of `evaluate-style`.

    teacher: folder of train-dual or import, or checkpoint of train-autoencoder (stage I). data, split, tiers:
    photos. portraits: folder of the style's squares; extrinsic, intrinsic: their codes by name (default:
    beside the teacher; without intrinsic ones no LPIPS). weights, structure, colour, keep_color, method,
    fine_tuned: as in `transfer`. count: photos. clips: how many of them for flicker (0: none).
    identity: measure it (needs its network). face_model: for expressions (none: not measured).
    baselines: also the photos themselves, as the other end of every scale.
    results: the table to append to. name: what to call the row.
    """

    teacher: str
    data: tuple[str, ...]
    portraits: str
    extrinsic: str | None = None
    intrinsic: str | None = None
    name: str = ""
    split: str = "val"
    tiers: tuple[str, ...] = ()
    weights: str | None = None
    structure: float = 1.0
    colour: float = 1.0
    keep_color: Keep = "none"
    method: Method = METHODS[0]
    fine_tuned: str | None = None
    count: int = 100
    clips: int = 8
    identity: bool = True
    face_model: str | None = None
    baselines: bool = True
    results: str = "STYLES.md"
    seed: int = 0
    device: str = "auto"


@dataclass(frozen=True)
class Material:
    """What is measured with: photos and portraits [.,3,S,S], the exemplars' codes, the face codes behind them if known."""

    photos: Tensor
    portraits: Tensor
    styles: CodeBook
    faces: CodeBook | None

    @property
    def turns(self) -> Tensor:
        """Which exemplar each photo takes: each in turn."""
        return torch.arange(len(self.photos)) % len(self.styles.names)


def load_material(config: StyleEvaluation, teacher: Teacher) -> Material:
    """Read photos, portraits and codes; raises SystemExit with a sentence for what is missing."""
    rows, size_px = teacher.layout.layers, teacher.layout.size_px
    styles = read_codes(Path(config.extrinsic), rows) if config.extrinsic else teacher.codes()
    if styles is None:
        raise SystemExit("evaluate-style needs extrinsic codes: give extrinsic, or a teacher with exstyle_code.safetensors beside it.")
    faces = read_codes(Path(config.intrinsic), rows) if config.intrinsic else teacher.codes("intrinsic")
    portraits = load_squares(named_pictures(Path(config.portraits), styles.names), size_px)
    photos = load_set(config.data, size_px, tiers=config.tiers, split=config.split, mirror=False)
    chosen = torch.randperm(len(photos.rows), generator=torch.Generator().manual_seed(config.seed))[: config.count]
    return Material(photos.take(chosen)[0], portraits, styles, faces.only(styles.names) if faces is not None else None)


@torch.no_grad()
def contextual_similarity(lpips: Lpips, pictures: Tensor, portraits: Tensor) -> float:
    """Mean exp(−contextual loss) of pictures [N,3,S,S] to their portraits, 0…1."""
    values = []
    for a, b in zip(pictures.split(4), portraits.split(4), strict=True):
        features = [style_features(lpips, part.to(lpips.shift.device))[1] for part in (a, b)]
        values.append(torch.exp(-contextual_loss(*features)).cpu())
    return torch.cat(values).mean().item()


class Scorer:
    """Measures pictures made of the material's photos; what belongs to photos and portraits is read once."""

    def __init__(self, config: StyleEvaluation, material: Material, lpips: Lpips) -> None:
        from distill.measure.identity import FaceIdentity

        self.material, self.lpips = material, lpips
        self.inception = InceptionFeatures()
        self.style = in_batches(self.inception, material.portraits)
        self.identity = FaceIdentity() if config.identity else None
        self.agreement = expression_measure(material.photos, Path(config.face_model)) if config.face_model else None

    def scores(self, outs: Tensor) -> dict[str, str]:
        """Columns of the table for pictures [N,3,S,S], one per photo."""
        outs, material = outs.clamp(-1, 1).cpu(), self.material
        kid = kernel_distance(in_batches(self.inception, outs), self.style)
        row = {
            "KID ×1000 to the style [95 %]": f"{kid.value:.1f} [{kid.low:.1f}, {kid.high:.1f}]",
            "contextual to its exemplar": f"{contextual_similarity(self.lpips, outs, material.portraits[material.turns]):.3f}",
            "images": f"{len(outs)} photos, {len(material.portraits)} portraits",
        }
        if len(material.portraits) > 1:
            others = material.portraits.roll(1, 0)[material.turns]
            row["to another's"] = f"{contextual_similarity(self.lpips, outs, others):.3f}"
        if self.identity is not None:
            with torch.no_grad():
                cosines = [self.identity.similarity(a, b) for a, b in zip(outs.split(8), material.photos.split(8), strict=True)]
            row["identity"] = f"{torch.cat(cosines).mean():.3f}"
            row["right of 20"] = f"{right_of_crowd(self.identity, outs, material.photos):.0%}"
        if self.agreement is not None:
            found = self.agreement(outs)
            row["expression"] = f"{found.correlation:.2f} ({found.found:.0%} found)"
        return row


def run_evaluation(config: StyleEvaluation) -> dict[str, dict[str, str]]:
    """Measure; returns the rows by what they describe ("" is the teacher) and adds them to the table."""
    device = pick_device(config.device)
    teacher = load_teacher(Path(config.teacher), device)
    material = load_material(config, teacher)
    lpips = Lpips("vgg").to(device)
    weights = expand_weights(config.weights, teacher.layout.layers) if config.weights else structure_weights(teacher.layout)
    controls = Controls(weights, config.structure, config.colour, config.keep_color, method=config.method)
    fine_tuned = load_generator(Path(config.fine_tuned), teacher.layout).to(device) if config.fine_tuned else None

    def stylize(photos: Tensor, codes: Tensor) -> Tensor:
        return transfer(teacher, teacher.encode(photos), codes.to(device), controls, fine_tuned).cpu()

    codes = material.styles.codes[material.turns]
    scorer = Scorer(config, material, lpips)
    rows = {"": scorer.scores(stylize(material.photos, codes))}
    if material.faces is not None and config.method == "dual":
        redrawn = teacher.draw(material.faces.codes, material.styles.codes).clamp(-1, 1)
        with torch.no_grad():
            distances = [lpips(a, b.to(device)).cpu() for a, b in zip(redrawn.split(8), material.portraits.split(8), strict=True)]
        rows[""]["LPIPS to its exemplar"] = f"{torch.cat(distances).mean():.3f}"
    if config.clips:
        # One style per clip: each of its frames is encoded anew, as in a video.
        clips = material.photos[: config.clips]
        found = [measure_flicker(clips[i : i + 1], lambda clip, i=i: stylize(clip, codes[i : i + 1].expand(len(clip), -1, -1)), seed=i)
                 for i in range(len(clips))]
        drawn, photo = (sum(getattr(f, name) for f in found) / len(found) for name in ("drawn", "photo"))
        rows[""]["flicker (× photo's)"] = f"{drawn:.2f} ({drawn / photo:.1f}×)"
    if config.baselines:
        rows["the photos themselves"] = scorer.scores(material.photos)
    common = {"chip": chip_name(device), "commit": current_commit(), "command": command_line()}
    for name, row in rows.items():
        title = name or config.name or Path(config.teacher).name
        append_row(Path(config.results), {**common, **row, "what": title}, COLUMNS, HEADER)
    return rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    config = load_config(StyleEvaluation, args)
    print(config_text(config))
    if args.dry_run:
        return
    for name, row in run_evaluation(config).items():
        print(name or "teacher", row)
    print(f"Added to {config.results}.")
