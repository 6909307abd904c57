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
from distill.student.anime.canvas import CHANNELS, PIXELS, canvas_of, compose
from distill.student.anime.checkpoints import TrainedAnime, load_anime
from distill.student.anime.expression_check import morphs_followed, warps_followed
from distill.student.anime.groups import age_and_sex_groups, skin_group
from distill.student.anime.retrieval import retrieval
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
    parser.add_argument("--parts", type=Path, metavar="DIR", help="layered parts: retrieval; with the next two: expression against known warps")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="aligned photos; alone: results by estimated age and sex (needs `fetch-identity`)")
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
    results = evaluate(trained, cache, args.pairs, args.photos)
    if args.parts:
        results["summary"] |= rounded(retrieval(trained, cache, held_out_rows(cache, args.pairs), PartSet(args.parts)))
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


def held_out_rows(cache: PairCache, pairs: int) -> list[dict[str, Any]]:
    """`pairs` held-out pairs, spread over all."""
    rows = cache.rows(held=True)
    return rows[:: max(1, len(rows) // pairs)][:pairs]


def evaluate(trained: TrainedAnime, cache: PairCache, pairs: int, photos: Path | None = None) -> dict[str, Any]:
    """Pictures, mattes and steadiness on held-out pairs; each number is a mean over pairs. photos: also by age and sex."""
    rows = held_out_rows(cache, pairs)
    groups = [(skin_group(row["skin"]),) for row in rows]
    if photos is not None:
        groups = [(*tone, *found) for tone, found in zip(groups, age_and_sex_groups([photos / row["file"] for row in rows]))]
    constant = constant_pictures(cache)
    distance = _perceptual()
    values: dict[str, list[float]] = {}
    energies = {name: np.zeros(2) for name in ("hair", "eyes", "mouth")}
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
        field, _ = cache.flow.field(sample["pose"], float(code[0, 0]) / 255, row["structure"])
        hair = compose(canvas_of(code).reshape(PIXELS, CHANNELS), field)[..., 4] * (1 - np.clip(2 * features, 0, 1))
        regions = {"hair": hair > 0.5, "eyes": _around(cache, row, (0, 1)) > 0.5, "mouth": _around(cache, row, (2,)) > 0.5}
        for name, mask in regions.items():
            energies[name] += [gradient_energy(drawn[..., :3], mask), gradient_energy(target[..., :3], mask)]
    summary = {name: float(np.mean(found)) for name, found in values.items()}
    summary |= {f"gradientEnergy{name.capitalize()}": float(pair[0] / max(pair[1], 1e-9)) for name, pair in energies.items()}
    return {
        "model": trained.id, "images": trained.images, "commit": trained.commit, "pairs": len(rows),
        "people": len({row["file"] for row in rows}), "summary": rounded(summary),
        "groups": {name: group_results([i for i, names in enumerate(groups) if name in names], rows, values) for name in sorted({*sum(groups, ())})},
    }  # fmt: skip


def group_results(members: list[int], rows: list[dict[str, Any]], values: dict[str, list[float]]) -> dict[str, float]:
    """Means over the pairs of one group of people."""
    means = {name: float(np.mean([values[name][index] for index in members])) for name in ("psnrFeatures", "matteIou")}
    return {"people": len({rows[index]["file"] for index in members}), "pairs": len(members)} | rounded(means)


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
