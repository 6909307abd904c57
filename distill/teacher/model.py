"""A teacher ready for use: dual generator, encoder of pictures into Z+, and the terms it comes under."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from distill.networks.dual import DualGenerator
from distill.networks.layout import CODE_DIM, Layout
from distill.networks.style_weights import structure_weights
from distill.published import MANIFEST
from distill.teacher.codes import CodeBook, read_codes
from distill.teacher.faces import FaceEncoder, load_faces, read_encoder
from distill.teacher.files import read_network
from distill.teacher.licence import joined
from distill.teacher.sampler_network import Sampler


@dataclass
class Teacher:
    """Networks frozen and in evaluation mode. `licence` is empty for our own."""

    dual: DualGenerator
    encoder: FaceEncoder | None = None
    licence: str = ""
    folder: Path | None = None

    def __post_init__(self) -> None:
        for network in (self.dual, self.encoder):
            if network is not None:
                network.eval().requires_grad_(False)

    @property
    def layout(self) -> Layout:
        """Sizes of the generator."""
        return self.dual.layout

    @property
    def device(self) -> torch.device:
        """Where the networks lie."""
        return self.dual.g.input.input.device

    def to(self, device: torch.device | str) -> Teacher:
        """The same teacher, its networks moved to `device`."""
        for network in (self.dual, self.encoder):
            if network is not None:
                network.to(device)
        return self

    def encode(self, pictures: Tensor) -> Tensor:
        """Aligned pictures [N,3,S,S] in [-1,1] → Z+ codes [N,L,512]; raises SystemExit without an encoder."""
        return self.require_encoder().encode_all(self.dual.g, pictures.to(self.device))

    def require_encoder(self) -> FaceEncoder:
        """The encoder; raises SystemExit if this teacher came without one."""
        if self.encoder is None:
            raise SystemExit("This teacher has no encoder, so pictures cannot become codes; give one that was trained with it.")
        return self.encoder

    @torch.no_grad()
    def draw(self, z_plus_i: Tensor, z_plus_e: Tensor, weights: Tensor | None = None, *, truncation: float = 1.0, batch: int = 8) -> Tensor:
        """Codes [N,L,512] and weights [N,L] or [L] (all 1 if not given) → pictures [N,3,S,S], without noise."""
        weights = structure_weights(self.layout) if weights is None else weights
        weights = weights.expand(len(z_plus_i), -1).to(self.device)
        parts = []
        for i, e, w in zip(z_plus_i.split(batch), z_plus_e.split(batch), weights.split(batch), strict=True):
            parts.append(self.dual(i.to(self.device), e.to(self.device), w, truncation=truncation))
        return torch.cat(parts)

    def random_faces(self, count: int, generator: torch.Generator, psi: float = 0.5) -> Tensor:
        """Codes in W+ [N,L,512] of random faces, pulled towards the mean by `psi`."""
        z = torch.randn(count, CODE_DIM, generator=generator).to(self.device)
        with torch.no_grad():
            return self.dual.g.rows(torch.lerp(self.dual.g.mean_w().to(z), self.dual.g.map(z), psi))

    def codes(self, kind: str = "extrinsic") -> CodeBook | None:
        """The codes that lie beside an imported teacher, refined ones first; None if there are none."""
        names = ("refined_exstyle_code", "exstyle_code") if kind == "extrinsic" else ("instyle_code",)
        paths = [self.folder / f"{name}.safetensors" for name in names] if self.folder else []
        return next((read_codes(path, self.layout.layers) for path in paths if path.exists()), None)


def load_teacher(path: Path, device: torch.device | str = "cpu") -> Teacher:
    """A folder with generator.safetensors (of `train-dual` or `import`), or a train-autoencoder checkpoint, published or not.

    Raises SystemExit. Such a checkpoint gives the dual generator as Stage I leaves it: colours transfer, structure
    does not yet.
    """
    own = path.is_dir() and not (path / MANIFEST).exists()
    return (_from_folder(path) if own else _stage_one(path)).to(device)


def _from_folder(folder: Path) -> Teacher:
    file = read_network(folder / "generator.safetensors", "dual-generator-1")
    dual = DualGenerator(Layout(**file.facts["layout"]))
    dual.load_state_dict(file.state)
    encoder, licence = None, ""
    if (folder / "encoder.safetensors").exists():
        encoder, licence = read_encoder(folder / "encoder.safetensors")
    return Teacher(dual, encoder, joined(file.licence, licence), folder)


def _stage_one(path: Path) -> Teacher:
    g, encoder = load_faces(path)
    torch.manual_seed(0)
    dual = DualGenerator(g.layout)
    dual.g.load_state_dict(g.state_dict())
    return Teacher(dual, encoder)


def load_sampler(path: Path, layout: Layout) -> tuple[Sampler, str]:
    """A sampler and its licence; raises SystemExit if its codes do not have the layout's rows."""
    file = read_network(path, "sampler-1")
    rows = (file.facts["structure_rows"], file.facts["colour_rows"])
    if rows != (layout.structure_layers, layout.layers - layout.structure_layers):
        raise SystemExit(f"{path}: its codes have {rows[0]} structure and {rows[1]} colour rows, which this network has not.")
    sampler = Sampler(*rows)
    sampler.load_state_dict(file.state)
    return sampler.eval().requires_grad_(False), file.licence
