"""``publish-base``: a checkpoint of the face generator as a folder to keep and share."""

from __future__ import annotations

import argparse
from pathlib import Path

from distill.checkpoint import load_checkpoint
from distill.published import SHARD_BYTES, publish


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("checkpoint", type=Path, help="of train-autoencoder or train-base")
    parser.add_argument("out", type=Path, help="folder to write; what was published there before is replaced")
    parser.add_argument("--discriminator", action="store_true", help="take train-base's discriminator along")
    parser.add_argument("--eight-bit", action="store_true", help="store matrices of 2^18 numbers or more in 8 bits, where room is scarce")
    parser.add_argument("--shard-mib", type=float, default=SHARD_BYTES / 2**20, help="largest shard, MiB (default 16)")


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    state = load_checkpoint(args.checkpoint)
    paths = publish(
        state, args.out, discriminator=args.discriminator, eight_bit=args.eight_bit, shard_bytes=round(args.shard_mib * 2**20)
    )
    for path in paths:
        print(f"{path.stat().st_size / 2**20:8.2f} MiB  {path}")
