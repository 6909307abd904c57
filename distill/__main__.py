"""Entry point: ``python -m distill VERB [options]``."""

from __future__ import annotations

import argparse
import sys

from distill.verbs import VERBS, load_verb


def _usage() -> str:
    width = max((len(name) for name in VERBS), default=0)
    lines = [f"  {name.ljust(width)}  {verb.summary}" for name, verb in VERBS.items()]
    return "\n".join(
        ["usage: python -m distill VERB [options]", "", "verbs:", *lines, "",
         "`python -m distill VERB --help` explains one of them."]
    )


def main(argv: list[str] | None = None) -> int:
    """Run one verb; returns the exit status (a verb's `main` may return None for 0)."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] in ("-h", "--help"):
        print(_usage())
        return 0
    module = load_verb(argv[0])
    summary = VERBS[argv[0]].summary
    parser = argparse.ArgumentParser(prog=f"python -m distill {argv[0]}", description=summary)
    module.add_arguments(parser)
    return module.main(parser.parse_args(argv[1:])) or 0


if __name__ == "__main__":
    sys.exit(main())
