import type { Affine } from './types';

/** The matrix that undoes another: `invertAffine(cropFromFrame)` is `frameFromCrop`. A matrix without area gives non-finite numbers. */
export function invertAffine([a, b, c, d, e, f]: Affine): Affine {
  const determinant = a * e - b * d;
  return [
    e / determinant,
    -b / determinant,
    (b * f - c * e) / determinant,
    -d / determinant,
    a / determinant,
    (c * d - a * f) / determinant,
  ];
}

/** The matrix that applies `inner` first and `outer` to its result: `cFromB · bFromA = cFromA`. */
export function multiplyAffine(outer: Affine, inner: Affine): Affine {
  const [a, b, c, d, e, f] = outer;
  const [g, h, i, j, k, l] = inner;
  return [
    a * g + b * j,
    a * h + b * k,
    a * i + b * l + c,
    d * g + e * j,
    d * h + e * k,
    d * i + e * l + f,
  ];
}

/** The matrix as WebGL wants a `mat3`: nine numbers, column by column. */
export function toMat3([a, b, c, d, e, f]: Affine): number[] {
  return [a, d, 0, b, e, 0, c, f, 1];
}
