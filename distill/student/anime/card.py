"""The card beside each anime model: what it is, what it was trained on, what it reaches, where it ends."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from distill.checkpoint import write_atomic
from distill.student.anime.cache import PairCache
from distill.student.anime.checkpoints import TrainedAnime

LABELS = {
    "psnrFeatures": "PSNR on eyes and mouth, dB", "psnrFeaturesConstant": "the same of a constant picture, dB",
    "psnrHead": "PSNR within the matte, dB", "psnrHeadConstant": "the same of a constant picture, dB",
    "lpipsFeatures": "LPIPS (AlexNet) on eyes and mouth", "lpipsFeaturesConstant": "the same of a constant picture",
    "matteIou": "matte, intersection over union",
    "gradientEnergyHair": "gradient energy in hair, share of the drawing's",
    "gradientEnergyEyes": "gradient energy in eyes and brows", "gradientEnergyMouth": "gradient energy in the mouth",
    "blinkRank": "rank correlation of eye area with known blinks", "blinkRigRank": "the same of the atelier's drawing",
    "jawRank": "rank correlation of mouth area with known jaw openings", "jawRigRank": "the same of the atelier's drawing",
    "renderJawRank": "rank correlation of mouth area with the jaw morph of rendered heads", "renderJawRigRank": "the same of the atelier's drawing",
    "renderEyesRight": "eyes of rendered heads drawn shut or open rightly", "renderEyesRigRight": "the same of the atelier's drawing",
    "retrieved": "right exemplar nearest among 200 that no training saw", "retrievedByChance": "by chance",
    "noiseDeviation": "change under noise of σ 2/255, 0–1", "jitterDeviation": "change under crop jitter of about 1 px, 0–1",
    "structureMonotone": "structure sweeps that move away steadily", "keepColourMonotone": "colour sweeps that move away steadily",
}  # fmt: skip


def write_card(path: Path, trained: TrainedAnime, entry: dict[str, Any], caches: list[PairCache], agreement: dict[str, float]) -> None:
    """Writes CARD.md; metrics come from evaluation.json beside it when there is one."""
    rows = [row for cache in caches for row in cache.rows(held=False)]
    photos = {row["file"]: row["source"] for row in rows}
    exemplars = {str(record) for cache in caches for record in cache.exemplars}
    held = {row["file"] for row in caches[0].rows(held=True)}
    sources = "\n".join(f"- {source}: {count}" for source, count in Counter(photos.values()).most_common())
    evaluation = path.parent / "evaluation.json"
    metrics = metrics_text(json.loads(evaluation.read_text(encoding="utf-8"))) if evaluation.exists() else "Not evaluated yet.\n"
    settings = "\n".join(f"- {name}: {value}" for name, value in trained.config.items() if name not in ("cache", "more", "init"))
    differences = "\n".join(f"- {name}: {value:.2g}" for name, value in agreement.items())
    used = [
        name
        for name, key in (("a perceptual loss (LPIPS on VGG16, BSD)", "perceptual_weight"), ("an adversarial loss", "adversarial_weight"))
        if trained.config[key] > 0
    ]
    extra = " and ".join(used) if used else "neither a perceptual nor an adversarial loss"
    text = f"""# {trained.id}

Draws the person before the camera as an anime character; {entry["gmacs"]} GMAC a picture. Trained from **exact pairs, teacher share 0 %**:
each target is drawn by our own rig (`distill/atelier`) for the photo's landmarks, so nothing is inherited from another generator.

An exemplar's hair, face and clothes come as layers in its code (CC0 art by Sutemo). Inside the network they are moved by fields that
are linear in the tracker's pose, fitted to the rig; what the network was trained to draw is eyes, brows, mouth, the matte and the
background behind a smaller head.

Licence: Apache-2.0. Exemplars: CC0 1.0.

## Data
{len(photos)} pictures (tier A: public domain, CC0, CC BY; `valid-avatars`: renders of heads, MIT) with painted blinks and jaws,
{len(rows)} pairs, {len(exemplars)} exemplars. By source:

{sources}

Mattes: `selfie_multiclass_256x256` (Apache-2.0). Held out: {len(held)} AI-made people (CC0) of all skin tones and ages 18–89.

## Training
`{entry["training"]["command"] or "command not recorded"}`

Commit {trained.commit}; {trained.images / 1000:.1f} thousand images in {trained.minutes:.0f} minutes, with {extra}.
{settings}

## Held-out results
{metrics}
PyTorch against native ONNX Runtime on the golden pair:
{differences}

## Limits
- Eyes and mouth follow the landmarks more than the pixels: where the tracker misreads a face, the drawing does too.
- Turns past about 30° are drawn as 30°. Glasses, beards, hats and hands are not drawn; hair length is the exemplar's.
- Exemplars are layers of this one artist's set; of another picture the style encoder takes the nearest parts and the colours.
- Trained mostly on politicians of 40–75 years; other people come from the AI-made half.
"""
    write_atomic(path, text.encode())


def metrics_text(evaluation: dict[str, Any]) -> str:
    """The evaluation as Markdown."""
    summary = evaluation["summary"]
    lines = [
        f"{evaluation['pairs']} pairs of {evaluation['people']} held-out people; target = the atelier's drawing.",
        "",
        "| what | value |",
        "|---|---|",
        *(f"| {label} | {summary[name]:.3f} |" for name, label in LABELS.items() if name in summary),
        "",
        "Age and sex are estimates of a network (`distill/measure/identity.py`) and tell of how people look only.",
        "",
        "| group | people | pairs | PSNR on eyes and mouth, dB | matte IoU |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {group['people']} | {group['pairs']} | {group['psnrFeatures']:.1f} | {group['matteIou']:.3f} |"
            for name, group in evaluation["groups"].items()
        ),
        "",
    ]
    return "\n".join(lines)
