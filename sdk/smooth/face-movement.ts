import { invertAffine, multiplyAffine } from '../affine';
import type { Affine, FaceCrop } from '../types';

/**
 * MediaPipe points that move with the skull rather than with the expression: forehead, temples, bridge of the
 * nose, eye corners, ears, upper cheeks.
 */
export const STABLE_POINTS = [
  10, 338, 297, 332, 284, 251, 389, 356, 454, 109, 67, 103, 54, 21, 162, 127, 234, 151, 9, 8, 168, 6,
  197, 195, 5, 33, 133, 362, 263, 93, 323, 116, 345, 117, 346, 50, 280,
] as const;

/** How a face's picture moved within its crop between two frames. */
export interface FaceMovement {
  /** Place in the current crop → place of the same skin in the previous crop, crop units. */
  readonly previousFromCurrent: Affine;
  /** Largest distance that the picture moved within the crop's middle, crop units. */
  readonly shift: number;
  /** Root mean square distance that the face's points moved in the frame, in units of the current crop. */
  readonly distance: number;
  /** Root mean square distance that turn, scale and shift leave unexplained, crop units. */
  readonly residual: number;
}

/**
 * Movements below this many crop widths are the tracker's jitter and taken for rest; the doubt ends at twice that.
 * The crop's own movement is known exactly and not subject to it.
 */
const JITTER = 0.0015;

/** How a face's picture moved from one crop to the next. */
export function movementBetween(previous: FaceCrop, current: FaceCrop): FaceMovement {
  const currentFromPrevious = multiplyAffine(
    current.cropFromFrame,
    invertAffine(previous.cropFromFrame),
  );
  // Where the previous points would lie now, had the face kept still in the frame.
  const still = transformPoints(currentFromPrevious, previous.landmarksCrop);
  const { transform, distance, residual } = fitSimilarity(current.landmarksCrop, still);
  const certainty = smoothstep(JITTER, 2 * JITTER, largestShift(transform));
  const previousFromCurrent = multiplyAffine(
    invertAffine(currentFromPrevious),
    mixAffine(IDENTITY, transform, certainty),
  );
  return { previousFromCurrent, shift: largestShift(previousFromCurrent), distance, residual };
}

/** The matrix that changes nothing. */
export const IDENTITY: Affine = [1, 0, 0, 0, 1, 0];

/** Result of {@link fitSimilarity}. */
export interface SimilarityFit {
  /** From the first set of points to the second. */
  readonly transform: Affine;
  /** Root mean square distance between the sets. */
  readonly distance: number;
  /** Root mean square distance that remains after the transform. */
  readonly residual: number;
}

/**
 * Least-squares similarity transform (turn, scale, shift) from one set of a face's points to another.
 * @param from `[x0, y0, x1, …]`.
 * @param to the same points elsewhere.
 * @param indices which points count. Default: {@link STABLE_POINTS} if they exist, else all.
 */
export function fitSimilarity(
  from: Float32Array,
  to: Float32Array,
  indices: readonly number[] = indicesFor(from),
): SimilarityFit {
  const [fromX, fromY] = centreOf(from, indices);
  const [toX, toY] = centreOf(to, indices);
  let along = 0;
  let across = 0;
  let spread = 0;
  for (const index of indices) {
    const x = from[2 * index]! - fromX;
    const y = from[2 * index + 1]! - fromY;
    const u = to[2 * index]! - toX;
    const v = to[2 * index + 1]! - toY;
    along += x * u + y * v;
    across += x * v - y * u;
    spread += x * x + y * y;
  }
  const cos = spread > 0 ? along / spread : 1;
  const sin = spread > 0 ? across / spread : 0;
  const transform: Affine = [
    cos,
    -sin,
    toX - cos * fromX + sin * fromY,
    sin,
    cos,
    toY - sin * fromX - cos * fromY,
  ];
  return {
    transform,
    distance: rmsDistance(from, to, indices),
    residual: rmsDistance(transformPoints(transform, from), to, indices),
  };
}

function centreOf(points: Float32Array, indices: readonly number[]): [number, number] {
  let x = 0;
  let y = 0;
  for (const index of indices) {
    x += points[2 * index]!;
    y += points[2 * index + 1]!;
  }
  return [x / indices.length, y / indices.length];
}

function rmsDistance(from: Float32Array, to: Float32Array, indices: readonly number[]): number {
  let sum = 0;
  for (const index of indices) {
    sum += (from[2 * index]! - to[2 * index]!) ** 2 + (from[2 * index + 1]! - to[2 * index + 1]!) ** 2;
  }
  return Math.sqrt(sum / indices.length);
}

function transformPoints([a, b, c, d, e, f]: Affine, points: Float32Array): Float32Array {
  const moved = new Float32Array(points.length);
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = points[i]!;
    const y = points[i + 1]!;
    moved[i] = a * x + b * y + c;
    moved[i + 1] = d * x + e * y + f;
  }
  return moved;
}

function smoothstep(low: number, high: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

function mixAffine(from: Affine, to: Affine, share: number): Affine {
  return from.map((value, i) => value + share * (to[i]! - value)) as unknown as Affine;
}

/** Largest distance, in crop units, that a transform moves any place of the crop's middle, where faces are. */
export function largestShift([a, b, c, d, e, f]: Affine): number {
  let largest = 0;
  for (const x of [0.2, 0.8]) {
    for (const y of [0.2, 0.8]) {
      largest = Math.max(largest, Math.hypot(a * x + b * y + c - x, d * x + e * y + f - y));
    }
  }
  return largest;
}

function indicesFor(points: Float32Array): readonly number[] {
  const count = points.length / 2;
  if (STABLE_POINTS.every((index) => index < count)) return STABLE_POINTS;
  return Array.from({ length: count }, (_, index) => index);
}
