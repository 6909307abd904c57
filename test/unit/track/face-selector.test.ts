import { describe, expect, it } from 'vitest';
import { FaceSelector, type Detection } from '../../../sdk/track/face-selector';

const FRAME_US = 40_000;
const ASPECT = 4 / 3;

/** A face as a box around (x, y), in frame heights, of the given linear size. */
function face(x: number, y: number, size = 0.3): Detection {
  const landmarks = new Float32Array(478 * 3);
  for (let i = 0; i < 468; i++) {
    const corner = i % 4;
    landmarks[i * 3] = (x + (corner % 2 === 0 ? -size / 2 : size / 2)) / ASPECT;
    landmarks[i * 3 + 1] = y + (corner < 2 ? -size / 2 : size / 2);
  }
  // Iris points may be anywhere, as in the reduced face model.
  for (let i = 468; i < 478; i++) landmarks.set([5, 5, 0], i * 3);
  return { landmarks, blendshapes: new Map() };
}

/** Plays frames of detections into a selector and returns the ids of each. */
function play(
  selector: FaceSelector,
  frames: readonly (readonly Detection[])[],
  firstFrame = 0,
): number[][] {
  return frames.map((detections, i) =>
    selector.select(detections, ASPECT, (firstFrame + i) * FRAME_US).map(({ id }) => id),
  );
}
const repeat = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

describe('choosing one face', () => {
  it('begins with the largest', () => {
    const chosen = new FaceSelector(1).select([face(0.3, 0.5, 0.2), face(1, 0.5, 0.4)], ASPECT, 0);
    expect(chosen).toHaveLength(1);
    expect(chosen[0]!.landmarks[0]).toBeCloseTo((1 - 0.2) / ASPECT);
  });

  it('stays with it when another becomes a little larger', () => {
    const selector = new FaceSelector(1);
    play(selector, [[face(0.3, 0.5, 0.3)]]);
    const ids = play(selector, repeat(50, () => [face(0.3, 0.5, 0.3), face(1, 0.5, 0.37)]), 1);
    expect(new Set(ids.flat())).toEqual(new Set([1]));
  });

  it('moves to one 1.3 times as large only after half a second of it', () => {
    const selector = new FaceSelector(1);
    play(selector, [[face(0.3, 0.5, 0.3)]]);
    const ids = play(selector, repeat(20, () => [face(0.3, 0.5, 0.3), face(1, 0.5, 0.42)]), 1).flat();
    const switchedAt = ids.indexOf(2);
    expect(switchedAt * FRAME_US).toBeGreaterThanOrEqual(500_000);
    expect(switchedAt * FRAME_US).toBeLessThan(600_000);
    expect(ids.slice(switchedAt)).toEqual(ids.slice(switchedAt).map(() => 2));
  });

  it('is not won by a face that is large for a moment, again and again', () => {
    const selector = new FaceSelector(1);
    play(selector, [[face(0.3, 0.5, 0.3)]]);
    const ids = play(
      selector,
      repeat(60, (i) => [face(0.3, 0.5, 0.3), face(1, 0.5, i % 10 === 9 ? 0.3 : 0.45)]),
      1,
    );
    expect(new Set(ids.flat())).toEqual(new Set([1]));
  });

  it('waits through a short gap and then takes another face', () => {
    const selector = new FaceSelector(1);
    play(selector, repeat(5, () => [face(0.3, 0.5)]));
    const ids = play(selector, repeat(20, () => [face(1, 0.5)]), 5);
    const takenAt = ids.findIndex((frame) => frame.length > 0);
    expect(takenAt * FRAME_US).toBeGreaterThanOrEqual(300_000);
    expect(takenAt * FRAME_US).toBeLessThan(500_000);
    expect(ids[takenAt]).toEqual([2]);
  });
});

describe('following several faces', () => {
  it('keeps ids while faces move and detections come in another order', () => {
    const selector = new FaceSelector(3);
    const ids = play(
      selector,
      repeat(40, (i) => {
        const faces = [face(0.3 + 0.005 * i, 0.4, 0.3), face(1 - 0.005 * i, 0.7, 0.25)];
        return i % 2 === 0 ? faces : faces.reverse();
      }),
    );
    expect(new Set(ids.map(String))).toEqual(new Set(['1,2']));
  });

  it('gives a face its id back after a short gap, and a new one after a long gap', () => {
    const selector = new FaceSelector(2);
    const both = [face(0.3, 0.5, 0.3), face(1, 0.5, 0.25)];
    play(selector, [both]);
    expect(play(selector, repeat(8, () => [both[0]!]), 1).at(-1)).toEqual([1]);
    expect(play(selector, [both], 9)).toEqual([[1, 2]]);
    play(selector, repeat(20, () => [both[0]!]), 10);
    expect(play(selector, [both], 30)).toEqual([[1, 3]]);
  });

  it('returns no more than it may, and drops the smallest when it may fewer', () => {
    const selector = new FaceSelector(2);
    const three = [face(0.2, 0.5, 0.2), face(0.6, 0.5, 0.3), face(1.1, 0.5, 0.4)];
    expect(play(selector, [three])[0]).toHaveLength(2);
    selector.setMaxFaces(1);
    const [chosen] = selector.select(three, ASPECT, FRAME_US);
    expect(chosen!.landmarks[0]).toBeCloseTo((1.1 - 0.2) / ASPECT);
  });

  it('counts a face found twice once', () => {
    const selector = new FaceSelector(4);
    expect(play(selector, [[face(0.5, 0.5, 0.3), face(0.51, 0.5, 0.29)]])).toEqual([[1]]);
  });

  it('lists the largest first', () => {
    const selector = new FaceSelector(2);
    play(selector, [[face(0.3, 0.5, 0.3), face(1, 0.5, 0.25)]]);
    expect(play(selector, [[face(0.3, 0.5, 0.28), face(1, 0.5, 0.32)]], 1)).toEqual([[2, 1]]);
  });

  it('never gives an id a second time, not after a reset either', () => {
    const selector = new FaceSelector(1);
    play(selector, [[face(0.3, 0.5)]]);
    selector.reset();
    expect(play(selector, [[face(0.3, 0.5)]], 1)).toEqual([[2]]);
  });
});
