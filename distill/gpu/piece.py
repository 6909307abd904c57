"""``gpu-piece``: some minutes of a training verb that continue the last ones, and what to bring back.

On a machine that still has the run folder it goes on exactly; on a fresh one it starts from the
parts that the last piece brought back.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from distill.checkpoint import save_checkpoint, write_atomic
from distill.config import config_text, load_config
from distill.gpu.travel import MANIFEST, PART_BYTES, read_parts, write_parts
from distill.run import find_unfinished, next_folder
from distill.train import autoencoder, base
from distill.train.autoencoder_config import AutoencoderConfig
from distill.train.base_config import BaseConfig

VERBS: dict[str, tuple[Any, type]] = {
    "train-base": (base, BaseConfig), "train-autoencoder": (autoencoder, AutoencoderConfig),
}


def seed_run(verb: str, config: Any, state: Path) -> Path:
    """Make a run folder that continues from the parts in `state`; returns it."""
    carried = read_parts(state)
    folder = next_folder(Path(config.runs), verb)
    folder.mkdir(parents=True)
    write_atomic(folder / "config.yaml", config_text(config).encode())
    save_checkpoint(folder / "checkpoint.pt", carried)
    if (state / "metrics.jsonl").exists():
        shutil.copy(state / "metrics.jsonl", folder / "metrics.jsonl")
    return folder


def bring_back(folder: Path, out: Path, part_bytes: int = PART_BYTES) -> list[Path]:
    """Put parts, metrics, settings and the newest grids of a run into `out`; returns the files."""
    out.mkdir(parents=True, exist_ok=True)
    files = write_parts(folder / "checkpoint.pt", out, part_bytes)
    for name in ("metrics.jsonl", "config.yaml"):
        if (folder / name).exists():
            files.append(Path(shutil.copy(folder / name, out / name)))
    kinds = {path.name.split("-")[0] for path in folder.glob("*-*.png")}
    for kind in sorted(kinds):
        newest = max(folder.glob(f"{kind}-*.png"))
        files.append(Path(shutil.copy(newest, out / f"{kind}.png")))
    return files


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("verb", choices=VERBS, help="what to train")
    parser.add_argument("--config", type=Path, metavar="FILE", help="its settings")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides", help="one setting")
    parser.add_argument("--minutes", type=float, default=8.0, help="how long to train (default 8: leaves time to start and save)")
    parser.add_argument("--state", type=Path, metavar="DIR", help="parts from the last piece, for a fresh machine")
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="where to put what comes back")
    parser.add_argument("--part-mib", type=float, default=PART_BYTES / 2**20, help="largest part, MiB (default just under 16)")


def main(args: argparse.Namespace) -> int:
    """Run the verb."""
    module, cls = VERBS[args.verb]
    config = replace(load_config(cls, args), minutes=args.minutes)
    length = round(config.total_kimg * 1000)
    running = find_unfinished(Path(config.runs), args.verb, config, length)
    if running is None and args.state is not None and (args.state / MANIFEST).exists():
        running = seed_run(args.verb, config, args.state)
        print(f"Continuing from {args.state} in {running}.")
    verb_args = argparse.Namespace(
        config=args.config, overrides=[*args.overrides, f"minutes={args.minutes}"], dry_run=False, fresh=False
    )
    status = module.main(verb_args)
    folder = running or max(Path(config.runs).glob(f"[0-9]*-{args.verb}"))
    for path in bring_back(folder, args.out, round(args.part_mib * 2**20)):
        print(f"{path.stat().st_size / 2**20:8.2f} MiB  {path}")
    return status
