"""`evaluate-anime`: held-out quality of an anime student against the atelier's drawing, as evaluation.json."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

from distill.atelier.parts import PartSet
from distill.atelier.photos import read_studies
from distill.data.faces import held_out
from distill.student.anime.cache import PairCache
from distill.student.anime.canvas import CHANNELS, PIXELS, canvas_of, compose, compose_sources, sources
from distill.student.anime.checkpoints import TrainedAnime, load_anime
from distill.student.anime.expression_check import morphs_followed, warps_followed
from distill.student.anime.samples import Jitter, crop_photo, draw_sample, feature_weight
from distill.student.evaluate import decibels, intersection_over_union, rounded, steady
from distill.student.manifest import write_json

STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
NOISE_SIGMA = 2 / 255
STEADINESS_EVERY = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `evaluate-anime`."""
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="run folder (or checkpoint) of train-anime")
    parser.add_argument("--cache", type=Path, required=True, metavar="DIR", help="cache made by anime-cache")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write the results, such as models/anime-lite/evaluation.json")
    parser.add_argument("--parts", type=Path, metavar="DIR", help="layered parts; with the next two: expression against known warps")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="aligned photos")
    parser.add_argument("--studies", type=Path, metavar="DIR", help="folder with photos.jsonl.gz and mattes/")
    parser.add_argument("--renders", type=Path, metavar="DIR", help="folder of atelier-renders; with --parts: expression against known morphs")
    parser.add_argument("--render-count", type=int, default=160, metavar="N", help="renders (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=96, metavar="N", help="held-out pairs (default: %(default)s)")
    parser.add_argument("--people", type=int, default=12, metavar="N", help="people of the expression test (default: %(default)s)")


def main(args: argparse.Namespace) -> int:
    """Evaluates and prints the summary."""
    torch.set_num_threads(1)
    cache = PairCache(args.cache)
    trained = load_anime(args.run, cache.flow)
    results = evaluate(trained, cache, args.pairs)
    if args.parts and args.photos and args.studies:
        studies = [study for study in read_studies(args.studies / "photos.jsonl.gz") if held_out(study.file.source, study.file.name)]
        ranks = warps_followed(trained, cache, PartSet(args.parts), studies[: args.people], args.photos, args.studies / "mattes")
        results["summary"] |= rounded(ranks)
    if args.parts and args.renders:
        results["summary"] |= rounded(morphs_followed(trained, cache, PartSet(args.parts), args.renders, args.render_count))
    write_json(args.out, results)
    print(" ".join(f"{name}={value:.4g}" for name, value in results["summary"].items()))
    return 0


def gradient_energy(picture: np.ndarray, mask: np.ndarray) -> float:
    """Sum of squared differences between neighbours within a mask [h,w]."""
    across, down = np.diff(picture, axis=1)[:-1], np.diff(picture, axis=0)[:, :-1]
    return float((((across**2).sum(-1) + (down**2).sum(-1)) * mask[:-1, :-1]).sum())


def evaluate(trained: TrainedAnime, cache: PairCache, pairs: int) -> dict[str, Any]:
    """Pictures, mattes, retrieval and steadiness on held-out pairs; each number is a mean over pairs."""
    rows = cache.rows(held=True)
    rows = rows[:: max(1, len(rows) // pairs)][:pairs]
    constant = constant_pictures(cache)
    distance = _perceptual()
    values: dict[str, list[float]] = {}
    energies = {name: np.zeros(2) for name in ("hair", "eyes", "mouth")}
    tones: dict[str, list[float]] = {}
    rng = np.random.default_rng(0)
    for number, row in enumerate(rows):
        sample = draw_sample(cache, row, None)
        code, target = cache.codes[row["exemplar"]], sample["target"]
        style = trained.style(code, row["structure"])
        drawn = trained.styled(sample["face"], sample["pose"], style)
        features = feature_weight(cache.arrays.centres[row["pair"]])
        error = drawn[..., :3] - target[..., :3]
        flat = constant[row["exemplar"]] - target[..., :3]
        head = target[..., 3]
        found = {
            "psnrHead": decibels(error, head), "psnrFeatures": decibels(error, features),
            "psnrHeadConstant": decibels(flat, head), "psnrFeaturesConstant": decibels(flat, features),
            "matteIou": intersection_over_union(drawn[..., 3], head),
        }  # fmt: skip
        if distance is not None:
            found |= {"lpipsFeatures": distance(drawn, target, cache.arrays.centres[row["pair"]])}
            found |= {"lpipsFeaturesConstant": distance(constant[row["exemplar"]], target, cache.arrays.centres[row["pair"]])}
        if number % STEADINESS_EVERY == 0:
            found |= steadiness(trained, cache, row, sample, style, drawn, rng)
        for name, value in found.items():
            values.setdefault(name, []).append(value)
        tones.setdefault(skin_group(row["skin"]), []).append(found["psnrFeatures"])
        field, _ = cache.flow.field(sample["pose"], float(code[0, 0]) / 255, row["structure"])
        hair = compose(canvas_of(code).reshape(PIXELS, CHANNELS), field)[..., 4] * (1 - np.clip(2 * features, 0, 1))
        regions = {"hair": hair > 0.5, "eyes": _around(cache, row, (0, 1)) > 0.5, "mouth": _around(cache, row, (2,)) > 0.5}
        for name, mask in regions.items():
            energies[name] += [gradient_energy(drawn[..., :3], mask), gradient_energy(target[..., :3], mask)]
    summary = {name: float(np.mean(found)) for name, found in values.items()}
    summary |= {f"gradientEnergy{name.capitalize()}": float(pair[0] / max(pair[1], 1e-9)) for name, pair in energies.items()}
    summary |= retrieval(trained, cache, rows)
    return {
        "model": trained.id, "images": trained.images, "commit": trained.commit, "pairs": len(rows),
        "people": len({row["file"] for row in rows}), "summary": rounded(summary),
        "skinTones": rounded({name: float(np.mean(found)) for name, found in sorted(tones.items())}),
    }  # fmt: skip


def skin_group(skin: list[int]) -> str:
    """Which third of the drawn skin's lightness a person's skin lies in."""
    luma = float(np.dot(skin, [0.299, 0.587, 0.114])) / 255
    return "dark" if luma < 0.62 else "medium" if luma < 0.82 else "light"


def _around(cache: PairCache, row: dict[str, Any], which: tuple[int, ...]) -> np.ndarray:
    centres = cache.arrays.centres[row["pair"]].copy()
    for index in range(3):
        if index not in which:
            centres[index] = -999
    return feature_weight(centres)


def constant_pictures(cache: PairCache, most: int = 60) -> list[np.ndarray]:
    """For each exemplar the mean of its training targets: what a blind student would show."""
    grey = np.full((256, 256, 3), 0.5, np.float32)
    means = []
    for exemplar in range(len(cache.codes)):
        rows = [row for row in cache.rows(held=False) if row["exemplar"] == exemplar][:most]
        means.append(np.mean([cache.arrays.target[row["pair"]][..., :3] for row in rows], 0).astype(np.float32) / 255 if rows else grey)
    return means


def _perceptual() -> Any:
    """LPIPS of crops around eyes and mouth, or None where its weights are not installed."""
    from distill.measure.packages import MissingNetwork
    from distill.measure.perceptual import Lpips

    try:
        network = Lpips("alex")
    except MissingNetwork:
        return None

    def distance(drawn: np.ndarray, target: np.ndarray, centres: np.ndarray) -> float:
        crops = []
        for picture in (drawn, target):
            for x, y in centres:
                left, top = (int(np.clip(round(float(value)) - 32, 0, 192)) for value in (x, y))
                crops.append(picture[top : top + 64, left : left + 64, :3].transpose(2, 0, 1) * 2 - 1)
        stacked = torch.from_numpy(np.stack(crops).astype(np.float32))
        with torch.no_grad():
            return float(network(stacked[:3], stacked[3:]).mean())

    return distance


def steadiness(
    trained: TrainedAnime, cache: PairCache, row: dict[str, Any], sample: dict[str, np.ndarray], style: Any, drawn: np.ndarray, rng: np.random.Generator
) -> dict[str, float]:
    """How the picture answers noise, a jittering crop and the sliders."""
    code, head = cache.codes[row["exemplar"]], sample["target"][..., 3:]
    noisy = np.clip(sample["face"] + NOISE_SIGMA * rng.standard_normal(sample["face"].shape), 0, 1).astype(np.float32)
    jittered = crop_photo(cache.arrays.photo[row["photo"]], rng, Jitter())[..., :3].astype(np.float32) / 255

    def change(other: np.ndarray) -> float:
        return float((np.abs(other - drawn)[..., :3] * head).sum() / (3 * head.sum()))

    swept = [trained.styled(sample["face"], sample["pose"], trained.style(code, step)) for step in STEPS]
    structure = [float(np.abs(picture - swept[0]).mean()) for picture in swept]
    kept = [trained.styled(sample["face"], sample["pose"], trained.style(code, row["structure"], keep=step)) for step in STEPS]
    colour = [float(np.abs(picture - kept[0]).mean()) for picture in kept]
    return {
        "noiseDeviation": change(trained.styled(noisy, sample["pose"], style)),
        "jitterDeviation": change(trained.styled(jittered, sample["pose"], style)),
        "structureMonotone": float(steady(structure)),
        "keepColourMonotone": float(steady(colour)),
    }


def retrieval(trained: TrainedAnime, cache: PairCache, rows: list[dict[str, Any]], draws: int = 20) -> dict[str, float]:
    """How often the drawing of one exemplar lies nearest to the layers of that exemplar among all cached ones."""
    rng, right = np.random.default_rng(20), 0
    canvases = [np.round(canvas_of(code)[:, :4] * 255).astype(np.uint8) for code in cache.codes]
    for _ in range(draws):
        row = rows[int(rng.integers(len(rows)))]
        sample = draw_sample(cache, row, None)
        drawn = trained.styled(sample["face"], sample["pose"], trained.style(cache.codes[row["exemplar"]], row["structure"]))
        taken = [sources(cache.flow.field(sample["pose"], male, row["structure"])[0]) for male in (0.0, 1.0)]
        distances = []
        for code, canvas in zip(cache.codes, canvases):
            layers = compose_sources(canvas, taken[int(code[0, 0] > 127)]).astype(np.float32) / 255
            distances.append(float((np.abs(layers[..., :3] - drawn[..., :3] * layers[..., 3:4]) * drawn[..., 3:]).mean()))
        right += int(np.argmin(distances)) == row["exemplar"]
    return {"retrieved": right / draws, "retrievedByChance": 1 / len(cache.codes)}
