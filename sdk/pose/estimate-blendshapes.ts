import { BLENDSHAPE_TABLE } from './blendshape-table';
import type { Point } from './face-geometry';

const BROWS = [
  [[55, 107], [52, 105], [46, 70]],
  [[285, 336], [282, 334], [276, 300]],
] as const;
const SIDED = new Set(['browDown', 'browOuterUp']);
/** Blinks cannot be told from so few points: what they are on average. */
const MEAN_BLINK = 0.13;

/**
 * Blendshapes told from the points alone, for face models that give none: smile, lips and brows; gaze and the rest stay at 0.
 * The fit and how well it does: `python -m distill fit-blendshapes`.
 * @param frontal Points with the head's turn taken out.
 * @param eyeDistance Distance of the eye centres in them.
 */
export function estimateBlendshapes(frontal: readonly Point[], eyeDistance: number): ReadonlyMap<string, number> {
  const shapes = new Map([['eyeBlinkLeft', MEAN_BLINK], ['eyeBlinkRight', MEAN_BLINK]]);
  const [left, right] = [distancesOf(frontal, eyeDistance, 0), distancesOf(frontal, eyeDistance, 1)];
  for (const [name, factors] of Object.entries(BLENDSHAPE_TABLE)) {
    const valueOf = (distances: readonly number[]): number => Math.min(Math.max(factors.reduce((sum, factor, i) => sum + factor * distances[i]!, 0), 0), 1);
    // The side on the left of the picture is the person's right.
    if (SIDED.has(name)) shapes.set(`${name}Right`, valueOf(left)).set(`${name}Left`, valueOf(right));
    else shapes.set(name, (valueOf(left) + valueOf(right)) / 2);
  }
  return shapes;
}

/** What the table's factors belong to, in eye distances, for a side of the picture (0 left). */
function distancesOf(points: readonly Point[], eyeDistance: number, side: 0 | 1): readonly number[] {
  const y = (index: number): number => points[index]![1];
  const corners = (y(61) + y(291)) / 2;
  const mouth = [
    Math.hypot(points[291]![0] - points[61]![0], y(291) - y(61)),
    (y(13) + y(14)) / 2 - corners,
    corners,
    y(13) - y(0),
    y(17) - y(14),
    y(0) - y(2),
    y(14) - y(13),
  ];
  const brows = [...BROWS[side], ...BROWS[1 - side]!].map(([a, b]) => -(y(a) + y(b)) / 2);
  return [...[...mouth, ...brows].map((length) => length / eyeDistance), 1];
}
