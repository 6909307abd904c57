"""The looks of the comic painter: how each one draws (structure) and which colours it uses (palette)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Rgb = tuple[int, int, int]
PatternKind = Literal["none", "hatch", "cross", "dots"]


@dataclass(frozen=True)
class Structure:
    """How a look draws: everything that stays when its colours are exchanged.

    steps: tone steps over the whole range of normalised tone, 2..12.
    crispness: how hard a step's edge is, 1 (soft wash) .. 8 (cut paper).
    smooth_px: radius of the last smoothing before the steps, in pixels of the painting size.
    ink_px: scale of the lines (standard deviation of the inner Gaussian).
    ink_gain: how readily an edge becomes a line, about 0.5 (few) .. 2 (many).
    ink_opacity: darkness of a full line, 0..1.
    contour_px: half width of the outline around head and jaw; 0 draws none.
    pattern: hatching or dots laid over the shadows.
    pattern_from: normalised tone at which the pattern starts; it grows towards black.
    pattern_to: normalised tone under which the pattern ends again; 0 lets it run into black.
    pattern_opacity: opacity of a full stroke, 0..1.
    """

    steps: int
    crispness: float
    smooth_px: float = 1.5
    ink_px: float = 1.1
    ink_gain: float = 1.0
    ink_opacity: float = 1.0
    contour_px: float = 1.1
    pattern: PatternKind = "none"
    pattern_from: float = 0.5
    pattern_to: float = 0.0
    pattern_opacity: float = 0.9


@dataclass(frozen=True)
class Palette:
    """Which colours a look uses: a ramp over normalised tone, mixed with the photo's own colours.

    ramp: (tone 0..1, colour) stops in ascending order; between two stops the colour is interpolated.
    photo_colour: share of the photo's colour kept, 0 (ramp only) .. 1 (photo's colour, ramp unused).
    saturation: factor on the photo's saturation.
    lift, gain: applied to the tone before it is coloured (`gain * tone + lift`).
    tint: colour multiplied over the photo-coloured part.
    ink: colour of lines; pattern_ink: colour of hatching or dots.
    """

    ramp: tuple[tuple[float, Rgb], ...]
    photo_colour: float = 0.0
    saturation: float = 1.0
    lift: float = 0.0
    gain: float = 1.0
    tint: Rgb = (255, 255, 255)
    ink: Rgb = (20, 16, 24)
    pattern_ink: Rgb | None = None


@dataclass(frozen=True)
class Look:
    """One exemplar of the style: a name people read, a structure and a palette."""

    id: str
    name: str
    structure: Structure
    palette: Palette = field(repr=False)


_GREY = ((0.0, (0, 0, 0)), (1.0, (255, 255, 255)))

LOOKS: tuple[Look, ...] = (
    Look(
        "classic",
        "Classic",
        Structure(steps=6, crispness=5.0, ink_px=1.15, ink_gain=1.05, contour_px=1.4),
        Palette(_GREY, photo_colour=1.0, saturation=1.25, lift=0.03, gain=1.06, tint=(255, 250, 240)),
    ),
    Look(
        "noir",
        "Noir",
        Structure(steps=4, crispness=7.0, smooth_px=2.2, ink_px=1.4, ink_gain=1.3, contour_px=1.6),
        Palette(
            ((0.0, (8, 8, 12)), (0.27, (18, 18, 24)), (0.42, (92, 94, 104)), (0.6, (184, 185, 190)), (0.78, (244, 243, 241)), (1.0, (255, 255, 252))),
            ink=(8, 8, 12),
        ),
    ),
    Look(
        "pastel",
        "Pastel",
        Structure(steps=7, crispness=2.2, smooth_px=2.5, ink_px=1.0, ink_gain=1.0, ink_opacity=0.9, contour_px=0.9),
        Palette(
            ((0.0, (122, 92, 138)), (0.35, (205, 160, 182)), (0.65, (250, 214, 204)), (1.0, (255, 250, 240))),
            photo_colour=0.62,
            saturation=1.0,
            lift=0.26,
            gain=0.76,
            tint=(255, 244, 246),
            ink=(104, 58, 110),
        ),
    ),
    Look(
        "riso",
        "Riso print",
        Structure(steps=4, crispness=6.0, smooth_px=2.0, ink_px=1.2, ink_gain=1.05, contour_px=1.4, pattern="hatch", pattern_from=0.52),
        Palette(
            ((0.0, (28, 44, 96)), (0.28, (36, 58, 118)), (0.46, (238, 104, 92)), (0.64, (255, 184, 150)), (0.82, (255, 240, 216)), (1.0, (255, 246, 228))),
            ink=(24, 36, 84),
        ),
    ),
    Look(
        "engraving",
        "Engraving",
        Structure(steps=5, crispness=2.5, smooth_px=2.0, ink_px=1.0, ink_gain=1.0, contour_px=1.0, pattern="cross", pattern_from=0.74),
        Palette(
            ((0.0, (66, 42, 28)), (0.3, (150, 112, 78)), (0.55, (222, 194, 154)), (0.8, (246, 230, 200)), (1.0, (252, 242, 220))),
            ink=(58, 34, 22),
        ),
    ),
    Look(
        "neon",
        "Neon",
        Structure(steps=6, crispness=4.0, smooth_px=2.0, ink_px=1.2, ink_gain=1.05, ink_opacity=0.95, contour_px=1.5),
        Palette(
            ((0.0, (12, 8, 40)), (0.25, (44, 14, 92)), (0.45, (150, 24, 140)), (0.62, (246, 66, 130)), (0.8, (255, 160, 120)), (1.0, (255, 236, 190))),
            ink=(40, 240, 255),
        ),
    ),
    Look(
        "pop",
        "Pop art",
        Structure(steps=5, crispness=7.0, smooth_px=2.4, ink_px=1.35, ink_gain=1.0, contour_px=1.7, pattern="dots", pattern_from=0.62, pattern_to=0.24),
        Palette(
            (
                (0.0, (18, 16, 62)),
                (0.2, (40, 26, 110)),
                (0.34, (206, 36, 96)),
                (0.48, (250, 120, 70)),
                (0.64, (255, 198, 74)),
                (0.82, (255, 234, 140)),
                (1.0, (255, 250, 226)),
            ),
            ink=(16, 12, 30),
            pattern_ink=(0, 136, 190),
        ),
    ),
)

LOOK_IDS: tuple[str, ...] = tuple(look.id for look in LOOKS)


def look_by_id(look_id: str) -> Look:
    """The look with this id. Raises ValueError naming the known ids otherwise."""
    for look in LOOKS:
        if look.id == look_id:
            return look
    raise ValueError(f"Unknown look '{look_id}'. Known looks: {', '.join(LOOK_IDS)}.")
