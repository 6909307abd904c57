"""The table of results: one row a measurement, with the command, the commit and the chip."""

from __future__ import annotations

import platform
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import torch

from distill.checkpoint import write_atomic

COLUMNS = (
    "what", "kimg", "KID ×1000 [95 %]", "FID", "precision", "recall", "PPL", "LPIPS", "PSNR", "right of 20", "expression",
    "jaw", "blink",
    "images", "chip", "commit", "command",
)
MISSING = "–"
# The folders before a name in an absolute path, also inside a list of them.
FOLDERS = re.compile(r"(?<![\w.~…])/(?:[^/\s,\]=]+/)*")
HEADER = (
    "# Results\n\nEach row names the command that made it; the commit is the one that trained the checkpoint. "
    "Right of 20: chance is 5 %. Jaw, blink: rank correlation of what the face model reads off held-out renders, rebuilt, "
    "with the morphs they were made from.\n\n"
)


def chip_name(device: torch.device) -> str:
    """The GPU's name, or the processor's."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {torch.get_num_threads()} threads"


def command_line() -> str:
    """The command as typed, for the table; folders of the machine are left out of paths."""
    words = [word if "/" not in word else _short(word) for word in sys.argv[1:]]
    return "python -m distill " + " ".join(shlex.quote(word) for word in words)


def _short(word: str) -> str:
    return FOLDERS.sub("", word)


def append_row(
    path: Path, row: Mapping[str, str], columns: tuple[str, ...] = COLUMNS, header: str = HEADER
) -> None:
    """Add a row to the table at `path`, making the file if needed; unknown columns are refused."""
    unknown = set(row) - set(columns)
    if unknown:
        raise ValueError(f"results: no such columns: {sorted(unknown)}.")
    text = path.read_text(encoding="utf-8") if path.exists() else (
        header + "| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|\n"
    )
    cells = [str(row.get(name, MISSING)).replace("|", "/") for name in columns]
    write_atomic(path, (text.rstrip("\n") + "\n| " + " | ".join(cells) + " |\n").encode())
