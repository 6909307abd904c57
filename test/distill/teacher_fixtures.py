"""A small dual generator with some training's worth of change, and the released files it would make."""

import numpy as np
import torch

from distill.networks.dual import DualGenerator
from distill.networks.layout import Layout
from distill.teacher.faces import EncoderFacts, FaceEncoder, write_encoder
from distill.teacher.files import write_network
from distill.teacher.released_layout import generator_names
from distill.teacher.sampler_network import SamplerHalf
from distill.train.grow import layout_values

LAYOUT = Layout(64, channel_cap=8)


def small_dual(layout=LAYOUT, seed=0):
    """A dual generator whose extrinsic path visibly acts."""
    torch.manual_seed(seed)
    dual = DualGenerator(layout).requires_grad_(False).eval()
    draw = torch.Generator().manual_seed(seed + 1)
    for parameter in dual.extrinsic_parameters():
        parameter += 0.2 * torch.randn(parameter.shape, generator=draw)
    return dual


def codes(count=2, rows=LAYOUT.layers, seed=3):
    return torch.randn(2, count, rows, 512, generator=torch.Generator().manual_seed(seed))


def released_state(dual):
    """A dual generator's weights under the released names."""
    state = dual.state_dict()
    return {released: state[ours] for released, ours in generator_names(dual.layout).items()}


def released_folder(folder, layout=LAYOUT):
    """Write the files of a released style; returns the folder and the generator in it."""
    folder.mkdir(parents=True)
    dual = small_dual(layout)
    torch.save({"g_ema": released_state(dual)}, folder / "generator.pt")
    for seed, name in enumerate(("exstyle_code", "refined_exstyle_code", "instyle_code")):
        draw = np.random.default_rng(seed)
        book = {file: draw.normal(size=(1, layout.layers, 512)).astype(np.float32) for file in ("b.jpg", "a.jpg")}
        np.save(folder / f"{name}.npy", book, allow_pickle=True)
    rows = {"structure": layout.structure_layers, "color": layout.layers - layout.structure_layers}
    torch.save({half: SamplerHalf(count * 512).state_dict() for half, count in rows.items()}, folder / "sampler.pt")
    return folder, dual


def fresh_encoder(layout=LAYOUT, seed=2):
    """A small untrained encoder whose codes depend on the picture."""
    torch.manual_seed(seed)
    encoder = FaceEncoder(EncoderFacts("small", layout.layers, width=16, head_rank=4)).requires_grad_(False).eval()
    for parameter in encoder.parameters():
        parameter.mul_(2)
    return encoder


def teacher_folder(folder, layout=LAYOUT, licence=""):
    """A folder as `train-dual` leaves it, without codes."""
    facts = {"layout": layout_values(layout)}
    write_network(folder / "generator.safetensors", "dual-generator-1", small_dual(layout).state_dict(), facts, licence)
    write_encoder(folder / "encoder.safetensors", fresh_encoder(layout), licence)
    return folder
