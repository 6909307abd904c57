"""``train-sampler``: a network that draws new extrinsic codes like those of a style's portraits."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from distill.config import add_config_arguments, config_text, load_config
from distill.networks.layout import Layout
from distill.teacher.codes import CodeBook, read_codes
from distill.teacher.files import write_network
from distill.teacher.sampler import SamplerTraining, gaussian_like, nearest_distances, sample_codes, train_sampler
from distill.teacher.sampler_network import Sampler
from distill.train.draws import seeded


@dataclass(frozen=True, kw_only=True)
class SamplerConfig(SamplerTraining):
    """Settings of `train-sampler`.

    codes: a file of extrinsic codes. out: where the sampler goes. The others: see SamplerTraining.
    """

    codes: str
    out: str = "sampler.safetensors"


def report(sampler: Sampler, book: CodeBook, seed: int) -> str:
    """Nearest-neighbour distances of structure and colour rows, beside a Gaussian fitted number by number."""
    draw, count = seeded(seed, "sampler-report", 0), max(256, len(book.names))
    drawn, guessed = sample_codes(sampler, count, draw), gaussian_like(book.codes, count, draw)
    rows = sampler.structure.lin_out.out_features // book.codes.shape[2]
    lines = ["nearest code of a sample | nearest sample of a code (in mean distances between codes)"]
    for name, part in (("structure", slice(0, rows)), ("colour", slice(rows, None))):
        for label, codes in (("sampler", drawn), ("Gaussian", guessed)):
            found = nearest_distances(codes[:, part], book.codes[:, part])
            lines.append(f"{name:9} {label:8} {found.fidelity:.3f} | {found.coverage:.3f}")
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    config = load_config(SamplerConfig, args)
    book = read_codes(Path(config.codes))
    print(config_text(config))
    if args.dry_run:
        return
    structure_rows = Layout(32).structure_layers
    sampler = train_sampler(book.codes, structure_rows, config)
    facts = {"structure_rows": structure_rows, "colour_rows": book.rows - structure_rows}
    write_network(Path(config.out), "sampler-1", sampler.state_dict(), facts, book.licence)
    print(report(sampler, book, config.seed))
    print(config.out)
