"""Reading released files, which are pickles, without running what a pickle may hold."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor

from distill.measure.packages import load_arrays
from distill.networks.layout import CODE_DIM
from distill.teacher.codes import CodeBook
from distill.teacher.licence import NON_COMMERCIAL


def _refuse(path: Path, why: str) -> NoReturn:
    raise SystemExit(f"{path}: {why}. Give a file in the public DualStyleGAN layout.")


def read_pt(path: Path, *keys: str) -> list[Any]:
    """The entries `keys` of a .pt file of tensors and plain values; raises SystemExit for anything else."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        _refuse(path, "there is no such file")
    except pickle.UnpicklingError:
        _refuse(path, "it holds more than tensors and plain values, so that opening it could run code")
    except (RuntimeError, EOFError, zipfile.BadZipFile, ValueError, KeyError) as error:
        _refuse(path, f"it is cut short or no PyTorch file ({str(error).splitlines()[0][:80]})")
    if not isinstance(state, dict) or not all(key in state for key in keys):
        found = ", ".join(map(str, state))[:80] if isinstance(state, dict) else type(state).__name__
        _refuse(path, f"expected the entries {', '.join(keys)}, found {found or 'none'}")
    return [state[key] for key in keys]


def read_npy_codes(path: Path, kind: str) -> CodeBook:
    """The codes by file name of an .npy file that holds a pickled dict; raises SystemExit for anything else."""
    try:
        with open(path, "rb") as file:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = read(file)
            if dtype != np.dtype(object) or shape != ():
                _refuse(path, f"expected one pickled dict, found an array {shape} of {dtype}")
            found = load_arrays(file)
    except FileNotFoundError:
        _refuse(path, "there is no such file")
    except (pickle.UnpicklingError, AttributeError, ImportError, IndexError, TypeError, EOFError) as error:
        _refuse(path, f"it holds more than a dict of arrays, or is cut short ({error})")
    except ValueError as error:
        _refuse(path, f"it is no .npy file ({error})")
    codes = found.item() if isinstance(found, np.ndarray) and found.shape == () else None
    if not isinstance(codes, dict) or not codes or not all(isinstance(name, str) for name in codes):
        _refuse(path, "expected a dict from file names to codes")
    return CodeBook(tuple(codes), torch.stack(_rows(path, codes)), kind, NON_COMMERCIAL)


def _rows(path: Path, codes: dict[str, Any]) -> list[Tensor]:
    rows = []
    shape: tuple[int, ...] | None = None
    for name, code in codes.items():
        fits = isinstance(code, np.ndarray) and code.dtype == np.float32 and code.ndim == 3 and code.shape[::2] == (1, CODE_DIM)
        if not fits or (shape is not None and code.shape != shape) or not np.isfinite(code).all():
            what = f"{code.dtype} {code.shape}" if isinstance(code, np.ndarray) else type(code).__name__
            _refuse(path, f"the code of {name!r} must be finite float32 (1,L,{CODE_DIM}) with the same L for all, not {what}")
        shape = code.shape
        rows.append(torch.from_numpy(code[0].copy()))
    return rows
