import type { PixelBox } from './gl-context';

/** Part of a crop, `[left, top, right, bottom]` in crop units. */
export type Bounds = readonly [number, number, number, number];

/** Matte below which a texel is taken for empty, of 255: less than `MattePass` makes transparent. */
const EMPTY = 6;
/** Only every second texel of every second row is looked at. */
const STEP = 2;

/** The part of a styled crop that holds its matte; without area where there is none. */
export function matteBounds(rgba: Uint8ClampedArray, sizePx: number): Bounds {
  let left = sizePx;
  let top = sizePx;
  let right = 0;
  let bottom = 0;
  for (let y = 0; y < sizePx; y += STEP) {
    const row = 4 * y * sizePx + 3;
    let first = 0;
    while (first < sizePx && rgba[row + 4 * first]! < EMPTY) first += STEP;
    if (first >= sizePx) continue;
    let last = sizePx - STEP;
    while (rgba[row + 4 * last]! < EMPTY) last -= STEP;
    left = Math.min(left, first);
    right = Math.max(right, last + 1);
    top = Math.min(top, y);
    bottom = y + 1;
  }
  if (right === 0) return [0, 0, 0, 0];
  return growBounds([left / sizePx, top / sizePx, right / sizePx, bottom / sizePx], STEP / sizePx);
}

/** Bounds with a margin in crop units, within the crop. Nothing stays nothing. */
export function growBounds(bounds: Bounds = [0, 0, 1, 1], margin: number): Bounds {
  const [left, top, right, bottom] = bounds;
  if (right <= left || bottom <= top) return [0, 0, 0, 0];
  return [
    Math.max(0, left - margin),
    Math.max(0, top - margin),
    Math.min(1, right + margin),
    Math.min(1, bottom + margin),
  ];
}

/** The smallest box of whole pixels around bounds. */
export function toPixelBox([left, top, right, bottom]: Bounds, sizePx: number): PixelBox {
  const x = Math.floor(left * sizePx);
  const y = Math.floor(top * sizePx);
  return [x, y, Math.ceil(right * sizePx) - x, Math.ceil(bottom * sizePx) - y];
}
