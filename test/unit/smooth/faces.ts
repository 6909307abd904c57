import { invertAffine, multiplyAffine } from '../../../sdk/affine';
import type { Affine, FaceCrop } from '../../../sdk/types';

/** The same pseudo-random numbers each time, in [0, 1). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

/** 478 points of a face in its own units, spread over the crop's middle. */
export function facePoints(seed = 1): [number, number][] {
  const random = randomOf(seed);
  return Array.from({ length: 478 }, () => [0.25 + 0.5 * random(), 0.25 + 0.5 * random()]);
}

/** A similarity transform about the crop's middle. */
export function similarity(shiftX: number, shiftY: number, scale = 1, turnRad = 0): Affine {
  const cos = scale * Math.cos(turnRad);
  const sin = scale * Math.sin(turnRad);
  return multiplyAffine([1, 0, 0.5 + shiftX, 0, 1, 0.5 + shiftY], multiplyAffine([cos, -sin, 0, sin, cos, 0], [1, 0, -0.5, 0, 1, -0.5]));
}

/** A place taken through a matrix. */
export function move([a, b, c, d, e, f]: Affine, [x, y]: readonly [number, number]): [number, number] {
  return [a * x + b * y + c, d * x + e * y + f];
}

/** A crop of a 640×480 frame, with the face's points moved within it. */
export function faceCrop({ faceId = 1, centreXPx = 320, centreYPx = 240, sidePx = 300, rollRad = 0, points = facePoints() } = {}): FaceCrop {
  const frameFromCrop = multiplyAffine([1, 0, centreXPx, 0, 1, centreYPx], multiplyAffine([Math.cos(rollRad) * sidePx, -Math.sin(rollRad) * sidePx, 0, Math.sin(rollRad) * sidePx, Math.cos(rollRad) * sidePx, 0], [1, 0, -0.5, 0, 1, -0.5]));
  return { faceId, cropFromFrame: invertAffine(frameFromCrop), landmarksCrop: Float32Array.from(points.flat()) };
}
