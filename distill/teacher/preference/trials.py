"""The questions of a blind comparison, the answers, and what they add up to."""

from __future__ import annotations

import csv
import io
import math
import random
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal

from distill.checkpoint import write_atomic
from distill.data.pictures import list_pictures

Choice = Literal["left", "right", "tie"]
CHOICES: tuple[Choice, ...] = ("left", "right", "tie")


@dataclass(frozen=True)
class Trial:
    """One question: two pictures of the same name, by place; `a_left` says which is whose. `shown` lies above both."""

    name: str
    a: Path
    b: Path
    a_left: bool
    shown: Path | None = None

    def file(self, side: str) -> Path | None:
        """The picture at the left, at the right, or above ("shown")."""
        return {"left": self.a if self.a_left else self.b, "right": self.b if self.a_left else self.a}.get(side, self.shown)


@dataclass(frozen=True)
class Answer:
    """A row of the table: what was asked, what was chosen, in what time. better: a, b or tie."""

    name: str
    voter: str
    left: str
    choice: str
    better: str
    seconds: float


def make_trials(a: Path, b: Path, shown: Path | None = None, *, seed: int = 0, limit: int = 0) -> list[Trial]:
    """A question for each name that both folders hold, sides and order by `seed`; raises SystemExit if there is none.

    Endings may differ. `shown`: a folder with what both were made from (photo, exemplar), by the same names.
    """
    found = [{path.stem: path for path in list_pictures(folder)} for folder in (a, b)]
    above = {path.stem: path for path in list_pictures(shown)} if shown else {}
    names = sorted(found[0].keys() & found[1].keys())
    if not names:
        raise SystemExit(f"{a} and {b} have no picture name in common.")
    draw = random.Random(seed)
    draw.shuffle(names)
    names = names[:limit] if limit else names
    # As often left as right, in random order: a habit of the hand then favours neither.
    sides = [index % 2 == 0 for index in range(len(names))]
    draw.shuffle(sides)
    return [Trial(name, found[0][name], found[1][name], side, above.get(name)) for name, side in zip(names, sides, strict=True)]


def answer(trial: Trial, choice: Choice, voter: str, seconds: float) -> Answer:
    """The table's row for a choice."""
    better = "tie" if choice == "tie" else "a" if (choice == "left") == trial.a_left else "b"
    return Answer(trial.name, voter, "a" if trial.a_left else "b", choice, better, round(seconds, 2))


def append_answer(path: Path, row: Answer) -> None:
    """Add a row to the table (CSV), making it if needed; the file is never half written."""
    text = path.read_text(encoding="utf-8") if path.exists() else ",".join(field.name for field in fields(Answer)) + "\n"
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(astuple(row))
    write_atomic(path, (text + line.getvalue()).encode())


def read_answers(path: Path) -> list[Answer]:
    """The rows of a table; none if there is no file."""
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return [Answer(**{**row, "seconds": float(row["seconds"])}) for row in csv.DictReader(file)]


def summary(rows: Iterable[Answer]) -> str:
    """How often a was better, ties counted half, with Wilson's 95 % interval."""
    rows = list(rows)
    count = len(rows)
    if not count:
        return "No answer yet."
    wins = {side: sum(row.better == side for row in rows) for side in ("a", "b", "tie")}
    share = (wins["a"] + wins["tie"] / 2) / count
    z = 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return f"A {wins['a']}, B {wins['b']}, tie {wins['tie']} of {count}: A preferred {share:.0%} [{middle - half:.0%}, {middle + half:.0%}]"
