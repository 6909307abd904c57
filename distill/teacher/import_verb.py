"""``import``: released DualStyleGAN checkpoints in the public layout into safetensors files.

The released weights are for non-commercial use. Every file made here says so in its metadata, and
so does everything that is later made with it; exports refuse it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from torch import Tensor

from distill.networks.layout import Layout
from distill.teacher.codes import write_codes
from distill.teacher.files import write_network
from distill.teacher.licence import NON_COMMERCIAL
from distill.teacher.released_files import read_npy_codes, read_pt
from distill.teacher.released_layout import check_keys, encoder_state, generator_state, sampler_shapes
from distill.train.grow import layout_values

NOTICE = (
    "The released DualStyleGAN weights are licensed for non-commercial use only. The files are marked so; use them for "
    "comparisons, and ship nothing that was trained from them."
)
CODES = {"exstyle_code.npy": "extrinsic", "refined_exstyle_code.npy": "extrinsic", "instyle_code.npy": "intrinsic"}


def import_generator(path: Path, out: Path) -> Layout:
    """generator.pt → generator.safetensors; returns its layout."""
    (state,) = read_pt(path, "g_ema")
    layout, ours = generator_state(state, str(path))
    write_network(out, "dual-generator-1", ours, {"layout": layout_values(layout)}, NON_COMMERCIAL)
    return layout


def import_encoder(path: Path, out: Path, rows: int) -> None:
    """encoder.pt → encoder.safetensors, an encoder into Z+."""
    if "wplus" in path.stem:
        raise SystemExit(f"{path}: this encoder predicts W+ codes; give encoder.pt, whose codes are in Z+ as all codes here are.")
    state, average = read_pt(path, "state_dict", "latent_avg")
    if not isinstance(average, Tensor) or tuple(average.shape) != (rows, 512):
        raise SystemExit(f"{path}: latent_avg must be a tensor of shape ({rows}, 512) to go with the generator.")
    facts = {"encoder": "full", "rows": rows, "restyle_steps": 0}
    write_network(out, "encoder-1", encoder_state(state, average, str(path)), facts, NON_COMMERCIAL)


def import_sampler(path: Path, out: Path, layout: Layout) -> None:
    """sampler.pt → sampler.safetensors."""
    rows = {"structure": layout.structure_layers, "color": layout.layers - layout.structure_layers}
    state = {}
    for half, found in zip(rows, read_pt(path, *rows), strict=True):
        check_keys(found, sampler_shapes(rows[half] * 512), f"{path} ({half})")
        state |= {f"{half}.{key}": value for key, value in found.items()}
    facts = {"structure_rows": rows["structure"], "colour_rows": rows["color"]}
    write_network(out, "sampler-1", state, facts, NON_COMMERCIAL)


def import_folder(folder: Path, out: Path, encoder: Path | None = None) -> list[Path]:
    """Convert what `folder` holds into `out`; returns the files written. Raises SystemExit with a sentence."""
    written = [out / "generator.safetensors"]
    layout = import_generator(folder / "generator.pt", written[0])
    encoder = encoder or next((path for path in (folder / "encoder.pt", folder.parent / "encoder.pt") if path.exists()), None)
    if encoder is not None:
        written.append(out / "encoder.safetensors")
        import_encoder(encoder, written[-1], layout.layers)
    for name, kind in CODES.items():
        if (folder / name).exists():
            book = read_npy_codes(folder / name, kind)
            if book.rows != layout.layers:
                raise SystemExit(f"{folder / name}: its codes have {book.rows} rows; the generator needs {layout.layers}.")
            written.append(out / f"{name.removesuffix('.npy')}.safetensors")
            write_codes(written[-1], book)
    if (folder / "sampler.pt").exists():
        written.append(out / "sampler.safetensors")
        import_sampler(folder / "sampler.pt", written[-1], layout)
    return written


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("folder", type=Path, help="a style's folder: generator.pt, and where there are any exstyle_code.npy, "
                        "refined_exstyle_code.npy, instyle_code.npy, sampler.pt")
    parser.add_argument("--encoder", type=Path, metavar="FILE", help="encoder.pt (default: in the folder or beside it, if there)")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the safetensors files go")


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    print(NOTICE)
    for path in import_folder(args.folder, args.out, args.encoder):
        print(path)
