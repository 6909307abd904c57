import { describe, expect, it } from 'vitest';
import type { GlContext } from '../../../sdk/composite/gl-context';
import type { GlTarget } from '../../../sdk/composite/gl-texture';
import { StyleTransition, unionBounds, type LeavingHead } from '../../../sdk/composite/style-transition';
import type { FaceCrop } from '../../../sdk/types';

/** A square crop of the frame with a face of three points in its middle. */
function cropAt(leftPx: number, sidePx: number, faceId = 1, faceLeftPx = 120): FaceCrop {
  const points = [[0, 0], [60, 0], [30, 60]].flatMap(([x, y]) => [(faceLeftPx + x! - leftPx) / sidePx, (120 + y! - leftPx) / sidePx]);
  return { faceId, cropFromFrame: [1 / sidePx, 0, -leftPx / sidePx, 0, 1 / sidePx, -leftPx / sidePx], landmarksCrop: Float32Array.from(points) };
}

function setUp() {
  const context = { epoch: 0 };
  const closed: string[] = [];
  const head = (name: string, crop: FaceCrop): LeavingHead => ({
    crop,
    bounds: [0.25, 0.25, 0.75, 0.75],
    picture: { handle: name, close: () => closed.push(name) } as unknown as GlTarget,
  });
  const transition = new StyleTransition(context as unknown as GlContext);
  const shareAt = (timestampUs: number, crop = cropAt(100, 100)) => {
    transition.advance(timestampUs);
    return transition.pastOf(crop, timestampUs)?.share ?? 0;
  };
  return { context, transition, head, closed, shareAt };
}

describe('StyleTransition', () => {
  it('lets the old head’s share fall evenly to nothing by the frames’ clock, then frees it', () => {
    const { transition, head, closed, shareAt } = setUp();
    transition.begin([head('old', cropAt(100, 100))], 1_000_000, 200);
    expect([1_000_000, 1_050_000, 1_150_000].map((timestampUs) => shareAt(timestampUs))).toEqual([1, 0.75, 0.25]);
    expect(closed).toEqual([]);
    expect([shareAt(1_200_000), transition.active, closed]).toEqual([0, false, ['old']]);
  });

  it('is over at once where the next frame comes late, or a clock goes back', () => {
    for (const timestampUs of [2_000_000, 900_000]) {
      const { transition, head, closed, shareAt } = setUp();
      transition.begin([head('old', cropAt(100, 100))], 1_000_000, 200);
      expect(shareAt(timestampUs)).toBe(0);
      expect(closed).toEqual(['old']);
    }
  });

  it('drops what remains of an earlier transition when a newer one begins', () => {
    const { transition, head, closed, shareAt } = setUp();
    transition.begin([head('first', cropAt(100, 100))], 0, 200);
    transition.begin([head('second', cropAt(100, 100))], 100_000, 200);
    expect(closed).toEqual(['first']);
    expect(shareAt(200_000)).toBe(0.5);
  });

  it('lays the old head where the face is now, from whatever crop', () => {
    const { transition, head } = setUp();
    transition.begin([head('old', cropAt(100, 100))], 0, 200);
    // The face has gone 20 pixels to the right, and the new style cuts a square of twice the size.
    const past = transition.pastOf(cropAt(60, 200, 1, 140), 100_000)!;
    const [a, b, c, d, e, f] = past.pastFromCrop;
    // The face's first point, in the new crop at (80 / 200, 60 / 200), was in the old one at (20 / 100, 20 / 100).
    expect([a * 0.4 + b * 0.3 + c, d * 0.4 + e * 0.3 + f].map((value) => value.toFixed(4))).toEqual(['0.2000', '0.2000']);
    expect(past.bounds.map((value) => Number(value.toFixed(4)))).toEqual([0.425, 0.325, 0.675, 0.575]);
  });

  it('ends for a head whose shape is another’s, whose points say nothing, or whose picture was lost', () => {
    const wide = { ...cropAt(100, 100), landmarksCrop: Float32Array.of(0, 0.5, 1, 0.5, 0.5, 0.4) };
    const blind = { ...cropAt(100, 100), landmarksCrop: new Float32Array(0) };
    for (const crop of [wide, blind]) {
      const { transition, head, closed } = setUp();
      transition.begin([head('old', cropAt(100, 100))], 0, 200);
      expect(transition.pastOf(crop, 10_000)).toBeNull();
      expect(closed).toEqual(['old']);
    }
    const { context, transition, head, closed } = setUp();
    transition.begin([head('old', cropAt(100, 100))], 0, 200);
    context.epoch += 1;
    expect(transition.pastOf(cropAt(100, 100), 10_000)).toBeNull();
    expect(closed).toEqual(['old']);
  });

  it('knows faces apart', () => {
    const { transition, head } = setUp();
    transition.begin([head('one', cropAt(100, 100, 1)), head('two', cropAt(100, 100, 2))], 0, 200);
    expect([1, 2, 3].map((faceId) => transition.pastOf(cropAt(100, 100, faceId), 0)?.picture ?? null)).toEqual(['one', 'two', null]);
  });
});

describe('unionBounds', () => {
  it('goes around both, and leaves out what is empty', () => {
    expect(unionBounds([0.1, 0.2, 0.5, 0.6], [-0.1, 0.3, 0.4, 1.2])).toEqual([-0.1, 0.2, 0.5, 1.2]);
    expect(unionBounds([0, 0, 0, 0], [0.2, 0.2, 0.3, 0.3])).toEqual([0.2, 0.2, 0.3, 0.3]);
    expect(unionBounds([0.2, 0.2, 0.3, 0.3], [0, 0, 0, 0])).toEqual([0.2, 0.2, 0.3, 0.3]);
  });
});
