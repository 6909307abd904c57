"""Style codes of portraits by name, in one safetensors file.

Such a file holds one tensor `codes` [N,L,512] in Z+ and, as metadata, the names in their order
(an exemplar's number is its place), what the codes are, and their licence.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from distill.checkpoint import write_atomic
from distill.networks.layout import CODE_DIM

FORMAT = "style-codes-1"


@dataclass(frozen=True)
class CodeBook:
    """Codes [N,L,512] in Z+ (float32) of the portraits `names`, in order.

    kind: extrinsic (the style of a portrait) or intrinsic (the face behind it). licence: empty, or
    the terms that bind what is made from them.
    """

    names: tuple[str, ...]
    codes: Tensor
    kind: str = "extrinsic"
    licence: str = ""

    def __post_init__(self) -> None:
        if self.codes.ndim != 3 or self.codes.shape[2] != CODE_DIM or len(self.codes) != len(self.names):
            raise ValueError(f"codes of shape {tuple(self.codes.shape)} for {len(self.names)} names: expected [names,L,{CODE_DIM}].")
        if len(set(self.names)) != len(self.names):
            raise ValueError("two portraits have the same name.")

    @property
    def rows(self) -> int:
        """L, the rows of each code."""
        return self.codes.shape[1]

    def index(self, key: str) -> int:
        """The place of a portrait given by name (with or without its ending) or by number; raises SystemExit."""
        for names in (self.names, [Path(name).stem for name in self.names]):
            if key in names:
                return list(names).index(key)
        if key.isdecimal() and int(key) < len(self.names):
            return int(key)
        raise SystemExit(f"exemplar {key!r}: give a picture file, one of the names ({_few(self.names)}) or a number below {len(self.names)}.")

    def of(self, key: str) -> Tensor:
        """The code [L,512] of one portrait, found as by `index`."""
        return self.codes[self.index(key)]

    def with_codes(self, codes: Tensor) -> CodeBook:
        """The same portraits with other codes."""
        return replace(self, codes=codes)

    def only(self, names: Sequence[str]) -> CodeBook:
        """The portraits `names`, in that order."""
        places = [self.index(name) for name in names]
        return replace(self, names=tuple(self.names[i] for i in places), codes=self.codes[places])


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")


def write_codes(path: Path, book: CodeBook) -> None:
    """Save a book, atomically."""
    metadata = {"format": FORMAT, "names": json.dumps(book.names, ensure_ascii=False), "kind": book.kind, "licence": book.licence}
    write_atomic(path, save({"codes": book.codes.detach().float().cpu().contiguous()}, metadata))


def read_codes(path: Path, rows: int | None = None) -> CodeBook:
    """Read a book; raises SystemExit with a sentence for a file of another kind or, if given, other `rows`."""
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            codes = file.get_tensor("codes") if metadata.get("format") == FORMAT else torch.empty(0)
    except FileNotFoundError:
        raise SystemExit(f"{path}: there is no such file of style codes.") from None
    except SafetensorError as error:
        raise SystemExit(f"{path} is not a safetensors file ({error}).") from None
    if metadata.get("format") != FORMAT:
        raise SystemExit(f"{path} holds no style codes; `import`, `destylize`, `refine` and `sample` write such files.")
    book = CodeBook(tuple(json.loads(metadata["names"])), codes, metadata["kind"], metadata["licence"])
    if rows is not None and book.rows != rows:
        raise SystemExit(f"{path}: its codes have {book.rows} rows, this network needs {rows}; they belong to another size.")
    return book
