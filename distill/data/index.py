"""The index of a prepared folder or a pack: one row a picture, and the split by person."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from distill.checkpoint import write_atomic

INDEX = "index.csv"
DOMAINS = ("photo", "render")


@dataclass(frozen=True)
class Row:
    """One picture.

    file: path in its folder. source, tier (A clean, B terms stated on a page), licence, origin: as
    given, or "unknown". person: who it shows, the unit of the split. split: train or val.
    domain: photo or render. native_eye_px: distance of the eyes in the original. out_of_frame:
    share of the square that lay outside it.
    """

    file: str
    size_px: int
    source: str = "unknown"
    tier: str = "unknown"
    origin: str = "unknown"
    licence: str = "unknown"
    native_eye_px: float = 0.0
    out_of_frame: float = 0.0
    person: str = ""
    split: str = "train"
    domain: str = "photo"


def parse_rows(text: str) -> list[Row]:
    """Rows from CSV text; columns that are missing get their defaults, others are ignored."""
    known = {field.name: field.type for field in fields(Row)}
    casts = {"int": int, "float": float, "str": str}
    rows = []
    for record in csv.DictReader(io.StringIO(text)):
        values = {k: casts[known[k]](v) for k, v in record.items() if k in known and v not in (None, "")}
        rows.append(Row(**values))
    return rows


def format_rows(rows: Iterable[Row]) -> str:
    """CSV text of `rows`."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [field.name for field in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return out.getvalue()


def read_rows(folder: Path) -> list[Row]:
    """The rows of a folder's index.csv; raises FileNotFoundError with what to do."""
    path = folder / INDEX
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist; `python -m distill prepare` makes it.")
    return parse_rows(path.read_text(encoding="utf-8"))


def write_rows(folder: Path, rows: Iterable[Row]) -> None:
    """Write a folder's index.csv, whole or not at all."""
    write_atomic(folder / INDEX, format_rows(rows).encode())


def split_of(person: str, val_percent: float) -> str:
    """train or val, by a hash of the person: the same for every picture, run and machine."""
    number = int.from_bytes(hashlib.sha256(person.encode()).digest()[:4], "big") / 2**32
    return "val" if number * 100 < val_percent else "train"
