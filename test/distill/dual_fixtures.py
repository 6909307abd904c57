"""A face model learned from the fixture's faces in seconds, and portraits drawn over them."""

from pathlib import Path

import cv2
import numpy as np
import torch

from distill.checkpoint import save_checkpoint
from distill.config import config_values, make_config
from distill.data.pictures import read_picture, resize
from distill.data.training_set import load_set
from distill.teacher.dual_config import DualConfig, resolved
from distill.train.autoencoder_config import AutoencoderConfig
from distill.train.autoencoder_trainer import AutoencoderTrainer
from distill.train.parallel import World

FACES = Path(__file__).parent / "fixtures/faces"
ONE = World(0, 1, torch.device("cpu"))
QUIET = {"device": "cpu", "log_kimg": 0, "grid_kimg": 0, "snapshot_kimg": 0}


def small_base(path, size_px=32, steps=0, **settings):
    """A checkpoint of train-autoencoder at `path`, after `steps` steps on the fixture's faces."""
    config = make_config(AutoencoderConfig, {
        "data": str(FACES), "size_px": size_px, "channel_cap": 32, "channel_multiplier": 4 / size_px * 2, "encoder_width": 16, "batch": 8,
        "mirror": False, "warmup_kimg": 0, "lr_g": 0.01, "lr_e": 0.001, "l1": 2, "lpips": 0, "match": 0, "ema_kimg": 0.02, **QUIET, **settings,
    })
    trainer = AutoencoderTrainer(config, load_set(config.data, size_px, split="all", mirror=False), ONE)
    for step in range(steps):
        trainer.step(8 * step)
    save_checkpoint(path, {**trainer.state(), "config": config_values(config), "position": 8 * steps})
    return path


def portrait_of(rgb):
    """A face as a flat, dark-outlined portrait with larger eyes, in other colours."""
    size = rgb.shape[0]
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    map_x, map_y = x.copy(), y.copy()
    for cx in (0.38, 0.62):
        near = np.exp(-((x - cx) ** 2 + (y - 0.47) ** 2) / 0.006)
        map_x -= 0.45 * near * (x - cx)
        map_y -= 0.45 * near * (y - 0.47)
    warped = cv2.remap(rgb, map_x * size, map_y * size, cv2.INTER_LINEAR)
    flat = cv2.bilateralFilter(warped, 9, 60, 5)
    grey = cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY)
    levels = np.array([[40, 20, 80], [150, 70, 110], [250, 170, 120], [255, 235, 200]], np.uint8)
    drawn = levels[np.digitize(grey, (60, 110, 170))]
    drawn[cv2.Canny(flat, 60, 120) > 0] = (20, 10, 40)
    return drawn


def exact_pairs(folder, count=4, size_px=64):
    """`count` pairs NAME-photo.png, NAME-portrait.png in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        photo = read_picture(FACES / f"face_{index}.jpg").rgb
        for kind, rgb in (("photo", photo), ("portrait", portrait_of(photo))):
            assert cv2.imwrite(str(folder / f"{index}-{kind}.png"), resize(rgb, size_px)[:, :, ::-1])
    return folder


def dual_config(base, **settings):
    """Settings of `train-dual` for seconds on a CPU, with the recipe's values filled in."""
    values = {"base": str(base), "batch": 4, "pl_weight": 0, "identity": 0, "ada_target": 0, "ema_kimg": 0.02, **QUIET, **settings}
    return resolved(make_config(DualConfig, values))
