import { describe, expect, it } from 'vitest';
import { invertAffine, multiplyAffine, toMat3 } from '../../sdk/affine';
import type { Affine } from '../../sdk/types';

const A: Affine = [2, 0.5, -3, -0.25, 1.5, 7];
const B: Affine = [0, -1, 4, 1, 0, -2];

const apply = ([a, b, c, d, e, f]: Affine, [x, y]: [number, number]): [number, number] => [a * x + b * y + c, d * x + e * y + f];

describe('affine matrices', () => {
  it('are undone by their inverse', () => {
    for (const matrix of [A, B]) {
      const [x, y] = apply(invertAffine(matrix), apply(matrix, [0.3, -5]));
      expect(x).toBeCloseTo(0.3, 12);
      expect(y).toBeCloseTo(-5, 12);
    }
  });

  it('multiply to the one after the other', () => {
    const [x, y] = apply(multiplyAffine(A, B), [1.25, 9]);
    const [u, v] = apply(A, apply(B, [1.25, 9]));
    expect(x).toBeCloseTo(u, 12);
    expect(y).toBeCloseTo(v, 12);
  });

  it('go to WebGL column by column', () => {
    expect(toMat3([1, 2, 3, 4, 5, 6])).toEqual([1, 4, 0, 2, 5, 0, 3, 6, 1]);
  });
});
