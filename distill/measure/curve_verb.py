"""``base-curve``: how the checkpoints of one training get better, as a table and a chart.

Two curves over kimg: KID, precision and recall of random faces against held-out photos, beside as
many training photos (the floor); and LPIPS of rebuilt held-out pictures from the run's metrics, with
the trend that says what more training would bring.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from distill.checkpoint import load_checkpoint, write_atomic
from distill.config import add_config_arguments, config_text, load_config
from distill.data.training_set import load_set
from distill.measure.chart import Line, Panel, draw_chart
from distill.measure.distributions import Interval, kernel_distance, precision_recall
from distill.measure.evaluate import all_pictures, draw_floor, generate, load_generator
from distill.measure.features import InceptionFeatures, in_batches
from distill.measure.results import chip_name, command_line
from distill.measure.trend import Power, fit_power
from distill.train.parallel import pick_device

FLOOR = "training photos"


@dataclass(frozen=True)
class CurveConfig:
    """Settings of `base-curve`.

    checkpoints: of one training, in any order. data, max_out_of_frame: as in `evaluate`. metrics: the
    run's metrics.jsonl. out: path of the files without ending (.md and .svg are added). samples: random
    faces for each checkpoint, and training photos for the floor. psi: truncation. hours: how much more
    training is foretold. trend_from_kimg: where the curve has settled enough to be fitted.
    """

    checkpoints: tuple[str, ...]
    data: tuple[str, ...]
    metrics: str
    out: str = "base-curve"
    max_out_of_frame: float = 0.05
    samples: int = 500
    psi: float = 1.0
    hours: float = 1.0
    trend_from_kimg: float = 6.0
    seed: int = 0
    device: str = "auto"


class Scores(NamedTuple):
    """Samples of one checkpoint (or training photos) against held-out photos."""

    kimg: float | None
    kid: Interval
    precision: float
    recall: float


class Forecast(NamedTuple):
    """What the curve says about more training.

    power: fitted to the points before the rate cools down (kimg `cools_at`). end, then: kimg now and after `hours`.
    ahead: how much lower than the fit the last point is, which cooling gave.
    """

    power: Power
    cools_at: float
    end: float
    then: float
    ahead: float


def read_validation(path: Path) -> tuple[list[tuple[float, float]], float]:
    """(kimg, LPIPS) of held-out pictures from a run's metrics, and its median images a second."""
    if not path.exists():
        raise SystemExit(f"metrics={path}: there is no such file; give metrics.jsonl of the run.")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    points = {row["kimg"]: row["val_lpips"] for row in rows if "val_lpips" in row}
    rates = [row["images_per_second"] for row in rows if "images_per_second" in row]
    if len(points) < 4 or not rates:
        raise SystemExit(f"metrics={path}: fewer than four measures of held-out pictures; train longer or measure more often (grid_kimg).")
    return sorted(points.items()), float(np.median(rates))


def forecast(points: list[tuple[float, float]], rate: float, cools_at: float, config: CurveConfig) -> Forecast:
    """The trend of the points while the rate was constant, carried on; see `Forecast`."""
    settled = [point for point in points if config.trend_from_kimg <= point[0] <= cools_at]
    if len(settled) < 4:
        raise SystemExit(f"trend_from_kimg={config.trend_from_kimg}: fewer than four measures lie between it and {cools_at:g} kimg; lower it.")
    power = fit_power(*np.array(settled).T)
    end, last = points[-1]
    return Forecast(power, cools_at, end, end + rate * 3.6 * config.hours, power.at(end) - last)


def score_checkpoints(config: CurveConfig, states: list[dict[str, Any]]) -> list[Scores]:
    """The scores of each checkpoint, then of the training photos."""
    device = pick_device(config.device)
    size_px = states[0]["layout"]["size_px"]
    train, held_out = (
        load_set(config.data, size_px, split=split, max_out_of_frame=config.max_out_of_frame, mirror=False).of_domain("photo")
        for split in ("train", "val")
    )
    network = InceptionFeatures()
    target = in_batches(network, all_pictures(held_out))

    def score(kimg: float | None, pictures: Tensor) -> Scores:
        features = in_batches(network, pictures)
        return Scores(kimg, kernel_distance(features, target), *precision_recall(target, features))

    scores = []
    for state in states:
        fake = generate(load_generator(state, device), config.samples, config.psi, config.seed)
        scores.append(score(state["position"] / 1000, fake))
        print(_line(scores[-1]), flush=True)
    return [*scores, score(None, draw_floor(all_pictures(train), config.samples, config.seed))]


def _line(scores: Scores) -> str:
    name = FLOOR if scores.kimg is None else f"{scores.kimg:.1f}"
    kid = scores.kid
    return f"| {name} | {kid.value:.1f} [{kid.low:.1f}, {kid.high:.1f}] | {scores.precision:.3f} | {scores.recall:.3f} |"


def report(scores: list[Scores], points: list[tuple[float, float]], rate: float, seen: Forecast, config: CurveConfig) -> str:
    """The table and the forecast in words, as Markdown."""
    power = seen.power
    gain = power.at(seen.end) - power.at(seen.then)
    lines = [
        f"`{command_line()}` on {chip_name(pick_device(config.device))}; {config.samples} random faces for each row.", "",
        "| kimg | KID ×1000 [95 %] | precision | recall |", "|---|---|---|---|", *map(_line, scores), "",
        "| kimg | LPIPS, held out |", "|---|---|", *(f"| {kimg:g} | {value:.4f} |" for kimg, value in points), "",
        f"{rate:.1f} images/s (median of the run): {100 / rate / 0.06:.0f} minutes for 100 kimg.", "",
        f"Trend: {power.floor:.3f} + {power.scale:.3f} · kimg^−{power.exponent:.2f}, fitted by least squares to the points from "
        f"{config.trend_from_kimg:g} to {seen.cools_at:g} kimg, while the rate was constant (root mean square error {power.error:.4f}). "
        f"At {seen.end:g} kimg it says {power.at(seen.end):.4f}; measured is {points[-1][1]:.4f}, {abs(seen.ahead):.4f} "
        f"{'lower' if seen.ahead > 0 else 'higher'}, with the rate cooled down. {config.hours:g} more hour{'s' * (config.hours != 1)} would bring it to "
        f"{seen.then:.0f} kimg and LPIPS down by {gain:.4f}, to about {points[-1][1] - gain:.3f} if the rate cools down at the end again.", "",
    ]  # fmt: skip
    return "\n".join(lines)


def chart(scores: list[Scores], points: list[tuple[float, float]], seen: Forecast, start: float) -> str:
    """Both curves as SVG."""
    made = [score for score in scores if score.kimg is not None]
    floor = next(score for score in scores if score.kimg is None)
    kid = [(score.kimg or 0.0, *score.kid) for score in made]
    trend = [(x, seen.power.at(x)) for x in np.linspace(max(start, 1.0), seen.then, 40).tolist()]
    return draw_chart([
        Panel("KID ×1000 of random faces, 95 % interval", "kimg", [Line("samples", kid)], [(FLOOR, floor.kid.value)]),
        Panel("precision and recall", "kimg", [
            Line("precision", [(score.kimg or 0.0, score.precision) for score in made]), Line("recall", [(score.kimg or 0.0, score.recall) for score in made]),
        ], [(f"{FLOOR}: precision", floor.precision), (f"{FLOOR}: recall", floor.recall)]),
        Panel("LPIPS of rebuilt held-out pictures", "kimg", [Line("measured", points), Line("trend at a constant rate", trend, dashed=True)]),
    ])  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    config = load_config(CurveConfig, args)
    print(config_text(config))
    if args.dry_run:
        return
    points, rate = read_validation(Path(config.metrics))
    states = sorted((load_checkpoint(path) for path in config.checkpoints), key=lambda state: state["position"])
    settings = states[-1].get("config", {})
    cools_at = settings.get("decay_from", 1.0) * settings.get("total_kimg", points[-1][0])
    seen = forecast(points, rate, cools_at, config)
    scores = score_checkpoints(config, states)
    text = report(scores, points, rate, seen, config)
    print(text)
    write_atomic(Path(f"{config.out}.md"), ("# Curve of the face generator\n\n" + text).encode())
    write_atomic(Path(f"{config.out}.svg"), chart(scores, points, seen, config.trend_from_kimg).encode())
