/**
 * The student's `pose` input: what the tracker knows of a face as 66 numbers about 1 in size. The twin of
 * `distill/student/anime/pose_vector.py`; `test/fixtures/pose.json` fails if either moves.
 */
import type { Expression } from './expression';
import type { HeadPose } from './head-pose';

const OPENING_PX = 50;
const LIP_PX = 20;
const LIP_X_PX = 40;
const BROW_PX = 20;
const ARCH_PX = 10;
const GAZE_PX = [15, 9] as const;

/** How many numbers {@link poseVector} gives. */
export const POSE_SIZE = 66;

/** The pose vector of a head and its expression; place, size and roll do not matter. */
export function poseVector({ shape, eyeDistance, yawRad, pitchRad }: HeadPose, expression: Expression): Float32Array {
  const { eyes, gaze, happy, squint, upperLip, lowerLip, teeth } = expression;
  const opening = Math.max(...lowerLip.map(([, y], i) => y - upperLip[i]![1]));
  const sides = [shape.cheeks, shape.jaws, shape.chinSides].flatMap((pair) => pair.map(([x]) => x));
  const proportions = [...shape.eyes.map(([x]) => x), ...shape.mouth, ...shape.nose, ...shape.chin, ...sides, ...shape.crown, shape.eyeWidth];
  return Float32Array.of(
    Math.sin(yawRad),
    Math.sin(pitchRad),
    opening / OPENING_PX,
    ...proportions.map((length) => length / eyeDistance),
    ...eyes.map(({ lid }) => lid),
    ...eyes.map(({ browRise }) => browRise / BROW_PX),
    ...eyes.map(({ browTilt }) => browTilt / BROW_PX),
    ...eyes.map(({ browArch }) => browArch / ARCH_PX),
    gaze[0] / GAZE_PX[0],
    gaze[1] / GAZE_PX[1],
    happy,
    squint,
    teeth,
    ...upperLip.map(([x]) => x / LIP_X_PX),
    ...upperLip.map(([, y]) => y / LIP_PX),
    ...lowerLip.map(([, y]) => y / LIP_PX),
  );
}
