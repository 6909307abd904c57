import { describe, expect, it } from 'vitest';
import { multiplyAffine } from '../../../sdk/affine';
import { fitSimilarity, largestShift, movementBetween, STABLE_POINTS } from '../../../sdk/smooth/face-movement';
import { faceCrop, facePoints, move, randomOf, similarity } from './faces';

const flat = (points: readonly (readonly [number, number])[]): Float32Array => Float32Array.from(points.flat());

describe('fitSimilarity', () => {
  it.each([
    { truth: similarity(0.05, -0.02) },
    { truth: similarity(0, 0, 1.1) },
    { truth: similarity(0, 0, 1, 0.3) },
    { truth: similarity(-0.1, 0.04, 0.9, -0.2) },
  ])('finds the turn, scale and shift $truth', ({ truth }) => {
    const points = facePoints();
    const { transform, residual } = fitSimilarity(flat(points), flat(points.map((point) => move(truth, point))));
    transform.forEach((value, i) => expect(value).toBeCloseTo(truth[i]!, 5));
    expect(residual).toBeLessThan(1e-5);
  });

  it('follows the skull and not the mouth', () => {
    const points = facePoints();
    const stable = new Set<number>(STABLE_POINTS);
    const talking = points.map(([x, y], i): [number, number] => (stable.has(i) ? [x + 0.01, y] : [x, y + 0.1]));
    const { transform } = fitSimilarity(flat(points), flat(talking));
    similarity(0.01, 0).forEach((value, i) => expect(transform[i]).toBeCloseTo(value, 5));
  });

  it('averages the tracker’s noise away', () => {
    const random = randomOf(7);
    const points = facePoints();
    const noisy = points.map(([x, y]): [number, number] => [x + 0.004 * (random() - 0.5), y + 0.004 * (random() - 0.5)]);
    const { transform, residual } = fitSimilarity(flat(points), flat(noisy));
    expect(largestShift(transform)).toBeLessThan(0.001);
    expect(residual).toBeGreaterThan(0.001);
  });

  it('uses all points of a model that has others', () => {
    const points = facePoints().slice(0, 5);
    const { transform } = fitSimilarity(flat(points), flat(points.map(([x, y]) => [x, y + 0.02])));
    similarity(0, 0.02).forEach((value, i) => expect(transform[i]).toBeCloseTo(value, 5));
  });
});

describe('movementBetween', () => {
  it('is none for a face and a crop that rest, for all the tracker’s jitter', () => {
    const random = randomOf(3);
    const jittered = facePoints().map(([x, y]): [number, number] => [x + 0.001 * (random() - 0.5), y + 0.001 * (random() - 0.5)]);
    const { previousFromCurrent, shift } = movementBetween(faceCrop(), faceCrop({ points: jittered }));
    [1, 0, 0, 0, 1, 0].forEach((value, i) => expect(previousFromCurrent[i]).toBeCloseTo(value, 6));
    expect(shift).toBeLessThan(1e-6);
  });

  it('is the crop’s own movement, to the last digit, when the face rests and only the crop moves', () => {
    const before = faceCrop();
    const after = faceCrop({ centreXPx: 321.5, sidePx: 303, rollRad: 0.01 });
    // The same skin, seen from the moved crop.
    const points = facePoints().map((point) => move(multiplyAffine(after.cropFromFrame, [300, 0, 170, 0, 300, 90]), point));
    const { previousFromCurrent } = movementBetween(before, { ...after, landmarksCrop: flat(points) });
    const [x, y] = move(previousFromCurrent, points[10]!);
    expect(x).toBeCloseTo(facePoints()[10]![0], 5);
    expect(y).toBeCloseTo(facePoints()[10]![1], 5);
  });

  it('is the face’s movement within a crop that rests', () => {
    const points = facePoints().map((point) => move(similarity(0.02, 0.01), point));
    const { previousFromCurrent, shift } = movementBetween(faceCrop(), faceCrop({ points }));
    const [x, y] = move(previousFromCurrent, points[50]!);
    expect(x).toBeCloseTo(facePoints()[50]![0], 5);
    expect(y).toBeCloseTo(facePoints()[50]![1], 5);
    expect(shift).toBeCloseTo(Math.hypot(0.02, 0.01), 5);
  });

  it('is none within the crop when crop and face move together', () => {
    const { shift, distance } = movementBetween(faceCrop(), faceCrop({ centreXPx: 330 }));
    expect(shift).toBeLessThan(1e-5);
    // Ten pixels of a crop of 300.
    expect(distance).toBeCloseTo(10 / 300, 5);
  });
});
