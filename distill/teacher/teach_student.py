"""``teach-student``: the painted student's network learns a teacher's pictures of photos, ready for the SDK.

The student has one structure row and one colour row; they are the means of the teacher's rows. Its
matte is a soft oval, as the teacher draws whole squares.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from distill.checkpoint import write_atomic
from distill.config import add_config_arguments, config_text, config_values, load_config
from distill.data.training_set import load_set
from distill.networks.style_weights import structure_weights
from distill.run import current_commit
from distill.student.checkpoints import Trained
from distill.student.export import export_networks, golden_pair, manifest_entry
from distill.student.losses import student_losses, total_loss
from distill.student.manifest import upsert, write_json
from distill.student.network import SIZE_PX
from distill.student.onnx_export import round_weights
from distill.student.pack import THUMBNAIL_PX
from distill.student.style_head import CODE_SIZE, ROWS
from distill.student.train import Model
from distill.teacher.codes import CodeBook
from distill.teacher.licence import joined, require_shippable
from distill.teacher.model import Teacher, load_teacher
from distill.train.draws import seeded

WARM_UP_STEPS = 20
# Share of steps at full weights; the others learn the sliders.
FULL_SHARE = 0.6


@dataclass(frozen=True)
class TeachConfig:
    """Settings of `teach-student`.

    teacher: a folder that train-dual wrote, with its extrinsic codes. data: photos. id: of model and pack.
    models, filters: folders to write into. exemplars: how many of the codes. size: of the student.
    """

    teacher: str
    data: tuple[str, ...]
    id: str = "taught"
    models: str = "models"
    filters: str = "filters"
    size: Literal["lite", "standard"] = "lite"
    exemplars: int = 8
    split: str = "train"
    limit: int = 0
    max_out_of_frame: float = 0.15
    steps: int = 400
    batch: int = 4
    lr: float = 4e-3
    seed: int = 0


def short_code(code: Tensor, structure_layers: int) -> Tensor:
    """Z+ code [L,512] → the student's [2,512]: means of structure and colour rows."""
    return torch.stack([code[:structure_layers].mean(0), code[structure_layers:].mean(0)])


def soft_oval(size_px: int) -> Tensor:
    """A matte [1,1,S,S] where a face with hair stands in an FFHQ square."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, size_px), torch.linspace(-1, 1, size_px), indexing="ij")
    return torch.sigmoid((1 - (x / 0.78).square() - ((y - 0.02) / 0.92).square()) * 12)[None, None]


def enlarged(pictures: Tensor) -> Tensor:
    """Pictures at the student's size."""
    return F.interpolate(pictures, size=(SIZE_PX, SIZE_PX), mode="bicubic", align_corners=False).clamp(-1, 1)


def teach(config: TeachConfig, teacher: Teacher, photos: Tensor, book: CodeBook) -> Trained:
    """Train on uint8 photos [M,3,256,256] in the styles of `book`; the last weights are kept."""
    torch.manual_seed(config.seed)
    model = Model(config.size)
    optimiser = torch.optim.AdamW(model.parameters(), lr=config.lr, betas=(0.9, 0.99), weight_decay=1e-4)
    layout, matte = teacher.layout, soft_oval(SIZE_PX)
    faces = teacher.encode(photos.float() / 127.5 - 1)
    started = time.monotonic()
    for step in tqdm(range(config.steps), desc=f"teach {config.id}", unit="step", mininterval=2):
        for group in optimiser.param_groups:
            group["lr"] = config.lr * min(1.0, (step + 1) / WARM_UP_STEPS) * (1 - 0.99 * step / config.steps)
        draws = seeded(config.seed, "teach", step)
        picks = torch.randint(len(photos), (config.batch,), generator=draws)
        exemplar = int(torch.randint(len(book.names), (1,), generator=draws))
        structure, colour = torch.rand(2, generator=draws).tolist()
        if torch.rand(1, generator=draws).item() < FULL_SHARE:
            structure = colour = 1.0
        code = book.codes[exemplar]
        drawn = teacher.draw(faces[picks], code.expand(config.batch, -1, -1), structure_weights(layout, structure, colour))
        target = torch.cat([enlarged(drawn), matte.expand(config.batch, -1, -1, -1)], 1)
        modulation = model.modulation(short_code(code, layout.structure_layers)[None].numpy(), (structure, colour), 0.0)
        styled = model.student(photos[picks].float() / 127.5 - 1, modulation)
        loss = total_loss(student_losses(styled, target, matte.expand(config.batch, -1, -1, -1)))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    minutes = (time.monotonic() - started) / 60
    model.eval().requires_grad_(False)
    return Trained(model, config.size, config_values(config), current_commit(), config.steps * config.batch, minutes)


def write_model(config: TeachConfig, trained: Trained, photo: Tensor, code: Tensor, command: str) -> None:
    """ONNX files, golden pair and manifest entry in models/ID."""
    models = Path(config.models)
    folder = models / config.id
    round_weights(trained.model)
    export_networks(trained, folder)
    golden, agreement = golden_pair(trained, photo[None].numpy(), code.numpy(), folder)
    entry = manifest_entry(trained, models, folder, golden, command)
    lineage = ["taught by a dual generator of this project", "photos: see the data of the training"]
    upsert(models / "manifest.json", entry | {"id": config.id, "lineage": lineage, "fallback": None})
    print(f"{folder}: PyTorch against ONNX Runtime: {agreement}")


def write_taught_pack(config: TeachConfig, teacher: Teacher, book: CodeBook, face: Tensor) -> None:
    """pack.json with one exemplar a code; its thumbnail is the teacher's picture of `face` [1,L,512]."""
    folder, exemplars = Path(config.filters) / config.id, []
    for index, code in enumerate(book.codes):
        files = {"code": f"codes/{index:03d}.bin", "thumbnail": f"thumbnails/{index:03d}.jpg"}
        write_atomic(folder / files["code"], short_code(code, teacher.layout.structure_layers).numpy().astype("<f4").tobytes())
        picture = ((enlarged(teacher.draw(face, code[None]))[0] + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
        small = cv2.resize(np.ascontiguousarray(picture[..., ::-1]), (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
        write_atomic(folder / files["thumbnail"], cv2.imencode(".jpg", small)[1].tobytes())
        exemplars.append({"id": f"{index:03d}", "name": Path(book.names[index]).stem, **files, "licence": "Apache-2.0", "author": "StyleFilter contributors"})
    write_json(folder / "pack.json", {
        "version": 1, "id": config.id, "name": config.id, "models": {config.size: config.id}, "codeShape": [ROWS, CODE_SIZE],
        "exemplars": exemplars, "defaults": {"exemplar": "000", "structure": 1, "color": 1, "keepColor": 0},
        "matte": {"feather": 0.01}, "color": {"match": 0},
    })


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Run the verb."""
    config = load_config(TeachConfig, args)
    print(config_text(config))
    if args.dry_run:
        return 0
    teacher = load_teacher(Path(config.teacher))
    book = teacher.codes()
    if book is None:
        raise SystemExit(f"{config.teacher} has no exstyle_code.safetensors: give the folder of a stage III run.")
    require_shippable(joined(teacher.licence, book.licence), config.teacher)
    book = book.only(book.names[: config.exemplars])
    photos = load_set(
        config.data, SIZE_PX, split=config.split, max_out_of_frame=config.max_out_of_frame, mirror=False, limit=config.limit
    ).pictures
    trained = teach(config, teacher, photos, book)
    code = short_code(book.codes[0], teacher.layout.structure_layers)
    write_model(config, trained, photos[0], code, f"teach-student, {config.steps} steps of {config.batch}")
    write_taught_pack(config, teacher, book, teacher.encode(photos[:1].float() / 127.5 - 1))
    return 0
