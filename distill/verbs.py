"""The verbs of ``python -m distill``: name, module, one line of help.

A verb's module has ``add_arguments(parser)`` and ``main(args)`` and is imported only when the
verb is called, so listing the verbs needs no third-party package.
"""

from __future__ import annotations

import difflib
import importlib
from types import ModuleType
from typing import NamedTuple


class Verb(NamedTuple):
    """Where a verb lives and what it is for."""

    module: str
    summary: str


VERBS: dict[str, Verb] = {}


def load_verb(name: str) -> ModuleType:
    """Import the module of verb `name`; raises `SystemExit` with a sentence if there is none."""
    if name not in VERBS:
        near = difflib.get_close_matches(name, VERBS, n=2)
        hint = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
        raise SystemExit(
            f"'{name}' is not a verb of distill.{hint} `python -m distill --help` lists them."
        )
    return importlib.import_module(VERBS[name].module)
