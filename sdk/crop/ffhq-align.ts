/**
 * The crop transform: the square that the FFHQ dataset cuts around a face, computed from
 * MediaPipe's points. Pure; `distill/align.py` is its twin, and the fixture
 * `test/fixtures/align.json` fails if either moves.
 *
 * FFHQ takes eye centres and mouth corners from dlib's 68 points. The points below sit where
 * dlib's do. Irises are not used: a face model without an iris part has none. z is not used.
 */

import type { Affine } from '../types';

/** A square cut out of a frame, in frame pixels. */
export interface CropSquare {
  readonly centreXPx: number;
  readonly centreYPx: number;
  /** Edge length in frame pixels, > 0. */
  readonly sidePx: number;
  /** Turn of the square's x axis against the frame's, in radians, clockwise as seen, -π…π. */
  readonly rollRad: number;
}

/** MediaPipe points at the places of dlib's six around the eye on the left of an unmirrored picture. */
export const LEFT_EYE_POINTS = [33, 160, 158, 133, 153, 144] as const;
/** The same for the eye on the right of the picture. */
export const RIGHT_EYE_POINTS = [362, 385, 387, 263, 373, 380] as const;
/** Outer corners of the mouth, left and right in the picture. */
export const MOUTH_CORNER_POINTS = [61, 291] as const;

/** Half the side in eye distances; the larger of the two rules counts. */
const EYE_WEIGHT = 2.0;
/** Half the side in distances from the eyes' middle to the mouth's. */
const MOUTH_WEIGHT = 1.8;
/** How far the square's centre lies from the eyes' middle towards the mouth. */
const CENTRE_WEIGHT = 0.1;
/**
 * Correction of the centre along the square's y axis, in sides. The training photos were aligned by
 * other landmarks; over 1,167 of them MediaPipe's points put the centre 0.0055…0.0089 sides lower
 * (medians of three sources). Scale, roll and x need none: their medians differ in sign between
 * sources, or would differ between a picture and its mirror image.
 */
const CENTRE_SHIFT_SIDES = -0.007;

function meanPoint(
  landmarks: Float32Array,
  indices: readonly number[],
  widthPx: number,
  heightPx: number,
): [number, number] {
  let x = 0;
  let y = 0;
  for (const index of indices) {
    x += landmarks[index * 3] ?? Number.NaN;
    y += landmarks[index * 3 + 1] ?? Number.NaN;
  }
  return [(x / indices.length) * widthPx, (y / indices.length) * heightPx];
}

/**
 * The FFHQ square of a face.
 * @param landmarks MediaPipe's points `[x0, y0, z0, …]`, 468 or 478 of them, x in frame widths, y in frame heights.
 * @param widthPx Frame width in pixels, > 0.
 * @param heightPx Frame height in pixels, > 0.
 */
export function ffhqSquare(landmarks: Float32Array, widthPx: number, heightPx: number): CropSquare {
  const [leftX, leftY] = meanPoint(landmarks, LEFT_EYE_POINTS, widthPx, heightPx);
  const [rightX, rightY] = meanPoint(landmarks, RIGHT_EYE_POINTS, widthPx, heightPx);
  const [mouthX, mouthY] = meanPoint(landmarks, MOUTH_CORNER_POINTS, widthPx, heightPx);
  const eyesX = (leftX + rightX) / 2;
  const eyesY = (leftY + rightY) / 2;
  const eyeToEyeX = rightX - leftX;
  const eyeToEyeY = rightY - leftY;
  const eyeToMouthX = mouthX - eyesX;
  const eyeToMouthY = mouthY - eyesY;
  const half = Math.max(
    EYE_WEIGHT * Math.hypot(eyeToEyeX, eyeToEyeY),
    MOUTH_WEIGHT * Math.hypot(eyeToMouthX, eyeToMouthY),
  );
  // The x axis is the mean of the eye line and the mouth line turned back by a quarter turn.
  const rollRad = Math.atan2(eyeToEyeY - eyeToMouthX, eyeToEyeX + eyeToMouthY);
  const shiftPx = CENTRE_SHIFT_SIDES * 2 * half;
  return {
    centreXPx: eyesX + CENTRE_WEIGHT * eyeToMouthX - shiftPx * Math.sin(rollRad),
    centreYPx: eyesY + CENTRE_WEIGHT * eyeToMouthY + shiftPx * Math.cos(rollRad),
    sidePx: 2 * half,
    rollRad,
  };
}

/** Frame pixels → crop units (the square becomes [0, 1]²). */
export function cropFromFrameOf(square: CropSquare): Affine {
  const cos = Math.cos(square.rollRad) / square.sidePx;
  const sin = Math.sin(square.rollRad) / square.sidePx;
  const { centreXPx: x, centreYPx: y } = square;
  return [cos, sin, 0.5 - cos * x - sin * y, -sin, cos, 0.5 + sin * x - cos * y];
}

/**
 * Frame pixels → crop units [0, 1]² for the FFHQ square of a face, unsmoothed.
 * Parameters as in {@link ffhqSquare}.
 */
export function ffhqCropFromFrame(
  landmarks: Float32Array,
  widthPx: number,
  heightPx: number,
): Affine {
  return cropFromFrameOf(ffhqSquare(landmarks, widthPx, heightPx));
}
