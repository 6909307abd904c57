import { describe, expect, it } from 'vitest';
import { OneEuroFilter } from '../../../sdk/track/one-euro';

const SETTINGS = { minCutoffHz: 1, beta: 0.5, derivativeCutoffHz: 1 };
const DELTA_S = 1 / 30;

/** Steady-state distance behind a ramp of the given speed. */
function lagBehindRamp(filter: OneEuroFilter, perSecond: number, unit = 1): number {
  let behind = 0;
  for (let i = 0; i < 120; i++) {
    const value = perSecond * i * DELTA_S;
    behind = value - (filter.filter([value], DELTA_S, unit)[0] ?? 0);
  }
  return behind;
}

describe('the One-Euro filter', () => {
  it('returns the first sample unchanged, and again after a reset', () => {
    const filter = new OneEuroFilter(SETTINGS);
    expect(filter.filter([3, 4], 0)).toEqual([3, 4]);
    expect(filter.filter([5, 4], DELTA_S)[0]).toBeLessThan(5);
    filter.reset();
    expect(filter.filter([7, 8], 0)).toEqual([7, 8]);
  });

  it('without beta is a low-pass of the given cut-off: a step reaches 1 − 1/e after 1 / (2π · cut-off)', () => {
    const filter = new OneEuroFilter({ minCutoffHz: 1, beta: 0, derivativeCutoffHz: 1 });
    const deltaS = 1e-4;
    filter.filter([0], deltaS);
    let value = 0;
    for (let i = 0; i < Math.round(1 / (2 * Math.PI) / deltaS); i++) value = filter.filter([1], deltaS)[0] ?? 0;
    expect(value).toBeCloseTo(1 - 1 / Math.E, 2);
  });

  it('lags less, in seconds, the faster the value moves', () => {
    const slowS = lagBehindRamp(new OneEuroFilter(SETTINGS), 0.1) / 0.1;
    const fastS = lagBehindRamp(new OneEuroFilter(SETTINGS), 10) / 10;
    expect(fastS).toBeLessThan(0.5 * slowS);
  });

  it('measures speed in the unit given', () => {
    const small = lagBehindRamp(new OneEuroFilter(SETTINGS), 1, 1);
    const large = lagBehindRamp(new OneEuroFilter(SETTINGS), 100, 100);
    expect(large / 100).toBeCloseTo(small, 6);
  });

  it('delays a movement equally along every direction', () => {
    const filter = new OneEuroFilter(SETTINGS);
    let out: readonly number[] = [];
    for (let i = 0; i < 30; i++) out = filter.filter([3 * i, 4 * i], DELTA_S);
    expect((out[0] ?? 0) / (out[1] ?? 1)).toBeCloseTo(3 / 4, 9);
  });
});
