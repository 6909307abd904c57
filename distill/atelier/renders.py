"""Plain renders of avatars: expressions the photos lack, with their morphs as truth."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from distill.atelier.parts import AtelierError

PROGRAM = Path(__file__).with_name("render-heads.ts")
LICENCE, AUTHOR = "MIT", "Tiffany Do (VALID avatars)"
ORIGIN = "github:c-frame/valid-avatars-glb"
LICENCE_FILE = "LICENSE-MIT.txt"

_TALK = ("AE_AA", "AO_a", "Ax_E", "TD_I", "UH_OO", "UW_U", "S", "SH_CH", "FV")
_BOTH_SIDES = ("smileClose", "smileOpen", "mouthSad", "squint", "lowLid", "disgust", "eyeOpen",
               "sad")


def random_expression(rng: np.random.Generator) -> dict[str, float]:
    """Morph weights of a face that does one or several things at once.

    `MouthOpen` is drawn evenly in 0–1 in two thirds of the faces, lids evenly in half of them.
    """
    morphs: dict[str, float] = {}
    if rng.random() < 0.66:
        morphs["MouthOpen"] = float(rng.uniform(0, 1))
    elif rng.random() < 0.4:
        morphs[str(rng.choice(_TALK))] = float(rng.uniform(0.3, 0.9))
    if rng.random() < 0.5:
        both = float(rng.choice([1.0, rng.uniform(0, 1)]))
        left, right = both, both
        if rng.random() < 0.35:
            left, right = (both, 0.0) if rng.random() < 0.5 else (0.0, both)
        morphs |= {"LeyeClose": left, "ReyeClose": right}
    for name in _BOTH_SIDES:
        if name == "eyeOpen" and "LeyeClose" in morphs:
            continue
        if rng.random() < (0.3 if name.startswith("smile") else 0.1):
            weight = float(rng.uniform(0.2, 0.9))
            lean = float(rng.uniform(0.6, 1))
            sides = (weight, weight * lean) if rng.random() < 0.5 else (weight * lean, weight)
            morphs |= {f"L{name}": sides[0], f"R{name}": sides[1]}
    brows = rng.random()
    if brows < 0.5:
        kind = "browUp" if brows < 0.3 else "browDown"
        weight = float(rng.uniform(0.3, 1))
        outer = ("RR", "LL")
        morphs |= {f"R{kind}": weight, f"L{kind}": weight}
        morphs |= {f"{side}{kind}": weight * float(rng.uniform(0.3, 1)) for side in outer}
    return {name: round(weight, 3) for name, weight in morphs.items() if weight > 0.01}


def random_shot(rng: np.random.Generator, name: str) -> dict[str, object]:
    """One picture's plan in the terms of render-page.ts."""
    wide = rng.random() < 0.2
    yaw = rng.uniform(-0.7, 0.7) if wide else rng.normal(0, 0.22)
    tint = rng.normal(0, 0.12)
    warm = np.clip([1 + tint, 1, 1 - tint], 0.5, 1.5)
    lights = []
    for strength in (rng.uniform(0.6, 3.2), rng.uniform(0, 1.2), rng.uniform(0, 0.8)):
        angle, height = rng.uniform(-1.4, 1.4), rng.uniform(-0.3, 1.2)
        colour = np.clip(warm * np.exp(rng.normal(0, 0.08, 3)), 0.3, 1.6)
        lights.append({
            "colour": np.round(colour, 3).tolist(), "intensity": round(float(strength), 3),
            "from": [round(float(np.sin(angle)), 3), round(float(height), 3),
                     round(float(np.cos(angle)), 3)]})
    ambient = np.round(warm * rng.uniform(0.25, 1.3), 3).tolist()

    def css() -> str:
        grey, colour = rng.uniform(20, 225), rng.uniform(-28, 28, 3)
        return "rgb({},{},{})".format(*(int(v) for v in np.clip(grey + colour, 0, 255)))

    return {
        "id": name, "morphs": random_expression(rng), "yawRad": round(float(yaw), 4),
        "pitchRad": round(float(rng.normal(0, 0.12)), 4),
        "rollRad": round(float(rng.normal(0, 0.1)), 4),
        "gazeYawRad": round(float(rng.normal(0, 0.2)), 4),
        "gazePitchRad": round(float(rng.normal(0, 0.1)), 4),
        "lights": lights, "ambient": ambient, "background": [css(), css()],
        "fovDeg": round(float(rng.uniform(18, 45)), 2),
        "eyeDistance": round(0.232 * float(np.exp(rng.normal(0, 0.05))), 4),
        "eyeMiddle": [round(0.5 + float(rng.normal(0, 0.015)), 4),
                      round(0.487 + float(rng.normal(0, 0.015)), 4)],
    }


def held_out_avatar(avatar: str) -> bool:
    """Whether a head is kept for evaluation: every third one of its group of origin and sex."""
    return "_3_" in avatar


def plan_renders(avatars: Path, count: int, seed: int) -> dict[str, list[dict[str, object]]]:
    """`count` shots spread evenly over the GLB files of a folder; deterministic by `seed`."""
    names = sorted(path.stem for path in avatars.glob("*.glb"))
    if not names:
        raise AtelierError(f"--avatars {avatars}: there is no GLB file.")
    if not (avatars / LICENCE_FILE).is_file():
        raise AtelierError(f"--avatars {avatars}: {LICENCE_FILE} is missing, so the licence of the "
                           "avatars is unknown.")
    order = np.random.default_rng([seed, 3]).permutation(len(names))
    plan: dict[str, list[dict[str, object]]] = {}
    for index in range(count):
        rng = np.random.default_rng([seed, 4, index])
        avatar = names[int(order[index % len(names)])]
        plan.setdefault(avatar, []).append(random_shot(rng, f"render-{seed}-{index:05d}"))
    return plan


def render(
    avatars: Path, plan: dict[str, list[dict[str, object]]], out: Path, size: int = 512
) -> Iterator[dict[str, object]]:
    """Render a plan to ``out/ID.jpg``; yields each shot with its points, licence and author."""
    npx = shutil.which("npx")
    if npx is None:
        raise AtelierError("Rendering needs Node 20 or newer: npx was not found.")
    out.mkdir(parents=True, exist_ok=True)
    shots = out / "shots.json"
    shots.write_text(json.dumps(plan))
    by_id = {str(shot["id"]): shot for made in plan.values() for shot in made}
    command = [npx, "tsx", str(PROGRAM), "--avatars", str(avatars.resolve()), "--shots",
               str(shots.resolve()), "--out", str(out.resolve()), "--size", str(size)]
    errors = out / "render.log"
    with open(errors, "w") as log, subprocess.Popen(
            command, cwd=PROGRAM.parents[2], stdout=subprocess.PIPE, stderr=log,
            text=True) as process:
        for line in process.stdout:
            if not line.startswith("{"):
                continue
            row = json.loads(line)
            yield by_id[row["id"]] | row | {
                "file": f"{row['id']}.jpg", "licence": LICENCE, "author": AUTHOR, "origin": ORIGIN}
    if process.returncode != 0:
        reason = (errors.read_text().strip().splitlines() or ["no message"])[-1]
        raise AtelierError(f"Rendering failed: {reason}")
