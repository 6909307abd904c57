import { describe, expect, it } from 'vitest';
import { isCut } from '../../../sdk/smooth/cut-detector';
import { movementBetween } from '../../../sdk/smooth/face-movement';
import type { FaceCrop } from '../../../sdk/types';
import { faceCrop, facePoints, move, similarity } from './faces';

const FRAME_US = 33_333;

function cutBetween(previous: FaceCrop, current: FaceCrop, gapUs = FRAME_US): boolean {
  return isCut({ crop: previous, timestampUs: 1_000_000 }, { crop: current, timestampUs: 1_000_000 + gapUs }, movementBetween(previous, current));
}

describe('a cut', () => {
  it.each([
    ['a resting face', faceCrop()],
    ['a quick turn of the head', faceCrop({ points: facePoints().map((point) => move(similarity(0.04, 0.02, 1.03, 0.1), point)) })],
    ['a face that walks with its crop', faceCrop({ centreXPx: 345, centreYPx: 230 })],
    ['a face that comes nearer', faceCrop({ sidePx: 320 })],
    ['an opening mouth', faceCrop({ points: facePoints().map(([x, y]) => [x, y > 0.6 ? y + 0.03 : y]) })],
  ])('is not %s', (_, after) => {
    expect(cutBetween(faceCrop(), after)).toBe(false);
  });

  it.each([
    ['a face elsewhere in the frame', faceCrop({ centreXPx: 480 })],
    ['a face of another size', faceCrop({ sidePx: 180 })],
    ['a face that is turned over', faceCrop({ rollRad: 1 })],
    ['a face of another shape', faceCrop({ points: facePoints(99) })],
    ['another face’s id', faceCrop({ faceId: 2 })],
    ['points that are not numbers', faceCrop({ points: facePoints().map(() => [NaN, NaN]) })],
  ])('is %s', (_, after) => {
    expect(cutBetween(faceCrop(), after)).toBe(true);
  });

  it.each([[0, true], [-FRAME_US, true], [66_667, false], [200_000, false], [300_000, true]])('after %d µs: %s', (gapUs, expected) => {
    expect(cutBetween(faceCrop(), faceCrop(), gapUs)).toBe(expected);
  });
});
