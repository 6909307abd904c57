"""`evaluate-student`: held-out quality, mattes, looks, sliders and steadiness, as evaluation.json."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from distill.painter import LOOK_IDS, Mix
from distill.student.cache import LayerCache
from distill.student.checkpoints import Trained, load_trained
from distill.student.codes import exemplar_code
from distill.student.manifest import write_json
from distill.student.samples import Sampler, Style, plain_crop, pure_style

SLIDER_STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
SHIFT_PX = 2
NOISE_SIGMA = 0.012
STEADINESS_EVERY = 4
"""Sliders and flicker are measured on every fourth person, each time in another look."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `evaluate-student`."""
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="run folder (or checkpoint) of train-student")
    parser.add_argument("--layers", type=Path, required=True, metavar="DIR", help="layer cache made by paint")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write the results, such as models/comic-lite/evaluation.json")
    parser.add_argument("--faces", type=int, default=0, metavar="N", help="only the first N held-out people (default: all)")
    parser.add_argument("--threads", type=int, default=1)


def main(args: argparse.Namespace) -> int:
    """Evaluates and prints the summary."""
    import torch

    torch.set_num_threads(args.threads)
    results = evaluate(load_trained(args.run), LayerCache(args.layers), args.faces or None)
    write_json(args.out, results)
    print(" ".join(f"{name}={value:.4g}" for name, value in results["summary"].items()))
    return 0


def ssim(first: np.ndarray, second: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004, Gaussian window σ 1.5) of pictures [h,w,3] in 0..1."""

    def mean(picture: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(picture, (11, 11), 1.5)

    mean_a, mean_b = mean(first), mean(second)
    var_a, var_b = mean(first * first) - mean_a**2, mean(second * second) - mean_b**2
    covariance = mean(first * second) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    value = (2 * mean_a * mean_b + c1) * (2 * covariance + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return float(value.mean())


def decibels(error: np.ndarray, weight: np.ndarray | None = None) -> float:
    """PSNR of an error [h,w,3] in units of a 0..1 range, optionally within a weight [h,w]."""
    square = (error**2).mean(-1)
    mean = square.mean() if weight is None else (square * weight).sum() / max(weight.sum(), 1.0)
    return float(-10 * np.log10(max(mean, 1e-10)))


def intersection_over_union(matte: np.ndarray, target: np.ndarray) -> float:
    """Soft IoU of two mattes."""
    return float(np.minimum(matte, target).sum() / max(np.maximum(matte, target).sum(), 1e-6))


def skin_tone(luma_median: float) -> str:
    """Which third of the luma range the face's skin lies in."""
    return "dark" if luma_median < 0.42 else "medium" if luma_median < 0.6 else "light"


def draw(trained: Trained, photo: np.ndarray, style: Style, look: int) -> tuple[np.ndarray, np.ndarray]:
    """The student's picture [h,w,3] and matte [h,w] in 0..1."""
    face = np.ascontiguousarray(photo.transpose(2, 0, 1))[None] * 2 - 1
    styled = trained.styled(face, exemplar_code(LOOK_IDS[look])[None], style.weights, style.keep_color)[0]
    return styled[:3].transpose(1, 2, 0) * 0.5 + 0.5, styled[3]


def slider_style(look: int, structure: float, colour: float) -> Style:
    """One look with both sliders set."""
    return Style(Mix({look: 1.0}, {look: 1.0}, structure, colour), 0.0, colour)


def steady(values: list[float]) -> bool:
    """Whether the values rise, up to a hundredth of their span."""
    slack = 0.01 * (max(values) - min(values))
    return all(later >= earlier - slack for earlier, later in zip(values, values[1:], strict=False)) and values[-1] > values[0]


def evaluate(trained: Trained, cache: LayerCache, faces: int | None = None) -> dict[str, Any]:
    """All results; each number is a mean over held-out people."""
    sampler, crop = Sampler(cache, 1.0), plain_crop()
    people = cache.indices(held_out=True)[:faces]
    rows: dict[str, list[dict[str, float]]] = {look: [] for look in LOOK_IDS}
    tones: dict[str, list[float]] = {}
    other: dict[str, list[float]] = {}
    noise = np.random.default_rng(0)
    for number, index in enumerate(people):
        targets = [sampler.painted(index, pure_style(look), crop) for look in range(len(LOOK_IDS))]
        photo = targets[0][0]
        scale = cache.entries[index].scale
        tone_name = skin_tone(float(np.interp(scale.skin_tone, np.linspace(0, 1, 256), scale.to_luma)))
        for look, look_id in enumerate(LOOK_IDS):
            picture, matte = draw(trained, photo, pure_style(look), look)
            _, target, head, _ = targets[look]
            row = {
                "psnr": decibels(picture - target),
                "psnrHead": decibels(picture - target, head),
                "psnrPhoto": decibels(photo - target),
                "ssim": ssim(picture, target),
                "matteIou": intersection_over_union(matte, head),
            }
            distances = [np.abs(picture - entry[1]).mean() for entry in targets]
            row["lookRecognised"] = float(int(np.argmin(distances)) == look)
            rows[look_id].append(row)
            tones.setdefault(tone_name, []).append(row["psnrHead"])
        if number % STEADINESS_EVERY == 0:
            look = (number // STEADINESS_EVERY) % len(LOOK_IDS)
            for name, value in steadiness(trained, photo, look, noise).items():
                other.setdefault(name, []).append(value)
    looks = {look: {name: mean_of(found, name) for name in found[0]} for look, found in rows.items()}
    summary = {name: float(np.mean([row[name] for row in looks.values()])) for name in next(iter(looks.values()))}
    summary |= {name: float(np.mean(values)) for name, values in other.items()}
    return {
        "model": trained.id,
        "images": trained.images,
        "commit": trained.commit,
        "faces": len(people),
        "summary": rounded(summary),
        "looks": {look: rounded(row) for look, row in looks.items()},
        "skinTones": rounded({name: float(np.mean(values)) for name, values in sorted(tones.items())}),
        "skinToneFaces": {name: len(values) // len(LOOK_IDS) for name, values in sorted(tones.items())},
    }


def steadiness(trained: Trained, photo: np.ndarray, look: int, noise: np.random.Generator) -> dict[str, float]:
    """Slider and flicker figures of one person in one look."""
    photo_error = [draw(trained, photo, slider_style(look, step, 0.0), look)[0] - photo for step in SLIDER_STEPS]
    colour_error = [draw(trained, photo, slider_style(look, 0.0, step), look)[0] - photo for step in SLIDER_STEPS]
    whole, _ = draw(trained, photo, pure_style(look), look)
    noisy = photo + NOISE_SIGMA * noise.standard_normal(photo.shape).astype(np.float32)
    other, _ = draw(trained, np.clip(noisy, 0, 1), pure_style(look), look)
    moved, _ = draw(trained, np.roll(photo, SHIFT_PX, 1), pure_style(look), look)
    inner = slice(8, -8)
    return {
        "psnrNeutral": decibels(photo_error[0]),
        "structureMonotone": float(steady([float(np.abs(error).mean()) for error in photo_error])),
        "colourMonotone": float(steady([float(np.abs(error).mean()) for error in colour_error])),
        "noiseFlicker": float(np.abs(other - whole).mean()),
        "shiftDeviation": float(np.abs(moved - np.roll(whole, SHIFT_PX, 1))[inner, inner].mean()),
    }


def mean_of(rows: list[dict[str, float]], name: str) -> float:
    """Mean of one column."""
    return float(np.mean([row[name] for row in rows]))


def rounded(values: dict[str, float]) -> dict[str, float]:
    """Four decimals are all that the runs repeat."""
    return {name: round(value, 4) for name, value in values.items()}
