"""`train-anime-encoder`: learns the style encoder from cached drawings, measures it and writes it beside the models."""

from __future__ import annotations

import argparse
import copy
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from distill.atelier.character import Character
from distill.atelier.draw import draw_portrait
from distill.atelier.exemplar import choose_exemplars
from distill.atelier.expression import REST
from distill.atelier.parts import PartSet
from distill.atelier.pose import rest_pose
from distill.checkpoint import write_atomic
from distill.run import current_commit
from distill.student.anime.cache import PairCache
from distill.student.anime.canvas import CODE_WIDTH, exemplar_code
from distill.student.anime.crop import crop_pose
from distill.student.anime.encoder import COLOUR_VALUES, INPUT_PX, PARTS, StyleEncoder, layer_span, part_looks, part_targets, spoiled
from distill.student.anime.onnx_export import export_graph, run_graph
from distill.student.anime.pack import NAMES
from distill.student.evaluate import rounded
from distill.student.manifest import file_facts, write_json
from distill.student.onnx_export import OPSET, round_weights

FOLDER = "anime-encoder"
UNSEEN_SEED = 77
TOLERANCE = 1e-4
RATE = 2e-3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `train-anime-encoder`."""
    parser.add_argument("--cache", type=Path, required=True, metavar="DIR", help="cache made by anime-cache")
    parser.add_argument("--more", type=Path, action="append", default=[], metavar="DIR", help="a further cache, of other exemplars")
    parser.add_argument("--parts", type=Path, required=True, metavar="DIR", help="layered parts, for the characters of the test")
    parser.add_argument("--models", type=Path, default=Path("models"), metavar="DIR", help="models folder (default: models)")
    parser.add_argument("--exemplars", type=int, default=24, metavar="N", help="exemplars of the pack (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=2400, metavar="N", help="of training (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=16, metavar="N")
    parser.add_argument("--unseen", type=int, default=60, metavar="N", help="characters of the test that no training saw (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)


def main(args: argparse.Namespace) -> int:
    """Trains, measures, exports, and names the encoder in the manifest entries of the anime models."""
    torch.set_num_threads(1)
    count = min(args.exemplars, len(NAMES))
    truth = Truth([PairCache(folder) for folder in (args.cache, *args.more)], count)
    encoder = train(truth, args.steps, args.batch, args.seed)
    round_weights(encoder)
    results = {"commit": current_commit(), "pictures": args.steps * args.batch} | measure(encoder, truth, PartSet(args.parts), args.unseen)
    folder = args.models / FOLDER
    export_encoder(encoder, folder / "encoder.onnx")
    write_json(folder / "evaluation.json", results)
    write_card(folder / "CARD.md", results, truth, args)
    name_in_manifest(args.models, folder / "encoder.onnx", count)
    print(" ".join(f"{name}={value}" for name, value in results.items()))
    return 0


class Truth:
    """What the cached drawings show: part targets and colours of each exemplar, and the drawings themselves.

    The first `pack` exemplars of the first cache are the pack's.
    """

    def __init__(self, caches: list[PairCache], pack: int) -> None:
        self.caches, self.pack = caches, pack
        self.first = np.cumsum([0, *(len(cache.codes) for cache in caches)])
        self.looks = np.stack([part_looks(code) for cache in caches for code in cache.codes])
        self.male = np.array([record["sex"] == "male" for cache in caches for record in cache.exemplars])
        self.targets = part_targets(self.looks, self.male, pack)
        self.colours = np.array([code[-1, :COLOUR_VALUES] for cache in caches for code in cache.codes], np.float32) / 255
        self.rows = [cache.rows(held=False) for cache in caches]

    def sample(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Any drawing of any cache: picture planar in [-1,1], part targets, male, colours."""
        number = int(rng.integers(len(self.caches)))
        cache, row = self.caches[number], self.rows[number][int(rng.integers(len(self.rows[number])))]
        pair, exemplar = row["pair"], self.first[number] + row["exemplar"]
        target = cache.arrays.target[pair][..., :3].astype(np.float32) / 255
        opacity = cache.arrays.moved[pair][..., 3:].astype(np.float32) / 255
        picture, colours = spoiled(target, opacity, self.colours[exemplar], rng)
        return picture.transpose(2, 0, 1) * 2 - 1, self.targets[exemplar], np.float32([self.male[exemplar]]), colours


def train(truth: Truth, steps: int, batch: int, seed: int) -> StyleEncoder:
    """The averaged encoder after `steps` of `batch` pictures."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    encoder = StyleEncoder(truth.male[: truth.pack])
    average = copy.deepcopy(encoder).requires_grad_(False)
    optimiser = torch.optim.AdamW(encoder.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=0.02)
    bar = tqdm(range(steps), "encoder", unit="step")
    for step in bar:
        optimiser.param_groups[0]["lr"] = RATE * min(1, (step + 1) / 50) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / steps)))
        samples = [truth.sample(rng) for _ in range(batch)]
        loss = _loss(encoder, *(torch.from_numpy(np.stack(part)) for part in zip(*samples)))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(encoder.parameters()), 1 - min(0.995, (step + 1) / (step + 11)))
        bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
    return average.eval()


def _loss(encoder: StyleEncoder, pictures: Tensor, parts: Tensor, male: Tensor, colours: Tensor) -> Tensor:
    logits, sex, colour_logits = encoder.raw(pictures)
    # The other sex is left out afterwards by `forward`, so only the order within one sex is learned.
    hidden = parts.sum(1, keepdim=True) == 0
    shares = torch.log_softmax(logits.masked_fill(hidden, -1e4), 2)
    chosen = -(parts * shares).sum(2).mean()
    return chosen + 0.3 * F.binary_cross_entropy_with_logits(sex, male) + 3 * (torch.sigmoid(colour_logits) - colours).abs().mean()


@torch.no_grad()
def measure(encoder: StyleEncoder, truth: Truth, parts: PartSet, unseen: int) -> dict[str, float]:
    """On characters that no training saw: how near the chosen parts are, beside the nearest there are and any; colours."""
    chosen, best, chance, colour, constant, sexes = [], [], [], [], [], []
    for exemplar in tqdm(choose_exemplars(parts, unseen, UNSEEN_SEED), "unseen characters"):
        drawn = draw_portrait(Character(parts, exemplar, 0.5), REST, crop_pose(rest_pose()), structure=1.0, size=INPUT_PX, glasses=exemplar.glasses)
        likeness, colours = encoder(torch.from_numpy(drawn.rgb.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1))
        looks, male = part_looks(exemplar_code(parts, exemplar)), exemplar.sex == "male"
        distance = np.abs(truth.looks[: truth.pack] - looks[None]).mean(2).T
        own = truth.male[: truth.pack] == male
        picks = likeness[0].numpy().argmax(1)
        chosen.append(distance[np.arange(len(PARTS)), picks])
        best.append(distance[:, own].min(1))
        chance.append(distance[:, own].mean(1))
        wanted = np.array([exemplar.hair, exemplar.skin, exemplar.eye], np.float32).ravel() / 255
        colour.append(np.abs(colours[0].numpy() - wanted).mean())
        constant.append(np.abs(truth.colours[: truth.pack].mean(0) - wanted).mean())
        sexes.append(bool(truth.male[picks[0]]) == male)
    gap = 1 - (np.mean(chosen, 0) - np.mean(best, 0)) / np.maximum(np.mean(chance, 0) - np.mean(best, 0), 1e-9)
    return rounded(
        {f"{name}Nearness": float(value) for name, value in zip(PARTS, gap)}
        | {"sexRight": float(np.mean(sexes)), "colourError": float(np.mean(colour)), "colourErrorConstant": float(np.mean(constant))}
    )


def export_encoder(encoder: StyleEncoder, path: Path) -> None:
    """Writes exemplar → likeness, colours, and checks that native ORT agrees; raises ValueError otherwise."""
    example = torch.rand(1, 3, INPUT_PX, INPUT_PX, generator=torch.Generator().manual_seed(0)) * 2 - 1
    export_graph(encoder, (example,), ("exemplar",), ("likeness", "colours"), path)
    with torch.no_grad():
        expected = dict(zip(("likeness", "colours"), encoder(example)))
    for name, found in run_graph(path, {"exemplar": example.numpy()}).items():
        difference = float(np.abs(found - expected[name].numpy()).max())
        if not difference <= TOLERANCE:
            raise ValueError(f"{path}: '{name}' differs from PyTorch by {difference:.2g}; at most {TOLERANCE} is allowed.")


def write_card(path: Path, results: dict[str, Any], truth: Truth, args: argparse.Namespace) -> None:
    """Writes CARD.md."""
    nearness = ", ".join(f"{name} {results[f'{name}Nearness']:.2f}" for name in PARTS)
    text = f"""# {FOLDER}

Makes a look of a picture of a character: for front hair, back hair and clothes with the face the most alike of the pack's
{truth.pack} exemplars, all of one sex, and the colours of hair, skin and eyes. It chooses parts, it does not draw new ones.

Licence: Apache-2.0.

## Data
{sum(map(len, truth.rows))} drawings by our own rig (`distill/atelier`; CC0 art by Sutemo) of {len(truth.looks)} exemplars,
{truth.pack} of them the pack's, each time in other colours, at another place and size, half of them before a plain ground.

## Training
`python -m distill train-anime-encoder --cache CACHE {'--more EXEMPLARS ' * len(args.more)}--parts PARTS --steps {args.steps}`

Commit {results["commit"]}; {results["pictures"] / 1000:.1f} thousand pictures. Losses: cross-entropy to
how alike the layers of the parts are, mean error of the colours; no network of others in losses or metrics.

## Results
On {args.unseen} characters that no training saw. How near the chosen parts' layers are, 1: the nearest of the pack, 0: any of them: {nearness}.
Of the right sex: {results["sexRight"]:.0%}. Colours are {results["colourError"]:.3f} of the range off on average
(the pack's mean colours: {results["colourErrorConstant"]:.3f}).

## Limits
- Learned from this one artist's drawings: pictures by others are read by their colours and outlines, photos of people worse.
- The face belongs in the middle of the picture's square; nothing is searched for.
"""
    write_atomic(path, text.encode())


def name_in_manifest(models: Path, file: Path, count: int) -> None:
    """Names the encoder in every anime model of the manifest: file, shapes, whose parts it chooses, where they lie in a code."""
    path = models / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    entry = {
        **file_facts(file, models), "dtype": "float32", "opset": OPSET,
        "inputs": {"exemplar": [1, 3, INPUT_PX, INPUT_PX]},
        "outputs": {"likeness": [1, len(PARTS), count], "colours": [1, COLOUR_VALUES]},
        "exemplars": [name.lower() for name in NAMES[:count]],
        "parts": {part: [[CODE_WIDTH + place for place in layer_span(layer)] for layer in layers] for part, layers in PARTS.items()},
    }  # fmt: skip
    for model in manifest["models"]:
        if model["id"].startswith("anime-"):
            model["styleEncoder"] = entry
    write_json(path, manifest)
