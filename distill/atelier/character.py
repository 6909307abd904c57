"""A character: an exemplar's parts laid together into the layers that move as one."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from distill.atelier.exemplar import Exemplar
from distill.atelier.parts import AtelierError, PartSet, over, reduce, thicken_lines, tint
from distill.atelier.rig_eyes import EyeRig, load_eye_rigs
from distill.atelier.template import TEMPLATES, Template

BROWN_FRAME, GOLD_FRAME = np.float32([88, 64, 60]), np.float32([236, 196, 112])
LAYERS = ("back", "body", "cloth", "face", "front")


class Character:
    """Layers of `exemplar` as premultiplied RGBA uint8 at `res` px per canvas px.

    `res` 0.5 suits portraits of 256 px, 1 those of 512. `line_weight` 0–1 thickens outlines.
    """

    def __init__(
        self, parts: PartSet, exemplar: Exemplar, res: float = 0.5, line_weight: float = 0.8
    ) -> None:
        if exemplar.sex not in parts.sexes:
            raise AtelierError(f"Exemplar {exemplar.id}: the part set has no '{exemplar.sex}'.")
        self.exemplar = exemplar
        self.res = min(res, parts.res)
        self.template: Template = TEMPLATES[exemplar.sex]
        self._parts = parts
        self._weight = line_weight * parts.res
        self.skin = np.float32(exemplar.skin)
        self.hair = np.float32(exemplar.hair)
        self.eye = np.float32(exemplar.eye)
        self.eye_rigs: tuple[EyeRig, EyeRig] = load_eye_rigs(parts, exemplar.sex, self.res)
        self.layers = {name: self._finish(self._compose(name)) for name in LAYERS}

    def glasses_layer(self, item: str) -> np.ndarray:
        """A pair of glasses as premultiplied float RGBA; lenses let the eyes through."""
        if "circle" not in item:
            return self._sheet("09_glasses", item, "base").astype(np.float32)
        lenses, frame = _round_glasses(self._parts, self.exemplar.sex, item, self.res)
        # A thin frame in the colour of the skin would not be seen.
        light = np.clip((self.skin.mean() - 110) / 70, 0, 1)
        layer = lenses.copy()
        over(layer, frame[..., None] * np.append(
            GOLD_FRAME + (BROWN_FRAME - GOLD_FRAME) * light, 255).astype(np.float32))
        return layer

    def _compose(self, layer: str) -> np.ndarray:
        person = self.exemplar
        blush = self.skin * 0.97 + 8
        canvas: np.ndarray | None = None

        def lay(group: str, item: str | None, **colours: np.ndarray | None) -> None:
            nonlocal canvas
            if item is None:
                return
            required = "base" if "base" in colours else "skin"
            for name, colour in colours.items():
                optional = name != required
                if optional and not self._parts.has_sheet(person.sex, group, item, name):
                    continue
                sheet = self._sheet(group, item, name)
                sheet = sheet.astype(np.float32) if colour is None else tint(sheet, colour)
                if canvas is None:
                    canvas = sheet
                else:
                    over(canvas, sheet)

        if layer == "back":
            lay("00_back_hair", person.back_hair, base=self.hair, highlights=None)
        elif layer in ("body", "face"):
            body = self._parts.items(person.sex, "01_body")[0]
            lay("01_body", body, skin=self.skin, highlights=None)
            lay("02_blushes", person.blush, base=blush)
            lay("03_neck", person.neck, base=None)
            canvas = self._cut_skull(canvas)
            if layer == "face":
                canvas = canvas * self._jaw_mask()[..., None]
            elif person.headphones:
                # They sit on the ears, so they turn with the head and belong to it.
                lay("05_headphones_base", self._only("05_headphones_base"), base=None)
        elif layer == "cloth":
            lay("04_outfits", person.outfit, skin=self.skin, base=None)
        else:
            lay("06_front_hair", person.front_hair, skin=self.skin, base=self.hair,
                highlights=None)
            lay("12_accessories", person.accessory, base=None)
            if person.headphones:
                lay("11_headphones_up", self._only("11_headphones_up"), base=None)
        if canvas is None:
            raise AtelierError(f"Exemplar {person.id}: layer '{layer}' has no part at all.")
        return canvas

    def _only(self, group: str) -> str | None:
        return next(iter(self._parts.items(self.exemplar.sex, group)), None)

    def _sheet(self, group: str, item: str, name: str) -> np.ndarray:
        weight = 0.0 if name == "highlights" or group == "09_glasses" else self._weight
        return _worked_sheet(self._parts, self.exemplar.sex, group, item, name, self.res, weight)

    def _cut_skull(self, body: np.ndarray) -> np.ndarray:
        rows = (np.arange(body.shape[0], dtype=np.float32) + 0.5) / self.res
        return body * np.clip((rows - self.template.skull_cut_y) / 6, 0, 1)[:, None, None]

    def _jaw_mask(self) -> np.ndarray:
        size = (round(1200 * self.res), round(1000 * self.res))
        mask = np.zeros(size, np.uint8)
        line = np.round(self.template.jaw_line * self.res * 16).astype(np.int32)
        cv2.fillPoly(mask, [line], 255, cv2.LINE_AA, 4)
        # The stroke keeps the chin's outline, which lies half outside the polygon.
        cv2.polylines(mask, [line], True, 255, max(1, round(4 * self.res)), cv2.LINE_AA, 4)
        return mask.astype(np.float32) / 255

    @staticmethod
    def _finish(layer: np.ndarray) -> np.ndarray:
        return np.clip(layer + 0.5, 0, 255).astype(np.uint8)


@lru_cache(maxsize=256)
def _worked_sheet(
    parts: PartSet, sex: str, group: str, item: str, name: str, res: float, weight: float
) -> np.ndarray:
    sheet = parts.sheet(sex, group, item, name)
    if weight > 0:
        sheet = np.clip(thicken_lines(sheet, weight) + 0.5, 0, 255).astype(np.uint8)
    worked = reduce(sheet, res / parts.res)
    worked.setflags(write=False)
    return worked


@lru_cache(maxsize=8)
def _round_glasses(
    parts: PartSet, sex: str, item: str, res: float
) -> tuple[np.ndarray, np.ndarray]:
    """Lenses of round glasses as premultiplied float RGBA; and their frame, opacity 0–1, wide
    enough for 256 px.

    The artist's lenses are a white haze, a pale disc on dark skin; a trace of it is left.
    """
    sheet = parts.sheet(sex, "09_glasses", item, "base").astype(np.float32)
    haze = sheet[..., 3:] < 235
    frame = cv2.dilate(np.where(haze, 0, sheet)[..., 3], np.ones((3, 3), np.uint8)) / 255
    layers = (reduce(np.where(haze, sheet * 0.06, 0).astype(np.float32), res / parts.res),
              reduce(frame.astype(np.float32), res / parts.res))
    for layer in layers:
        layer.setflags(write=False)
    return layers
