"""``preference``: a local page that asks which of two pictures is better, and saves a table."""

from __future__ import annotations

import argparse
from pathlib import Path

from distill.teacher.preference.server import Comparison
from distill.teacher.preference.trials import make_trials, read_answers, summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("a", type=Path, help="folder of pictures")
    parser.add_argument("b", type=Path, help="folder of other pictures with the same names")
    parser.add_argument("--shown", type=Path, metavar="FOLDER", help="what both were made from, by the same names, shown above them")
    parser.add_argument("--out", type=Path, default=Path("preference.csv"), metavar="FILE", help="the table; answers are added (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8765, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="at most so many questions (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="order and sides (default: %(default)s)")
    parser.add_argument("--summary", action="store_true", help="print what the table says, and stop")


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    if args.summary:
        print(summary(read_answers(args.out)))
        return
    trials = make_trials(args.a, args.b, args.shown, seed=args.seed, limit=args.limit)
    with Comparison(trials, args.out, args.port) as server:
        print(f"{len(trials)} questions at {server.url} (A = {args.a}, B = {args.b}); stop with Ctrl+C.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    print(summary(read_answers(args.out)))
