/**
 * Where a head is and how it is turned and built: the twin of `distill/atelier/pose.py`;
 * `test/fixtures/pose.json` fails if either moves.
 */
import type { FaceGeometry, Matrix3, Point } from './face-geometry';
import { interpolate } from './interpolate';

/** A point in the picture. */
export type FlatPoint = readonly [number, number];

/** A head in frame pixels and radians. */
export interface HeadPose {
  readonly eyeMiddle: FlatPoint;
  /** Distance of the eye centres with the head's turn taken out, in pixels. */
  readonly eyeDistance: number;
  /** Positive clockwise as seen. */
  readonly rollRad: number;
  /** Positive to the picture's right; softly limited to ±0.64. */
  readonly yawRad: number;
  /** Positive downwards; softly limited to ±0.42. */
  readonly pitchRad: number;
  /** Points relative to the eye middle, upright, with the head's turn in them; pairs have the picture's left first. */
  readonly shape: HeadShape;
}

/** How a head is built, in pixels. */
export interface HeadShape {
  readonly eyes: readonly [FlatPoint, FlatPoint];
  readonly mouth: FlatPoint;
  readonly nose: FlatPoint;
  readonly chin: FlatPoint;
  readonly crown: FlatPoint;
  readonly cheeks: readonly [FlatPoint, FlatPoint];
  readonly jaws: readonly [FlatPoint, FlatPoint];
  readonly chinSides: readonly [FlatPoint, FlatPoint];
  readonly eyeWidth: number;
}

const YAW_LIMIT_RAD = 0.54;
const PITCH_LIMIT_RAD = 0.32;
const SOFT_RAD = 0.1;
const LEFT_EYE = [33, 133] as const;
const RIGHT_EYE = [263, 362] as const;
const CONTOURS = [
  [10, 109, 67, 103, 54, 21, 162, 127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152],
  [10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152],
] as const;

/** Reads where the head is and how it is turned. */
export function readHeadPose(face: FaceGeometry): HeadPose {
  const { points, rotation } = face;
  const middle = mean(points, [...LEFT_EYE, ...RIGHT_EYE]);
  const rollRad = levelOf(points);
  // Yaw and pitch of the upright head: the roll comes off first.
  const level = aboutZ(rollRad);
  const [x, y, z] = multiply(level, rotation);
  const yaw = Math.atan2(x[2], z[2]);
  const pitch = Math.atan2(-y[2], Math.hypot(x[2], z[2]));
  const yawRad = softLimit(yaw, YAW_LIMIT_RAD);
  const pitchRad = softLimit(pitch, PITCH_LIMIT_RAD);
  const limiting = yawRad === yaw && pitchRad === pitch ? undefined : multiply(turn(yaw, pitch), transpose(turn(yawRad, pitchRad)));
  const toUpright = limiting ? multiply(level, limiting) : level;
  const upright = points.map((point) => rowTimes(minus(point, middle), toUpright));
  const frontal = frontalPoints(face);
  const eyeWidth = (distance(frontal[33]!, frontal[133]!) + distance(frontal[263]!, frontal[362]!)) / 2;
  return {
    eyeMiddle: [middle[0], middle[1]],
    eyeDistance: distance(mean(frontal, RIGHT_EYE), mean(frontal, LEFT_EYE)),
    rollRad,
    yawRad,
    pitchRad,
    shape: shapeOf(upright, eyeWidth),
  };
}

/** All points with the head's turn taken out, relative to the eye middle, eyes level. */
export function frontalPoints({ points, rotation }: FaceGeometry): readonly Point[] {
  const middle = mean(points, [...LEFT_EYE, ...RIGHT_EYE]);
  // Image axes against the matrix's: y and z have the other sign.
  const unturn = rotation.map((row, i) => row.map((value, j) => ((i === 0) === (j === 0) ? value : -value))) as unknown as Matrix3;
  const frontal = points.map((point) => rowTimes(minus(point, middle), unturn));
  const level = aboutZ(levelOf(frontal));
  return frontal.map((point) => rowTimes(point, level));
}

/** Angle of the line from eye to eye. */
function levelOf(points: readonly Point[]): number {
  const [acrossX, acrossY] = minus(mean(points, RIGHT_EYE), mean(points, LEFT_EYE));
  return Math.atan2(acrossY, acrossX);
}

function softLimit(angleRad: number, boundRad: number): number {
  const beyond = Math.max(Math.abs(angleRad) - boundRad, 0);
  return Math.sign(angleRad) * (Math.min(Math.abs(angleRad), boundRad) + SOFT_RAD * Math.tanh(beyond / SOFT_RAD));
}

function shapeOf(points: readonly Point[], eyeWidth: number): HeadShape {
  const flat = ([x, y]: Point): FlatPoint => [x, y];
  const chin = flat(points[152]!);
  const sidesAt = (height: number): readonly [FlatPoint, FlatPoint] => [contourAt(points, CONTOURS[0], height * chin[1]), contourAt(points, CONTOURS[1], height * chin[1])];
  const [crownX, crownY] = points[10]!;
  return {
    eyes: [flat(mean(points, LEFT_EYE)), flat(mean(points, RIGHT_EYE))],
    mouth: flat(mean(points, [78, 308])),
    nose: flat(points[4]!),
    chin,
    crown: [crownX * 1.75, crownY * 1.75],
    cheeks: sidesAt(0.28),
    jaws: sidesAt(0.57),
    chinSides: sidesAt(0.77),
    eyeWidth,
  };
}

function contourAt(points: readonly Point[], contour: readonly number[], y: number): FlatPoint {
  let lowest = -Infinity;
  const rows = contour.map((index) => (lowest = Math.max(lowest, points[index]![1])));
  return [interpolate(y, rows, contour.map((index) => points[index]![0])), y];
}

/** What turns a level head by yaw and pitch, for column vectors. */
function turn(yawRad: number, pitchRad: number): Matrix3 {
  const [cosYaw, sinYaw] = [Math.cos(-yawRad), Math.sin(-yawRad)];
  const [cosPitch, sinPitch] = [Math.cos(pitchRad), Math.sin(pitchRad)];
  return multiply([[cosYaw, 0, sinYaw], [0, 1, 0], [-sinYaw, 0, cosYaw]], [[1, 0, 0], [0, cosPitch, -sinPitch], [0, sinPitch, cosPitch]]);
}

function aboutZ(angleRad: number): Matrix3 {
  const [cos, sin] = [Math.cos(angleRad), Math.sin(angleRad)];
  return [[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]];
}

function mean(points: readonly Point[], indices: readonly number[]): Point {
  const sum = [0, 0, 0];
  for (const index of indices) points[index]!.forEach((value, axis) => (sum[axis]! += value));
  return sum.map((value) => value / indices.length) as unknown as Point;
}

function minus(a: Point, b: Point): Point {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

/** Distance in the picture. */
function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

function rowTimes([x, y, z]: Point, [a, b, c]: Matrix3): Point {
  return [x * a[0] + y * b[0] + z * c[0], x * a[1] + y * b[1] + z * c[1], x * a[2] + y * b[2] + z * c[2]];
}

function multiply(a: Matrix3, b: Matrix3): Matrix3 {
  return a.map((row) => rowTimes(row, b)) as unknown as Matrix3;
}

function transpose([a, b, c]: Matrix3): Matrix3 {
  return [[a[0], b[0], c[0]], [a[1], b[1], c[1]], [a[2], b[2], c[2]]];
}
