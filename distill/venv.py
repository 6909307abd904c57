"""Make ``distill/.venv`` from ``requirements.lock`` when it is missing or stale, then run in it.

    python3 distill/venv.py -- -m pytest test/distill -q

Only the standard library is used. Everything in the lock is installed without following
dependencies (the lock is complete), so nothing unlisted comes along. PyTorch is tried as its
CPU build first (``torch==X+cpu``, found where pip's own settings, such as
``PIP_EXTRA_INDEX_URL`` or ``PIP_FIND_LINKS``, name a place that has it); where none is found,
the default build is taken: on macOS that is the CPU build, on Linux it is the CUDA build, which
loads only with its CUDA libraries beside it, so there those are installed too (several GB).
``STYLEFILTER_TORCH`` = ``cpu`` refuses that, ``default`` skips the CPU build (a GPU machine).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE / "requirements.lock"
VENV = HERE / ".venv"
SUPPORTED = ((3, 11), (3, 12))


def find_python() -> str:
    """An interpreter of a supported version: this one, else python3.12 or python3.11 on PATH."""
    if sys.version_info[:2] in SUPPORTED:
        return sys.executable
    for minor in (12, 11):
        found = shutil.which(f"python3.{minor}")
        works = found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0
        if found and works:
            return found
    raise SystemExit(
        f"distill needs Python 3.11 or 3.12; this is {sys.version.split()[0]} and no "
        "python3.12 or python3.11 is on PATH. Install one of them."
    )


def split_lock(text: str) -> tuple[str, list[str]]:
    """The torch version and the other pinned requirements of a lock file's text."""
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    pins = [line for line in lines if line]
    torch = [pin for pin in pins if pin.startswith("torch==")]
    if len(torch) != 1:
        raise SystemExit(f"{LOCK.name}: expected exactly one line `torch==VERSION`.")
    return torch[0].removeprefix("torch=="), [pin for pin in pins if pin != torch[0]]


def stamp() -> str:
    """What the environment depends on, as a hash: the lock, the interpreter, the torch choice."""
    parts = (LOCK.read_bytes(), find_python().encode(), torch_choice().encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def torch_choice() -> str:
    """``auto``, ``cpu`` or ``default``, from STYLEFILTER_TORCH."""
    choice = os.environ.get("STYLEFILTER_TORCH", "auto")
    if choice not in ("auto", "cpu", "default"):
        raise SystemExit(f"STYLEFILTER_TORCH={choice!r}: must be auto, cpu or default.")
    return choice


def pip(python: Path, *args: str, check: bool = True) -> bool:
    """``pip install`` in the environment; False if it failed and `check` is off."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    quiet = {} if check else {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    done = subprocess.run([*command, *args], **quiet)
    if check and done.returncode:
        raise SystemExit(f"pip could not install {' '.join(args[-3:])}; its message is above.")
    return done.returncode == 0


def install_torch(python: Path, version: str) -> None:
    """Install torch: the CPU build where one can be found, else the default build."""
    choice = torch_choice()
    if choice != "default" and pip(python, "--no-deps", f"torch=={version}+cpu", check=False):
        return
    if sys.platform != "linux":
        pip(python, "--no-deps", f"torch=={version}")
        return
    if choice == "cpu":
        raise SystemExit(
            f"No CPU build of torch {version} is offered by your package index. Let "
            "PIP_EXTRA_INDEX_URL name PyTorch's CPU index, or unset STYLEFILTER_TORCH."
        )
    print(
        "distill: installing torch with its CUDA libraries (several GB); for the small CPU build "
        "let PIP_EXTRA_INDEX_URL name PyTorch's CPU index.",
        file=sys.stderr,
    )
    pip(python, f"torch=={version}")


def build(mark: str) -> None:
    """Make the environment afresh and leave `mark` in it when it is whole."""
    print("distill: making distill/.venv (a few minutes, once)", file=sys.stderr)
    shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run([find_python(), "-m", "venv", str(VENV)])
    if done.returncode:
        raise SystemExit(
            "python -m venv failed; on Debian and Ubuntu install the package python3-venv."
        )
    python = VENV / "bin" / "python"
    version, pins = split_lock(LOCK.read_text(encoding="utf-8"))
    install_torch(python, version)
    pip(python, "--no-deps", *pins)
    (VENV / "stamp").write_text(mark, encoding="utf-8")


def ensure() -> Path:
    """The environment's interpreter; builds it first if it is missing or the lock changed."""
    with open(HERE / ".venv.lock", "w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        mark = stamp()
        mark_file = VENV / "stamp"
        if not mark_file.exists() or mark_file.read_text(encoding="utf-8") != mark:
            build(mark)
    return VENV / "bin" / "python"


def main(argv: list[str]) -> int:
    """Ensure the environment and run its Python with the arguments after ``--``."""
    args = argv[1:] if argv[:1] == ["--"] else argv
    python = ensure()
    if not args:
        print(python)
        return 0
    return subprocess.run([str(python), *args], cwd=HERE.parent).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
