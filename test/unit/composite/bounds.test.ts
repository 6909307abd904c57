import { describe, expect, it } from 'vitest';
import { growBounds, matteBounds, toPixelBox } from '../../../sdk/composite/bounds';

/** A crop whose matte is full inside a box of texels and has a given rest outside. */
function crop(sizePx: number, [left, top, right, bottom]: readonly [number, number, number, number], rest = 0): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(4 * sizePx * sizePx);
  for (let y = 0; y < sizePx; y += 1) {
    for (let x = 0; x < sizePx; x += 1) rgba[4 * (y * sizePx + x) + 3] = x >= left && x < right && y >= top && y < bottom ? 255 : rest;
  }
  return rgba;
}

describe('matteBounds', () => {
  it.each([
    [[10, 20, 40, 50]],
    [[11, 21, 40, 51]],
    [[0, 0, 64, 64]],
  ] as const)('holds every texel of a matte %j, closely', (box) => {
    const [left, top, right, bottom] = matteBounds(crop(64, box), 64).map((value) => value * 64) as [number, number, number, number];
    expect(left).toBeLessThanOrEqual(box[0]);
    expect(top).toBeLessThanOrEqual(box[1]);
    expect(right).toBeGreaterThanOrEqual(box[2]);
    expect(bottom).toBeGreaterThanOrEqual(box[3]);
    expect(box[0] - left).toBeLessThanOrEqual(3);
    expect(bottom - box[3]).toBeLessThanOrEqual(3);
  });

  it('ignores what the compositor makes transparent anyway', () => {
    expect(matteBounds(crop(64, [0, 0, 0, 0], 5), 64)).toEqual([0, 0, 0, 0]);
    expect(matteBounds(crop(64, [0, 0, 0, 0], 20), 64)).toEqual([0, 0, 1, 1]);
  });
});

describe('bounds', () => {
  it('grow within the crop, and nothing stays nothing', () => {
    expect(growBounds([0.25, 0.5, 0.5, 0.75], 0.5)).toEqual([0, 0, 1, 1]);
    expect(growBounds([0, 0, 0, 0], 0.5)).toEqual([0, 0, 0, 0]);
    expect(growBounds(undefined, 0.1)).toEqual([0, 0, 1, 1]);
  });

  it('cover whole pixels', () => {
    expect(toPixelBox([0.1, 0.2, 0.5, 0.55], 10)).toEqual([1, 2, 4, 4]);
    expect(toPixelBox([0, 0, 0, 0], 10)).toEqual([0, 0, 0, 0]);
  });
});
