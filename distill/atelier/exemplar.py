"""Exemplars: which parts, colours and proportions make one drawn person."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np

from distill.atelier.parts import AUTHOR, LICENCE, ORIGIN, AtelierError, PartSet

Colour = tuple[int, int, int]

# Nothing on this list belongs on a call.
UNSUITABLE_OUTFITS = ("towel", "swim")

HAIR_COLOURS: tuple[Colour, ...] = (
    (62, 53, 62), (84, 62, 58), (112, 78, 62), (142, 100, 74), (176, 130, 88), (226, 178, 96),
    (246, 214, 140), (250, 232, 190), (196, 92, 64), (226, 118, 74), (214, 74, 84),
    (245, 150, 190), (250, 190, 206), (190, 130, 220), (132, 104, 196), (96, 120, 206),
    (120, 176, 232), (120, 206, 206), (124, 190, 136), (176, 206, 120), (226, 224, 236),
    (188, 190, 206), (142, 146, 166), (104, 110, 130),
)
SKIN_COLOURS: tuple[Colour, ...] = (
    (255, 238, 226), (255, 230, 212), (255, 224, 198), (250, 212, 182), (240, 196, 160),
    (222, 172, 134), (200, 146, 108), (172, 120, 86), (142, 96, 70), (116, 78, 60),
)
EYE_COLOURS: tuple[Colour, ...] = (
    (90, 150, 240), (70, 130, 220), (120, 200, 232), (110, 190, 110), (150, 200, 90),
    (160, 110, 220), (206, 120, 200), (226, 90, 90), (236, 150, 70), (240, 196, 90),
    (176, 120, 80), (130, 92, 74), (120, 130, 160), (90, 190, 180),
)
BACKGROUND_COLOURS: tuple[Colour, ...] = (
    (214, 226, 240), (240, 226, 206), (206, 226, 214), (226, 214, 232), (244, 214, 212),
    (250, 240, 214), (196, 214, 226), (232, 236, 226), (222, 226, 232), (180, 196, 214),
    (206, 186, 206), (240, 204, 178),
)
BACKGROUND_KINDS = ("flat", "gradient", "dots", "stripes", "glow")


@dataclass(frozen=True)
class Exemplar:
    """One drawn person, complete: the same values draw the same portrait.

    Proportions are factors around 1; `eye_tilt` is the rise of the outer eye corners in canvas px.
    """

    id: str
    sex: str
    back_hair: str
    front_hair: str
    outfit: str
    hair: Colour
    skin: Colour
    eye: Colour
    background: str = "flat"
    background_colours: tuple[Colour, Colour] = ((214, 226, 240), (240, 244, 250))
    blush: str | None = None
    glasses: str | None = None
    neck: str | None = None
    accessory: str | None = None
    headphones: bool = False
    eye_scale: float = 1.0
    eye_tilt: float = 0.0
    jaw_width: float = 1.0
    chin_length: float = 1.0
    brow_weight: float = 1.0

    def record(self) -> dict[str, object]:
        """The values with licence and author, ready for a line of JSON."""
        return dataclasses.asdict(self) | {
            "licence": LICENCE, "author": AUTHOR, "origin": ORIGIN
        }


def exemplar_from_record(record: dict[str, object]) -> Exemplar:
    """The inverse of `Exemplar.record`; raises `AtelierError` for an unknown shape."""
    names = {field.name for field in dataclasses.fields(Exemplar)}
    values = {name: _tuples(value) for name, value in record.items() if name in names}
    try:
        return Exemplar(**values)  # type: ignore[arg-type]
    except TypeError as error:
        raise AtelierError(f"This is not an exemplar's record: {error}.") from None


def _tuples(value: object) -> object:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def random_exemplar(parts: PartSet, rng: np.random.Generator, name: str) -> Exemplar:
    """One person drawn at random from what `parts` holds."""
    sex = str(rng.choice(parts.sexes))
    back = [item for item in parts.items(sex, "00_back_hair")
            if sex == "female" or "twin_tail" not in item]
    outfits = [item for item in parts.items(sex, "04_outfits")
               if not any(word in item for word in UNSUITABLE_OUTFITS)]

    def maybe(group: str, chance: float) -> str | None:
        items = parts.items(sex, group)
        take = rng.random() < chance
        pick = int(rng.integers(max(len(items), 1)))
        return items[pick] if take and items else None

    def colour(palette: tuple[Colour, ...], jitter: float) -> Colour:
        base = np.array(palette[int(rng.integers(len(palette)))], float)
        mixed = np.clip(base + rng.normal(0, jitter, 3), 40, 255)
        return tuple(round(value) for value in mixed)  # type: ignore[return-value]

    flower = [item for item in parts.items(sex, "12_accessories") if "flower" in item]
    return Exemplar(
        id=name, sex=sex,
        back_hair=str(rng.choice(back)),
        front_hair=str(rng.choice(parts.items(sex, "06_front_hair"))),
        outfit=str(rng.choice(outfits)),
        hair=colour(HAIR_COLOURS, 5), skin=colour(SKIN_COLOURS, 2), eye=colour(EYE_COLOURS, 6),
        background=str(rng.choice(BACKGROUND_KINDS)),
        background_colours=(colour(BACKGROUND_COLOURS, 4), colour(BACKGROUND_COLOURS, 4)),
        blush=maybe("02_blushes", 0.4), glasses=maybe("09_glasses", 0.15),
        neck=maybe("03_neck", 0.08),
        accessory=flower[0] if flower and sex == "female" and rng.random() < 0.12 else None,
        headphones=bool(rng.random() < 0.05 and parts.items(sex, "05_headphones_base")),
        eye_scale=float(np.round(rng.uniform(0.86, 1.14), 3)),
        eye_tilt=float(np.round(rng.uniform(-7, 7), 2)),
        jaw_width=float(np.round(rng.uniform(0.93, 1.08), 3)),
        chin_length=float(np.round(rng.uniform(0.92, 1.08), 3)),
        brow_weight=float(np.round(rng.uniform(0.8, 1.5), 3)),
    )


def choose_exemplars(parts: PartSet, count: int, seed: int, pool: int = 8) -> list[Exemplar]:
    """`count` people as unlike each other as a pool of ``count * pool`` allows.

    Each next one is the farthest from all chosen so far, so rare parts come early and near
    repeats not at all. Deterministic by `seed`.
    """
    rng = np.random.default_rng([seed, 0xE7])
    crowd = [random_exemplar(parts, rng, "") for _ in range(max(count * pool, 1))]
    traits = np.array([_traits(parts, person) for person in crowd], np.float32)
    chosen = [0]
    nearest = np.linalg.norm(traits - traits[0], axis=1)
    while len(chosen) < count:
        best = int(nearest.argmax())
        chosen.append(best)
        nearest = np.minimum(nearest, np.linalg.norm(traits - traits[best], axis=1))
    # The farthest come first and are the oddest; a few of any place should look like all.
    mixed = rng.permutation(chosen[:count])
    return [dataclasses.replace(crowd[index], id=f"anime-{seed}-{number:04d}")
            for number, index in enumerate(mixed)]


def lab(colour: Colour | np.ndarray) -> np.ndarray:
    """CIE Lab (L 0–100) of an RGB colour 0–255."""
    pixel = np.asarray(colour, np.float32).reshape(1, 1, 3) / 255
    return cv2.cvtColor(pixel, cv2.COLOR_RGB2LAB)[0, 0]


def _traits(parts: PartSet, person: Exemplar) -> np.ndarray:
    def one_hot(group: str, item: str | None, weight: float) -> np.ndarray:
        return weight * np.array([name == item for name in parts.items(person.sex, group)], float)

    return np.concatenate([
        [1.0 * (person.sex == "male")],
        one_hot("06_front_hair", person.front_hair, 1.0),
        one_hot("00_back_hair", person.back_hair, 0.9),
        one_hot("04_outfits", person.outfit, 0.4),
        one_hot("09_glasses", person.glasses, 0.5),
        lab(person.hair) / 40, lab(person.skin) / 55, lab(person.eye) / 90,
        [0.2 * person.headphones, 0.25 * (person.accessory is not None)],
        [(person.eye_scale - 1) * 3, person.eye_tilt / 14, (person.jaw_width - 1) * 5],
    ])
