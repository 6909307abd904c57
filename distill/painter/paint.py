"""The painter: photo and segmentation → layers → a picture for any mix of looks and weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from distill.painter import ink, pattern, tone
from distill.painter.looks import LOOKS, Look, Palette

CROP_SIZE_PX = 256


@dataclass(frozen=True)
class Layers:
    """What the painter sees in one photo; all float32 in 0..1, [h,w] or [h,w,3].

    photo: the photo. wash: the photo without texture (colour only). scale: its tone scale.
    tone, lines, shadow: one plane per look (stepped tone, ink opacity, darkness that the pattern fills).
    """

    photo: np.ndarray
    wash: np.ndarray
    scale: tone.ToneScale
    tone: np.ndarray
    lines: np.ndarray
    shadow: np.ndarray


@dataclass(frozen=True)
class Mix:
    """What to paint: shares of looks for structure and for colour, and the two weights.

    structure, colour: {look index: share}, shares summing to 1.
    structure_weight: 0 the photo's drawing .. 1 the look's. colour_weight: 0 the photo's colours .. 1 the look's.
    """

    structure: dict[int, float]
    colour: dict[int, float]
    structure_weight: float = 1.0
    colour_weight: float = 1.0


def only(index: int) -> Mix:
    """The mix that is one pure look."""
    return Mix({index: 1.0}, {index: 1.0})


def feature_mask(size_px: int) -> np.ndarray:
    """Where eyes, brows and mouth lie in the aligned crop: soft ellipses, [size,size] in 0..1."""
    y, x = np.mgrid[0:size_px, 0:size_px].astype(np.float32) / size_px
    mask = np.zeros((size_px, size_px), np.float32)
    for cx, cy, rx, ry in ((0.375, 0.475, 0.11, 0.065), (0.625, 0.475, 0.11, 0.065), (0.5, 0.725, 0.14, 0.07)):
        distance = np.sqrt(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2)
        mask = np.maximum(mask, np.clip(1.6 - distance, 0, 1) / 0.6)
    return np.clip(mask, 0, 1)


def layers(photo_rgb: np.ndarray, classes: np.ndarray, head: np.ndarray, looks: tuple[Look, ...] = LOOKS) -> Layers:
    """Analyses one aligned photo.

    photo_rgb: uint8 [h,h,3]. classes: float32 [6,h,h], the segmenter's confidences (background, hair,
    body skin, face skin, clothes, other). head: the matte [h,h].
    """
    size = photo_rgb.shape[0]
    unit = size / 320
    photo = photo_rgb.astype(np.float32) / 255
    features = feature_mask(size)
    skin = cv2.GaussianBlur(classes[3] + classes[2], (0, 0), 2 * unit)
    fine = edge_preserving_float(photo_rgb, 1)
    calm = edge_preserving_float(photo_rgb, 4)
    background = np.clip(1 - cv2.GaussianBlur(head + classes[4], (0, 0), 4 * unit), 0, 1)[..., None]
    calm = calm * (1 - background) + cv2.GaussianBlur(calm, (0, 0), 5 * unit) * background

    scale = tone.tone_scale(tone.luma(calm), classes[3], head)
    fine_tone = tone.apply_table(scale.to_tone, tone.luma(fine))
    calm_tone = tone.apply_table(scale.to_tone, tone.luma(calm))
    paths = ink.stroke_paths(ink.tangent_field(fine_tone, 2.5 * unit), max(3, round(5 * unit)))
    # Lines belong to features and contours; on bare skin only strong ones may stay, or age and pores are drawn.
    readiness = np.clip(1.0 - 0.5 * skin * (1 - features) + 0.35 * features, 0, 2) * (1 - 0.75 * background[..., 0])
    jaw = jaw_line(classes)
    responses: dict[float, np.ndarray] = {}
    planes: dict[str, list[np.ndarray]] = {"tone": [], "lines": [], "shadow": []}
    for look in looks:
        drawn = look.structure
        flat = tone.guided_filter(calm_tone, calm_tone, max(1, round(3 * drawn.smooth_px * unit)), 0.0015)
        flat = cv2.GaussianBlur(flat, (0, 0), drawn.smooth_px * unit)
        flat = flat * (1 - features) + (0.75 * fine_tone + 0.25 * flat) * features
        stepped = tone.soft_steps(flat, drawn.steps, drawn.crispness, scale.skin_tone)
        stepped = cv2.GaussianBlur(stepped, (0, 0), 0.7 * unit)
        scale_px = round(drawn.ink_px * unit, 3)
        if scale_px not in responses:
            responses[scale_px] = ink.line_response(fine_tone, paths, scale_px)
        strokes = ink.lines(responses[scale_px], drawn.ink_gain * readiness)
        edges = np.maximum(ink.outline(head, drawn.contour_px * unit), 0.8 * ink.outline(jaw, 0.8 * drawn.contour_px * unit))
        planes["tone"].append(stepped)
        planes["lines"].append(drawn.ink_opacity * np.maximum(strokes, edges))
        shade = cv2.GaussianBlur(calm_tone, (0, 0), 2.5 * unit)
        ending = np.clip((shade - drawn.pattern_to) / 0.1, 0, 1) if drawn.pattern_to > 0 else 1.0
        shade = np.clip((drawn.pattern_from - shade) / max(drawn.pattern_from, 0.05), 0, 1) * ending
        planes["shadow"].append(shade * (1 - 0.6 * features) * (drawn.pattern != "none"))
    return Layers(photo, calm, scale, *(np.stack(planes[key]).astype(np.float32) for key in ("tone", "lines", "shadow")))


def edge_preserving_float(photo_rgb: np.ndarray, rounds: int) -> np.ndarray:
    """`tone.edge_preserving` on uint8, returned as float32 in 0..1."""
    return tone.edge_preserving(photo_rgb, rounds).astype(np.float32) / 255


def jaw_line(classes: np.ndarray) -> np.ndarray:
    """A soft mask whose 0.5 contour is the border between face and neck."""
    face, neck = classes[3] + classes[1], classes[2]
    return np.where(face + neck > 0.5, face / np.maximum(face + neck, 1e-3), 1.0).astype(np.float32)


@lru_cache(maxsize=64)
def ramp_table(palette: Palette) -> np.ndarray:
    """The palette's ramp as 256 colours, float32 [256,3] in 0..1."""
    axis = np.linspace(0, 1, 256)
    stops = [stop for stop, _ in palette.ramp]
    colours = np.array([colour for _, colour in palette.ramp], np.float32) / 255
    return np.stack([np.interp(axis, stops, colours[:, part]) for part in range(3)], 1).astype(np.float32)


def shaded(colour: np.ndarray, target_luma: np.ndarray, saturation: float) -> np.ndarray:
    """The colour's hue and saturation at another luma."""
    own = tone.luma(colour)
    factor = np.clip((target_luma + 0.04) / (own + 0.04), 0.3, 1.8) * saturation
    return target_luma[..., None] + (colour - own[..., None]) * factor[..., None]


def coloured(palette: Palette, tones: np.ndarray, wash: np.ndarray, scale: tone.ToneScale) -> np.ndarray:
    """The palette laid over normalised tone [h,w], with the photo's colours where the palette keeps them."""
    picture = np.zeros((*tones.shape, 3), np.float32)
    if palette.photo_colour < 1:
        table = ramp_table(palette)
        steps = np.clip(tones * 255 + 0.5, 0, 255).astype(np.uint8)
        picture += np.take((1 - palette.photo_colour) * table, steps, 0)
    if palette.photo_colour > 0:
        # Half way back to the photo's exposure: a person's own skin tone must survive a photo-coloured look.
        exposed = 0.5 * (tones + tone.apply_table(scale.to_luma, tones))
        lifted = np.clip(palette.gain * exposed + palette.lift, 0, 1)
        own = shaded(wash, lifted, palette.saturation) * (np.array(palette.tint, np.float32) / 255)
        picture += palette.photo_colour * own
    return np.clip(picture, 0, 1)


def compose(
    photo: np.ndarray,
    wash: np.ndarray,
    scale: tone.ToneScale,
    planes: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]],
    mix: Mix,
    looks: tuple[Look, ...] = LOOKS,
) -> np.ndarray:
    """Paints a mix at the size of the given planes, float32 RGB [h,w,3] in 0..1.

    planes: {look index: (tone, lines, shadow)} for every look in `mix.structure`.
    """
    amount, tint = mix.structure_weight, mix.colour_weight
    tones, line_opacity = np.zeros(photo.shape[:2], np.float32), np.zeros(photo.shape[:2], np.float32)
    pattern_opacity = np.zeros_like(tones)
    for index, share in mix.structure.items():
        stepped, strokes, shadow = planes[index]
        drawn = looks[index].structure
        tones += share * stepped
        line_opacity += share * amount * strokes
        if drawn.pattern != "none":
            pattern_opacity += share * amount * drawn.pattern_opacity * pattern.coverage(drawn.pattern, shadow)
    if amount < 1:
        tones = amount * tones + (1 - amount) * tone.apply_table(scale.to_tone, tone.luma(photo))
        wash = amount * wash + (1 - amount) * photo
    picture = np.zeros_like(photo)
    line_ink, pattern_ink = np.zeros(3, np.float32), np.zeros(3, np.float32)
    if tint > 0:
        for index, share in mix.colour.items():
            palette = looks[index].palette
            picture += tint * share * coloured(palette, tones, wash, scale)
            line_ink += tint * share * np.array(palette.ink, np.float32) / 255
            pattern_ink += tint * share * np.array(palette.pattern_ink or palette.ink, np.float32) / 255
    neutral_ink = np.zeros(3, np.float32)
    if tint < 1:
        own = photo if amount == 0 else shaded(wash, tone.apply_table(scale.to_luma, tones), 1.0)
        picture += (1 - tint) * np.clip(own, 0, 1)
        neutral_ink = (1 - tint) * np.array((0.1, 0.08, 0.09), np.float32)
    for opacity, colour in ((pattern_opacity, pattern_ink), (line_opacity, line_ink)):
        if opacity.any():
            veil = np.minimum(opacity, 1)[..., None]
            picture += veil * (colour + neutral_ink - picture)
    return np.clip(picture, 0, 1)


def resized(found: Layers, size_px: int) -> Layers:
    """The layers at another size, so that patterns are drawn at the crop's own resolution."""

    def shrink(picture: np.ndarray) -> np.ndarray:
        return cv2.resize(picture, (size_px, size_px), interpolation=cv2.INTER_AREA)

    stacks = (np.stack([shrink(plane) for plane in stack]) for stack in (found.tone, found.lines, found.shadow))
    return Layers(shrink(found.photo), shrink(found.wash), found.scale, *stacks)


def paint(found: Layers, mix: Mix, size_px: int = CROP_SIZE_PX) -> np.ndarray:
    """Paints a mix from a photo's layers, uint8 RGB [size,size,3]."""
    small = resized(found, size_px)
    planes = {index: (small.tone[index], small.lines[index], small.shadow[index]) for index in mix.structure}
    picture = compose(small.photo, small.wash, small.scale, planes, mix)
    return (picture * 255 + 0.5).astype(np.uint8)
