import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ffhqCropFromFrame, ffhqSquare } from '../../../sdk/crop/ffhq-align';

interface FixtureFace {
  name: string;
  widthPx: number;
  heightPx: number;
  points: Record<string, [number, number]>;
  cropFromFrame: number[];
}

const { faces } = JSON.parse(
  readFileSync(new URL('../../fixtures/align.json', import.meta.url), 'utf8'),
) as { faces: FixtureFace[] };

/** All points that the fixture leaves out are NaN, so a crop that used one of them would show it. */
function landmarksOf(face: FixtureFace): Float32Array {
  const landmarks = new Float32Array(478 * 3).fill(Number.NaN);
  for (const [index, [x, y]] of Object.entries(face.points)) landmarks.set([x, y], Number(index) * 3);
  return landmarks;
}

describe('the FFHQ crop transform', () => {
  it.each(faces)('is the one the fixture states: $name', (face) => {
    const matrix = ffhqCropFromFrame(landmarksOf(face), face.widthPx, face.heightPx);
    // Compared where it matters: where the frame's corners land, in crops.
    for (const [x, y] of [[0, 0], [face.widthPx, 0], [0, face.heightPx]] as const) {
      const [a, b, c, d, e, f] = matrix;
      const [ea = 0, eb = 0, ec = 0, ed = 0, ee = 0, ef = 0] = face.cropFromFrame;
      expect(a * x + b * y + c).toBeCloseTo(ea * x + eb * y + ec, 4);
      expect(d * x + e * y + f).toBeCloseTo(ed * x + ee * y + ef, 4);
    }
  });

  it('mirrors with the picture', () => {
    const [plain, mirrored] = faces.slice(0, 2).map((face) =>
      ffhqSquare(landmarksOf(face), face.widthPx, face.heightPx),
    );
    expect(mirrored!.centreXPx).toBeCloseTo(512 - plain!.centreXPx, 2);
    expect(mirrored!.centreYPx).toBeCloseTo(plain!.centreYPx, 2);
    expect(mirrored!.sidePx).toBeCloseTo(plain!.sidePx, 2);
    expect(mirrored!.rollRad).toBeCloseTo(-plain!.rollRad, 5);
  });

  it('leaves a portrait that was aligned by FFHQ within 2 % of where it was', () => {
    const portrait = faces[0]!;
    const square = ffhqSquare(landmarksOf(portrait), 512, 512);
    expect(Math.abs(square.centreXPx / 512 - 0.5)).toBeLessThan(0.02);
    expect(Math.abs(square.centreYPx / 512 - 0.5)).toBeLessThan(0.02);
    expect(Math.abs(square.sidePx / 512 - 1)).toBeLessThan(0.02);
  });
});
