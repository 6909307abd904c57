import { describe, expect, it } from 'vitest';
import { rectOfCrop, sampleCrop, type PixelBlock } from '../../../sdk/generate/crop-sampler';
import type { Affine } from '../../../sdk/types';
import twin from '../../fixtures/warp-crop.json';

/** A picture of a formula, so that the other side of the twin can make it, too. */
function picture(width: number, height: number): PixelBlock {
  const bytes = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) bytes.set([(x * 5 + y) % 256, (x * y) % 256, (y * 7) % 256, 255], 4 * (y * width + x));
  }
  return { bytes, offset: 0, strideBytes: 4 * width, width, height };
}

describe('sampleCrop', () => {
  it.each(twin.cases)("cuts as distill's warp_crop does: $name", ({ cropFromFrame, sizePx, pixels }) => {
    const planes = new Float32Array(3 * sizePx * sizePx);
    sampleCrop(picture(twin.widthPx, twin.heightPx), cropFromFrame as unknown as Affine, sizePx, planes);
    const area = sizePx * sizePx;
    const worst = pixels.reduce((max, value, i) => Math.max(max, Math.abs((planes[(i % 3) * area + Math.floor(i / 3)]! + 1) * 127.5 - value)), 0);
    // OpenCV rounds to whole bytes and to thirty-seconds of a pixel.
    expect(worst).toBeLessThan(twin.tolerance);
  });

  it('reads rows by their stride and from their offset', () => {
    const bytes = new Uint8Array(100).fill(7);
    [[255, 0, 0], [0, 255, 0]].forEach((color, row) => bytes.set([...color, 255, ...color, 255], 20 + row * 24));
    const planes = new Float32Array(12);
    sampleCrop({ bytes, offset: 20, strideBytes: 24, width: 2, height: 2 }, [0.5, 0, 0, 0, 0.5, 0], 2, planes);
    expect(Array.from(planes)).toEqual([1, 1, -1, -1, -1, -1, 1, 1, -1, -1, -1, -1]);
  });
});

describe('rectOfCrop', () => {
  const square = (x: number, y: number, side: number, angle = 0): Affine => {
    const [c, s] = [Math.cos(angle) / side, Math.sin(angle) / side];
    return [c, -s, 0.5 - c * x + s * y, s, c, 0.5 - s * x - c * y];
  };

  it('holds the crop with room for its neighbours, on even pixels', () => {
    const rect = rectOfCrop(square(320, 240, 101, 0.3), 640, 480);
    const half = (101 / 2) * (Math.cos(0.3) + Math.sin(0.3));
    expect(rect.x).toBeLessThanOrEqual(320 - half - 2);
    expect(rect.x + rect.width).toBeGreaterThanOrEqual(320 + half + 2);
    expect(rect.y).toBeLessThanOrEqual(240 - half - 2);
    expect(rect.y + rect.height).toBeGreaterThanOrEqual(240 + half + 2);
    expect([rect.x, rect.y, rect.width, rect.height].map((edge) => edge % 2)).toEqual([0, 0, 0, 0]);
    expect(rect.width).toBeLessThan(2 * half + 16);
  });

  it('stays in the frame, and reaches as far as the mirror picture does', () => {
    expect(rectOfCrop(square(0, 240, 200), 640, 480)).toMatchObject({ x: 0, width: 104 });
    expect(rectOfCrop(square(-80, 240, 200), 640, 480)).toMatchObject({ x: 0, width: 184 });
    expect(rectOfCrop(square(640, 480, 200), 641, 481)).toEqual({ x: 536, width: 105, y: 376, height: 105 });
  });

  it.each([[5000, 5000], [-5000, 240], [320, -5000]])('is never empty, even where the crop left the frame (%d, %d)', (x, y) => {
    const rect = rectOfCrop(square(x, y, 100), 640, 480);
    expect(Math.min(rect.width, rect.height)).toBeGreaterThan(0);
    expect(rect.x >= 0 && rect.y >= 0 && rect.x + rect.width <= 640 && rect.y + rect.height <= 480).toBe(true);
  });
});
