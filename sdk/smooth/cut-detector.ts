import { invertAffine, multiplyAffine } from '../affine';
import type { Affine, FaceCrop } from '../types';
import type { FaceMovement } from './face-movement';

/** Longest gap between two frames of one movement, in microseconds. */
const MAX_GAP_US = 250_000;
/** Distance within the crop that no face covers in one frame, in crop widths. */
const MAX_DISTANCE = 0.12;
/** Change of shape that no expression makes in one frame, in crop widths. */
const MAX_RESIDUAL = 0.05;
/** Distance in the frame between two crops' centres, in crop widths. */
const MAX_CENTRE_SHIFT = 0.4;
/** Ratio of two crops' sizes. */
const MAX_SCALE = 1.35;
/** Turn between two crops. */
const MAX_TURN_RAD = Math.PI / 5;

/** One face at one moment. */
export interface FaceMoment {
  readonly crop: FaceCrop;
  /** Capture time in microseconds. */
  readonly timestampUs: number;
}

/**
 * Whether the picture before says nothing about the picture now: the scene was cut, the source was wound, frames
 * were missing for long, or the id went over to another face.
 */
export function isCut(previous: FaceMoment, current: FaceMoment, movement: FaceMovement): boolean {
  const gapUs = current.timestampUs - previous.timestampUs;
  if (!(gapUs > 0 && gapUs <= MAX_GAP_US)) return true;
  if (previous.crop.faceId !== current.crop.faceId) return true;
  if (!(movement.distance <= MAX_DISTANCE && movement.residual <= MAX_RESIDUAL)) return true;
  return isJump(multiplyAffine(current.crop.cropFromFrame, invertAffine(previous.crop.cropFromFrame)));
}

/** Whether one crop, seen in another's units, lies, turns or measures too differently. */
function isJump([a, b, c, d, e, f]: Affine): boolean {
  const shift = Math.hypot((a + b) / 2 + c - 0.5, (d + e) / 2 + f - 0.5);
  const scale = Math.hypot(a, d);
  const turnRad = Math.abs(Math.atan2(d, a));
  return !(
    shift <= MAX_CENTRE_SHIFT &&
    scale <= MAX_SCALE &&
    scale >= 1 / MAX_SCALE &&
    turnRad <= MAX_TURN_RAD
  );
}
