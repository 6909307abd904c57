/**
 * What a face does (lids, gaze, brows, mouth): the twin of `distill/atelier/expression.py`;
 * `test/fixtures/pose.json` fails if either moves. Lengths are pixels of the drawing, whose eyes are 189 apart.
 */
import type { Blendshapes } from './blendshapes';
import type { Point } from './face-geometry';
import type { FlatPoint, HeadPose } from './head-pose';
import { clamp, interpolate } from './interpolate';

/** One eye. */
export interface EyeState {
  /** 0 wide open, 0.12 at rest, 1 shut. */
  readonly lid: number;
  readonly browRise: number;
  readonly browTilt: number;
  readonly browArch: number;
}

/** Everything a face does; pairs have the picture's left first. */
export interface Expression {
  readonly eyes: readonly [EyeState, EyeState];
  /** 0…1: bends a shut eye upwards. */
  readonly happy: number;
  /** 0…1: lifts the lower lids. */
  readonly squint: number;
  /** Right and down. */
  readonly gaze: FlatPoint;
  /** Inner lip lines of 11 points from corner to corner, relative to the middle of the corners. */
  readonly upperLip: readonly FlatPoint[];
  readonly lowerLip: readonly FlatPoint[];
  /** 0…1: how much of the upper row shows. */
  readonly teeth: number;
}

const INNER_UPPER = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308] as const;
const INNER_LOWER = [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308] as const;
const EYES = [
  { corners: [33, 133], upper: [160, 158, 159], lower: [144, 153, 145] },
  { corners: [263, 362], upper: [387, 385, 386], lower: [373, 380, 374] },
] as const;
/** Corners from left to right with the iris between them. */
const IRISES = [[33, 133, 468], [362, 263, 473]] as const;
/** How far irises at rest stand above the eyes' corners, in eye widths. */
const IRIS_RISE = 0.075;
const CLOSED_GAP = 1.6;
const ASPECTS = [0.145, 0.16, 0.19, 0.235, 0.285, 0.32, 0.42];
const ASPECT_LIDS = [1, 0.96, 0.66, 0.4, 0.22, 0.1, -0.02];

/**
 * Reads what the face does.
 * @param points The face's points with the head's turn taken out.
 * @param shapes Its blendshapes.
 * @param pose Its pose.
 * @param hasIrises Whether the points of the irises mean anything.
 */
export function readExpression(points: readonly Point[], shapes: Blendshapes, pose: HeadPose, hasIrises: boolean): Expression {
  const smile = clamp(shapes.of('mouthSmile'), 0, 1);
  const lids = readLids(shapes, points);
  const [down, outer, inner] = [shapes.sides('browDown'), shapes.sides('browOuterUp'), shapes.of('browInnerUp')];
  const eye = (side: 0 | 1): EyeState => ({
    lid: lids[side],
    browRise: 13 * down[side] - 22 * outer[side] - 14 * inner,
    browTilt: 13 * down[side] - 16 * inner + 8 * outer[side],
    browArch: 4 * outer[side] - 4 * down[side],
  });
  return {
    eyes: [eye(0), eye(1)],
    happy: interpolate(smile, [0.25, 0.7], [0, 1]),
    squint: clamp(0.6 * smile + 0.3 * interpolate(smile, [0.5, 0.7], [0, 1]), 0, 1),
    gaze: readGaze(shapes, pose, hasIrises ? irisDrop(points) : -IRIS_RISE),
    ...readLips(shapes, points, pose, smile),
    teeth: clamp(1.2 * smile + shapes.of('mouthUpperUp') - shapes.of('mouthPucker'), 0, 1),
  };
}

function readLids(shapes: Blendshapes, points: readonly Point[]): readonly [number, number] {
  const aspects = EYES.map(({ corners, upper, lower }) => {
    const gaps = upper.map((index, i) => {
      const [a, b] = [points[index]!, points[lower[i]!]!];
      return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    });
    const [from, to] = [points[corners[0]]!, points[corners[1]]!];
    return gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length / Math.hypot(from[0] - to[0], from[1] - to[1]);
  });
  const blinks = shapes.sides('eyeBlink');
  const lidOf = (side: 0 | 1, other: 0 | 1): number => {
    // Only both signs together make a wink: turned and smiling faces show either.
    const narrower = clamp((aspects[other]! - aspects[side]! - 0.03) / 0.05, 0, 1);
    const blinking = clamp((blinks[side] - blinks[other] - 0.05) / 0.08, 0, 1);
    return interpolate(aspects[side]! - 0.1 * (blinks[side] - 0.15) - 0.12 * narrower * blinking, ASPECTS, ASPECT_LIDS);
  };
  const [left, right] = [lidOf(0, 1), lidOf(1, 0)];
  const middle = (left + right) / 2;
  // Small differences are noise, large ones are a wink.
  const half = ((left - right) / 2) * interpolate(Math.abs(left - right) / 2, [0.06, 0.2], [0.55, 1]);
  return [middle + half, middle - half];
}

function readGaze(shapes: Blendshapes, pose: HeadPose, drop: number): FlatPoint {
  const [inward, outward] = [shapes.sides('eyeLookIn'), shapes.sides('eyeLookOut')];
  const right = (inward[0] - outward[0] + outward[1] - inward[1]) / 2;
  // The drawn eyes face the viewer, so a turned head with eyes on the camera needs no shift.
  const x = 20 * right - 2.5 + 13 * clamp(pose.yawRad, -0.5, 0.5);
  const down = shapes.of('eyeLookDown') - shapes.of('eyeLookUp');
  const y = 60 * (drop + IRIS_RISE) + 6 * down + 7.5 * clamp(pose.pitchRad, -0.4, 0.4);
  return [clamp(x, -15, 15), clamp(y, -9, 9)];
}

/** How far both irises lie below the line of the eye's corners, in eye widths. */
function irisDrop(points: readonly Point[]): number {
  const drops = IRISES.map(([left, right, iris]) => {
    const [a, b, c] = [points[left]!, points[right]!, points[iris]!];
    const [acrossX, acrossY] = [b[0] - a[0], b[1] - a[1]];
    const [offsetX, offsetY] = [c[0] - (a[0] + b[0]) / 2, c[1] - (a[1] + b[1]) / 2];
    return (acrossX * offsetY - acrossY * offsetX) / (acrossX * acrossX + acrossY * acrossY);
  });
  return (drops[0]! + drops[1]!) / 2;
}

function readLips(shapes: Blendshapes, points: readonly Point[], pose: HeadPose, smile: number): { readonly upperLip: readonly FlatPoint[]; readonly lowerLip: readonly FlatPoint[] } {
  const unit = 189 / pose.eyeDistance;
  const cornersX = (points[78]![0] + points[308]![0]) / 2;
  const cornersY = (points[78]![1] + points[308]![1]) / 2;
  const lineOf = (indices: readonly number[]): FlatPoint[] => evened(indices.map((index) => [(points[index]![0] - cornersX) * unit, (points[index]![1] - cornersY) * unit]));
  const upper = lineOf(INNER_UPPER);
  const lower = lineOf(INNER_LOWER).map(([x, y], i): FlatPoint => [x, upper[i]![1] + Math.max(y - upper[i]![1] - CLOSED_GAP, 0)]);
  // Points of heads that turn away or look down show less of an opening.
  const tall = 0.8 * (1 + 0.3 * Math.min(Math.abs(pose.yawRad), 0.6) + 0.6 * clamp(pose.pitchRad, -0.3, 0.35));
  const lift = 11 * smile - 14 * shapes.of('mouthFrown') + 3.5 * (1 - smile);
  const half = Math.abs(upper[0]![0]) + 1e-6;
  const drawn = (line: readonly FlatPoint[]): FlatPoint[] => line.map(([x, y]) => [x * 0.56, y * tall - lift * clamp(Math.abs(x) / half, 0, 1) ** 2]);
  return flattenBow(drawn(upper), parted(drawn(upper), drawn(lower)));
}

/** A line with half of its asymmetry taken out: a drawn mouth tolerates less of it than a real one. */
function evened(line: readonly FlatPoint[]): FlatPoint[] {
  return line.map(([x, y], i) => {
    const [mirroredX, mirroredY] = line[line.length - 1 - i]!;
    return [x + 0.25 * (-mirroredX - x), y + 0.25 * (mirroredY - y)];
  });
}

/** Parted lips are drawn wider than they are, or the lines would hide it; and a drawn chin leaves a wide-open mouth less room. */
function parted(upper: readonly FlatPoint[], lower: readonly FlatPoint[]): FlatPoint[] {
  const gaps = lower.map(([, y], i) => y - upper[i]![1]);
  const widest = Math.max(...gaps);
  if (widest <= 0) return [...lower];
  const wide = widest + 4 * (1 - Math.exp(-widest / 2.5));
  const factor = wide / widest / Math.sqrt(1 + (wide / 75) ** 2);
  return lower.map(([x], i) => [x, upper[i]![1] + gaps[i]! * factor]);
}

/** Takes most of the cupid's bow out of the upper line; a drawn lip has none. */
function flattenBow(upper: readonly FlatPoint[], lower: readonly FlatPoint[]): { readonly upperLip: readonly FlatPoint[]; readonly lowerLip: readonly FlatPoint[] } {
  const width = Math.max(Math.abs(upper[0]![0]), 1);
  const xs = upper.map(([x]) => x / width);
  const parabola = fitParabola(xs, upper.map(([, y]) => y));
  const raw = upper.map(([, y], i) => 0.65 * (parabola(xs[i]!) - y));
  const [first, last] = [0, raw.length - 1];
  const change = raw.map((value, i) => value - interpolate(xs[i]!, [xs[first]!, xs[last]!], [raw[first]!, raw[last]!]));
  const upperLip = upper.map(([x, y], i): FlatPoint => [x, y + change[i]!]);
  const lowerLip = lower.map(([x, y], i): FlatPoint => {
    const gap = y - upper[i]![1];
    return [x, Math.max(y + change[i]! * clamp(1 - gap / 8, 0, 1), upperLip[i]![1])];
  });
  return { upperLip, lowerLip };
}

/** The parabola nearest to points, by least squares. */
function fitParabola(xs: readonly number[], ys: readonly number[]): (x: number) => number {
  const moment = (power: number): number => xs.reduce((sum, x) => sum + x ** power, 0);
  const mixed = (power: number): number => xs.reduce((sum, x, i) => sum + x ** power * ys[i]!, 0);
  const [m0, m1, m2, m3, m4] = [0, 1, 2, 3, 4].map(moment) as [number, number, number, number, number];
  const [y0, y1, y2] = [0, 1, 2].map(mixed) as [number, number, number];
  const determinant = (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number): number => a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const whole = determinant(m0, m1, m2, m1, m2, m3, m2, m3, m4);
  const constant = determinant(y0, m1, m2, y1, m2, m3, y2, m3, m4) / whole;
  const slope = determinant(m0, y0, m2, m1, y1, m3, m2, y2, m4) / whole;
  const bend = determinant(m0, m1, y0, m1, m2, y1, m2, m3, y2) / whole;
  return (x) => constant + slope * x + bend * x * x;
}
