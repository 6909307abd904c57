"""``gpu-bundle``: the folder to send to a lent machine: program, data, networks, state.

The measuring networks travel in half precision; on the other machine STYLEFILTER_WEIGHTS names
their folder, so that their packages need not be installed there.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from distill.measure.identity import FaceIdentity
from distill.measure.packages import save_travelling
from distill.measure.perceptual import Lpips
from distill.networks.efficientnet import EfficientNetLite

NETWORKS = {
    "lpips-vgg": lambda: Lpips("vgg"), "lpips-alex": lambda: Lpips("alex"), "efficientnet": EfficientNetLite,
    "identity": FaceIdentity,
}
PROGRAM = Path(__file__).resolve().parents[1]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("--pack", type=Path, required=True, help="the training pack (from `pack`)")
    parser.add_argument("--out", type=Path, required=True, help="folder to fill")
    parser.add_argument("--state", type=Path, help="parts that the last piece brought back")
    parser.add_argument("--base", action="store_true", help="take the published face generator along (distill/checkpoints, for init)")
    parser.add_argument("--network", action="append", default=[], choices=NETWORKS, help="may be repeated")
    parser.add_argument("--max-mib", type=float, default=64.0, help="most the folder may weigh (default 64)")


def fill(pack: Path, out: Path, state: Path | None, networks: list[str], base: bool = False) -> float:
    """Fill `out`; returns its weight in MiB."""
    if not pack.exists():
        raise SystemExit(f"--pack {pack}: there is no such file; `python -m distill pack` makes it.")
    out.mkdir(parents=True, exist_ok=True)
    left = ("__pycache__", ".venv*", "runs", "*.pyc", *(() if base else ("checkpoints",)))
    ignore = shutil.ignore_patterns(*left)
    shutil.copytree(PROGRAM, out / "distill", ignore=ignore, dirs_exist_ok=True)
    shutil.copy(pack, out / "pack.zip")
    if state is not None:
        shutil.copytree(state, out / "state", dirs_exist_ok=True)
    for name in networks:
        save_travelling(out / "weights", name, NETWORKS[name]().state_dict())
    return sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 2**20


def main(args: argparse.Namespace) -> int:
    """Run the verb."""
    weight = fill(args.pack, args.out, args.state, args.network, args.base)
    print(f"{weight:.1f} MiB in {args.out}")
    if weight > args.max_mib:
        print(f"That is more than {args.max_mib} MiB: leave out a network, or pack at a lower max_mib.")
        return 1
    return 0
