"""``base-sheets``: what a face generator and its encoder do, as five small pictures to look at.

``samples`` (random faces), ``people`` (held-out photo above reconstruction), ``mixing`` (coarse rows of
one, fine rows of another, below each other for each place of the cut), ``interpolation`` (two of people,
two of random codes) and ``nearest`` (a sample beside the training picture most like it).
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor

from distill.checkpoint import load_checkpoint, write_atomic
from distill.config import add_config_arguments, config_text, load_config
from distill.data.training_set import TrainingSet, load_set
from distill.measure.evaluate import all_pictures, load_autoencoder, load_generator, rebuild
from distill.measure.reconstruction import nearest_faces, thumbnails
from distill.networks.generator import Generator, truncate
from distill.networks.layout import CODE_DIM, Layout
from distill.train.autoencoder_trainer import Autoencoder
from distill.train.draws import seeded
from distill.train.grids import tile
from distill.train.parallel import pick_device

COLUMNS = 8
CUTS = (5, 7, 9)


@dataclass(frozen=True)
class SheetsConfig:
    """Settings of `base-sheets`.

    checkpoint: of train-base or train-autoencoder (without an encoder only what random codes give),
    or what publish-base made of it. data, max_out_of_frame: real pictures. show: sources of the photos
    that may be shown (none: all); renders may always. out: folder to write. samples, people: how many,
    multiples of 8; people takes fewer if fewer are held out. psi: truncation of random codes.
    quality: of the WebP files, 1–100.
    """

    checkpoint: str
    data: tuple[str, ...]
    out: str
    show: tuple[str, ...] = ()
    max_out_of_frame: float = 0.05
    samples: int = 64
    people: int = 16
    psi: float = 0.7
    quality: int = 80
    seed: int = 0
    device: str = "auto"


@torch.no_grad()
def draw_samples(generator: Generator, count: int, psi: float, seed: int) -> Tensor:
    """Random faces [N,3,S,S] without noise, on the CPU."""
    codes = random_codes(generator, count, psi, seed)
    return torch.cat([generator.synthesize(part).cpu() for part in codes.split(16)])


@torch.no_grad()
def random_codes(generator: Generator, count: int, psi: float, seed: int) -> Tensor:
    """Mapped random codes [N,512], truncated."""
    z = torch.randn(count, CODE_DIM, generator=seeded(seed, "sheets", 0)).to(generator.input.input.device)
    return truncate(generator.map(z), generator.mean_w(), psi)


def mix_rows(coarse: Tensor, fine: Tensor, cut: int) -> Tensor:
    """Codes [N,L,512]: rows before `cut` of `coarse`, the others of `fine`."""
    return torch.cat([coarse[:, :cut], fine[:, cut:]], 1)


@torch.no_grad()
def draw_mixes(model: Autoencoder, pictures: Tensor, domains: Tensor, cuts: tuple[int, ...] = CUTS) -> list[Tensor]:
    """The pictures whose coarse rows are used, those whose fine rows are, then the mixes of each cut."""
    codes = model.codes(pictures)[-1]
    others = codes.roll(-1, 0)
    return [pictures, pictures.roll(-1, 0), *(model.decode(mix_rows(codes, others, cut), domains).cpu() for cut in cuts)]


@torch.no_grad()
def draw_path(generator: Generator, ends: tuple[Tensor, Tensor], steps: int = COLUMNS) -> Tensor:
    """Pictures on the straight way between two codes in W+ [L,512]."""
    places = torch.linspace(0, 1, steps, device=ends[0].device)[:, None, None]
    return generator.synthesize(torch.lerp(ends[0][None], ends[1][None], places)).cpu()


class Sheet(NamedTuple):
    """Pictures [N,3,S,S] in the order of a grid of `columns`."""

    pictures: Tensor
    columns: int = COLUMNS


def interleave(rows: list[Tensor], columns: int = COLUMNS) -> Sheet:
    """Lists of pictures of equal length as rows of at most `columns`, one list's row below the other's."""
    columns = min(columns, len(rows[0]))
    cut = zip(*(row.split(columns) for row in rows), strict=True)
    return Sheet(torch.cat([part for parts in cut for part in parts]), columns)


def shown(data: TrainingSet, sources: tuple[str, ...]) -> TrainingSet:
    """The pictures that may be shown: of these sources, and renders."""
    kept = [index for index, row in enumerate(data.rows) if not sources or row.source in sources or row.domain == "render"]
    return TrainingSet(data.pictures[kept], [data.rows[index] for index in kept], mirror=False)


def save_webp(path: Path, sheet: Sheet, quality: int) -> int:
    """Write a grid as WebP; returns its weight in bytes."""
    out = io.BytesIO()
    Image.fromarray(tile(*sheet).numpy()).save(out, "WEBP", quality=quality, method=6)
    write_atomic(path, out.getvalue())
    return len(out.getvalue())


def memorised(samples: Tensor, held_out: Tensor, train: Tensor) -> tuple[float, float]:
    """Median distance to the nearest training picture (32 px thumbnails): of samples, and of held-out pictures."""
    known = thumbnails(train)
    samples_to, held_out_to = (torch.cdist(thumbnails(x), known).min(1).values.median().item() for x in (samples, held_out))
    return samples_to, held_out_to


def draw_sheets(config: SheetsConfig) -> dict[str, Sheet]:
    """Every sheet by its name."""
    device = pick_device(config.device)
    state = load_checkpoint(config.checkpoint)
    generator, model = load_generator(state, device), load_autoencoder(state)

    def load(split: str) -> TrainingSet:
        return load_set(config.data, Layout(**state["layout"]).size_px, split=split, max_out_of_frame=config.max_out_of_frame, mirror=False)

    train, held_out = load("train"), load("val")
    samples = draw_samples(generator, config.samples, config.psi, config.seed)
    sheets, first = {"samples": Sheet(samples)}, samples[: 2 * COLUMNS]
    sheets["nearest"] = interleave([first, nearest_faces(all_pictures(shown(train, config.show)), first)])
    distances = memorised(samples, all_pictures(held_out.of_domain("photo")), all_pictures(train.of_domain("photo")))
    print("Median distance to the nearest training photo: samples {:.2f}, held-out photos {:.2f}.".format(*distances))
    codes = generator.rows(random_codes(generator, 4, config.psi, config.seed + 1))
    paths = [(codes[0], codes[1]), (codes[2], codes[3])]
    if model is not None:
        people = shown(held_out, config.show).of_domain("photo")
        count = min(config.people, len(people.rows)) // COLUMNS * COLUMNS or len(people.rows)
        pictures, domains = people.take(torch.arange(count))
        sheets["people"] = interleave([pictures, rebuild(model, pictures, domains)[-1]])
        sheets["mixing"] = interleave(draw_mixes(model, pictures[:COLUMNS], domains[:COLUMNS]))
        with torch.no_grad():
            w = model.g.map(model.codes(pictures)[-1])
        ends = [(w[index], w[(index + 1) % count]) for index in (0, min(2, count - 1))]
        paths = [*((a.to(device), b.to(device)) for a, b in ends), *paths]
    with torch.no_grad():
        sheets["interpolation"] = Sheet(torch.cat([draw_path(generator, ends) for ends in paths]))
    return sheets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    config = load_config(SheetsConfig, args)
    print(config_text(config))
    if args.dry_run:
        return
    for name, sheet in draw_sheets(config).items():
        path = Path(config.out) / f"{name}.webp"
        print(f"{save_webp(path, sheet, config.quality) / 1000:6.1f} kB  {path}")
